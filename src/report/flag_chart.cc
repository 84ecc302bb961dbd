#include "report/flag_chart.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "report/axis.h"
#include "report/format.h"
#include "report/svg.h"

namespace scoria::report {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kRadius = 2.3;

struct Scale {
  Axis x;
  Axis y;
  svg::Plot plot;

  double at_x(double time) const { return x.place(time, plot.left, plot.right); }
  double at_y(double value) const { return y.place(value, plot.bottom, plot.top); }
};

// Between neighbours further apart than this the line has a gap: readings stopped for a while.
double longest_step(const std::vector<FlagPoint>& points) {
  std::vector<double> steps;
  for (std::size_t i = 1; i < points.size(); ++i) {
    if (points[i].time > points[i - 1].time) steps.push_back(points[i].time - points[i - 1].time);
  }
  if (steps.empty()) return kInf;
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  return 10 * *middle;
}

// Of the points on one column of pixels the line goes through the first, the lowest, the highest and the last.
std::string line_path(const std::vector<FlagPoint>& points, const Scale& scale) {
  const double most = longest_step(points);
  std::string d;
  bool is_open = false;
  std::size_t i = 0;
  while (i < points.size()) {
    if (std::isnan(points[i].value)) {
      is_open = false;
      ++i;
      continue;
    }
    if (i > 0 && points[i].time - points[i - 1].time > most) is_open = false;
    const double pixel = std::floor(scale.at_x(points[i].time));
    std::size_t low = i;
    std::size_t high = i;
    std::size_t end = i;
    while (end < points.size() && !std::isnan(points[end].value) && std::floor(scale.at_x(points[end].time)) == pixel &&
           (end == i || points[end].time - points[end - 1].time <= most)) {
      if (points[end].value < points[low].value) low = end;
      if (points[end].value > points[high].value) high = end;
      ++end;
    }
    for (const std::size_t at : std::set<std::size_t>{i, low, high, end - 1}) {
      d += (is_open ? "L" : "M") + svg::at(scale.at_x(points[at].time)) + " " + svg::at(scale.at_y(points[at].value));
      is_open = true;
    }
    i = end;
  }
  return "<path class=\"history thin\" d=\"" + d + "\"/>";
}

// Behind three flagged readings or more in a row.
std::string run_bands(const std::vector<FlagPoint>& points, const Scale& scale) {
  constexpr std::size_t kShortest = 3;
  std::string out;
  for (std::size_t begin = 0; begin < points.size();) {
    if (!points[begin].is_flagged) {
      ++begin;
      continue;
    }
    std::size_t end = begin;
    while (end < points.size() && points[end].is_flagged) ++end;
    if (end - begin >= kShortest) {
      const double left = scale.at_x(points[begin].time) - 1;
      const double right = scale.at_x(points[end - 1].time) + 1;
      out += "<rect class=\"flag-run\" x=\"" + svg::at(left) + "\" y=\"" + svg::at(scale.plot.top) + "\" width=\"" +
             svg::at(right - left) + "\" height=\"" + svg::at(scale.plot.bottom - scale.plot.top) + "\"/>";
    }
    begin = end;
  }
  return out;
}

std::string moment(TimeKind kind, double time) {
  if (kind == TimeKind::number) return plain_number(time, 10);
  const double seconds = std::round(time * 86400);
  const int second = static_cast<int>(seconds - 60 * std::floor(seconds / 60));
  std::string minute = time_text(kind, std::floor(seconds / 60) / 1440 + 1e-7);
  if (second == 0) return minute;
  return minute + (minute.size() == 10 ? " 00:00:" : ":") + (second < 10 ? "0" : "") + std::to_string(second);
}

std::string flagged_marks(const FlagChart& chart, const Scale& scale) {
  std::string out;
  std::set<std::pair<int, int>> drawn;
  for (const FlagPoint& point : chart.points) {
    if (!point.is_flagged || std::isnan(point.value)) continue;
    const double x = scale.at_x(point.time);
    const double y = scale.at_y(point.value);
    if (!drawn.insert({static_cast<int>(x), static_cast<int>(y)}).second) continue;
    out += "<circle class=\"flagged\" cx=\"" + svg::at(x) + "\" cy=\"" + svg::at(y) + "\" r=\"" + svg::at(kRadius) +
           "\"><title>" + html_escape(moment(chart.kind, point.time) + ": " + grouped_number(point.value, 6)) +
           "</title></circle>";
  }
  return out;
}

}  // namespace

std::string flag_chart(const FlagChart& chart, ChartSize size) {
  double low = kInf;
  double high = -kInf;
  for (const FlagPoint& point : chart.points) {
    if (std::isnan(point.value)) continue;
    low = std::min(low, point.value);
    high = std::max(high, point.value);
  }
  if (low > high) return "";
  const double first = chart.points.front().time;
  const double last = chart.points.back().time;
  const double room = (last - first) * 0.01;
  const svg::Plot plot{46, size.width - 10, 26, size.height - 36};
  const int ticks = static_cast<int>(size.width / 80);
  const bool is_date = chart.kind == TimeKind::date;
  const Scale scale{is_date ? clock_axis(first - room, last + room, ticks)
                            : time_axis(TimeKind::number, first - room, last + room, ticks),
                    range_axis(low, high, 4), plot};
  std::string when = chart.time;
  if (is_date) {
    const std::string day = time_text(chart.kind, std::floor(first));
    const std::string end = time_text(chart.kind, std::floor(last));
    when += ", " + day + (end == day ? "" : " to " + end);
  }
  return "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + svg::at(size.width) + " " +
         svg::at(size.height) + "\" role=\"img\" aria-label=\"" + html_escape(chart.title) + "\">" +
         run_bands(chart.points, scale) + svg::left_axis(scale.y, plot, chart.value) +
         svg::lower_axis(scale.x, plot, when) + line_path(chart.points, scale) + flagged_marks(chart, scale) + "</svg>";
}

}  // namespace scoria::report
