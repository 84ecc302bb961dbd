// A series over time with its flagged points, as SVG: a line, marks on the points, a band behind runs of them.
// Threads: pure functions. Marks carry classes (history, flagged, flag-run); page.css has their colours.
#pragma once

#include <string>
#include <vector>

#include "report/fan_chart.h"
#include "report/series.h"

namespace scoria::report {

// One reading of a series.
struct FlagPoint {
  double time = 0;
  double value = 0;  // NaN: missing, the line has a gap
  bool is_flagged = false;
};

struct FlagChart {
  std::string title;
  std::string time;  // what the axes show
  std::string value;
  TimeKind kind = TimeKind::number;
  std::vector<FlagPoint> points;  // ascending by time; their times are finite
};

// A whole <svg> element, for however many points: what falls on one pixel is drawn once. Empty without a value.
std::string flag_chart(const FlagChart& chart, ChartSize size);

}  // namespace scoria::report
