#include "report/line_chart.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "report/axis.h"
#include "report/format.h"
#include "report/svg.h"

namespace scoria::report {
namespace {

struct Extent {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void widen(double value) {
    if (std::isnan(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool is_empty() const { return low > high; }
};

std::string line_swatch(const std::string& css_class) {
  return svg::swatch("<path class=\"" + css_class + "\" d=\"M0 5L22 5\"/>");
}

std::string legend(const LineChart& chart) {
  std::string out = "<ul class=\"legend\">";
  for (const Line& line : chart.lines) out += "<li>" + line_swatch(line.css_class) + html_escape(line.name) + "</li>";
  if (!chart.levels.empty()) out += "<li>" + line_swatch("nominal") + "nominal</li>";
  return out + "</ul>";
}

}  // namespace

std::string line_chart(const LineChart& chart, ChartSize size) {
  Extent x_extent;
  Extent y_extent;
  for (const Line& line : chart.lines) {
    for (std::size_t i = 0; i < line.y.size(); ++i) {
      if (std::isnan(line.y[i])) continue;
      x_extent.widen(line.x[i]);
      y_extent.widen(line.y[i]);
    }
  }
  if (y_extent.is_empty()) return "";
  for (const Level& level : chart.levels) y_extent.widen(level.at);
  const svg::Plot plot{46, size.width - 10, 26, size.height - 36};
  const Axis y_axis = chart.is_share ? percent_axis(y_extent.high, 5) : value_axis(0, y_extent.high, 4);
  const double room = x_extent.high > x_extent.low ? (x_extent.high - x_extent.low) * 0.02 : 0;
  const Axis x_axis = time_axis(TimeKind::number, x_extent.low - room, x_extent.high + room, 7);

  std::string marks = svg::left_axis(y_axis, plot, chart.y_title) + svg::lower_axis(x_axis, plot, chart.x_title);
  for (const Level& level : chart.levels) {
    const double y = y_axis.place(level.at, plot.bottom, plot.top);
    marks += svg::line(plot.left, y, plot.right, y, "nominal " + level.css_class);
  }
  // The first line is ours: drawn last, on top.
  for (std::size_t l = chart.lines.size(); l-- > 0;) {
    const Line& line = chart.lines[l];
    std::string d;
    std::string points;
    bool is_open = false;
    for (std::size_t i = 0; i < line.y.size(); ++i) {
      if (std::isnan(line.y[i])) {
        is_open = false;
        continue;
      }
      const std::string x = svg::at(x_axis.place(line.x[i], plot.left, plot.right));
      const std::string y = svg::at(y_axis.place(line.y[i], plot.bottom, plot.top));
      d += (is_open ? "L" : "M") + x + " " + y;
      is_open = true;
      const std::string value = chart.is_share ? percent(line.y[i]) : grouped_number(line.y[i]);
      points += "<circle class=\"" + line.css_class + "\" cx=\"" + x + "\" cy=\"" + y + "\" r=\"2.4\"><title>" +
                html_escape(line.name + ", step " + plain_number(line.x[i], 10) + ": " + value) + "</title></circle>";
    }
    marks += "<path class=\"" + line.css_class + "\" d=\"" + d + "\"/>" + points;
  }
  return "<figure class=\"small\"><figcaption>" + html_escape(chart.title) + "</figcaption>" + legend(chart) +
         "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + svg::at(size.width) + " " +
         svg::at(size.height) + "\" role=\"img\" aria-label=\"" + html_escape(chart.title) + "\">" + marks +
         "</svg></figure>";
}

}  // namespace scoria::report
