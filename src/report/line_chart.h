// Small charts of a measure by step: a few lines with points, and dashed lines where they should be.
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "report/fan_chart.h"

namespace scoria::report {

struct Line {
  std::string name;
  std::string css_class;  // "ours", "naive-0" ..., "cover-0" ...: its colour is in page.css
  std::vector<double> x;
  std::vector<double> y;  // NaN where undefined
};

struct Level {
  double at;
  std::string css_class;
};

struct LineChart {
  std::string title;
  std::string x_title;
  std::string y_title;
  bool is_share = false;  // 0 to 1, shown in percent
  std::vector<Line> lines;
  std::vector<Level> levels;
};

// A <figure> with the title, a legend and the chart; empty where no line has a value.
std::string line_chart(const LineChart& chart, ChartSize size);

}  // namespace scoria::report
