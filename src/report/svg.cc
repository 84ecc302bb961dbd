#include "report/svg.h"

#include <array>
#include <cmath>
#include <cstdio>

#include "report/format.h"

namespace scoria::report::svg {
namespace {

constexpr double kHalfLetter = 3.2;  // of the 11 px labels of page.css and figure.css
constexpr double kOver = 10;         // the margin right of a plot

}  // namespace

std::string at(double value) {
  std::array<char, 32> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.1f", value);
  std::string_view view(text.data(), static_cast<std::size_t>(length));
  if (view.ends_with(".0")) view.remove_suffix(2);
  return view == "-0" ? "0" : std::string(view);
}

std::string line(double x1, double y1, double x2, double y2, std::string_view css_class) {
  return "<line class=\"" + std::string(css_class) + "\" x1=\"" + at(x1) + "\" y1=\"" + at(y1) + "\" x2=\"" + at(x2) +
         "\" y2=\"" + at(y2) + "\"/>";
}

std::string text(double x, double y, std::string_view text, std::string_view css_class, std::string_view anchor) {
  const std::string anchored = anchor == "start" ? "" : " text-anchor=\"" + std::string(anchor) + "\"";
  return "<text class=\"" + std::string(css_class) + "\" x=\"" + at(x) + "\" y=\"" + at(y) + "\"" + anchored + ">" +
         html_escape(text) + "</text>";
}

std::string swatch(std::string_view mark) {
  return "<svg class=\"swatch\" viewBox=\"0 0 22 10\" aria-hidden=\"true\">" + std::string(mark) + "</svg>";
}

std::string left_axis(const Axis& axis, const Plot& plot, std::string_view title) {
  std::string out = text(0, plot.top - 12, title, "axis-title");
  for (const Tick& tick : axis.ticks) {
    const double y = axis.place(tick.at, plot.bottom, plot.top);
    out += line(plot.left, y, plot.right, y, "rule");
    out += text(plot.left - 7, y + 3.5, tick.label, "tick", "end");
  }
  return out;
}

std::string lower_axis(const Axis& axis, const Plot& plot, std::string_view title) {
  std::string out = line(plot.left, plot.bottom, plot.right, plot.bottom, "axis");
  for (const Tick& tick : axis.ticks) {
    const double x = axis.place(tick.at, plot.left, plot.right);
    out += line(x, plot.bottom, x, plot.bottom + 4, "axis");
    // A label that would leave the chart ends with it.
    const bool is_too_far = x + kHalfLetter * static_cast<double>(tick.label.size()) > plot.right + kOver;
    out +=
        text(is_too_far ? plot.right + kOver : x, plot.bottom + 16, tick.label, "tick", is_too_far ? "end" : "middle");
  }
  return out + text((plot.left + plot.right) / 2, plot.bottom + 31, title, "axis-title", "middle");
}

}  // namespace scoria::report::svg
