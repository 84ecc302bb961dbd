// Pieces of SVG text.
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "report/axis.h"

namespace scoria::report::svg {

// A coordinate, to a tenth of a pixel.
std::string at(double value);

std::string line(double x1, double y1, double x2, double y2, std::string_view css_class);
// `text` is escaped here. anchor: start, middle or end.
std::string text(double x, double y, std::string_view text, std::string_view css_class,
                 std::string_view anchor = "start");

// A mark of a chart by itself, 22 by 10 pixels, as legends in HTML show it.
std::string swatch(std::string_view mark);

// The part of a chart that marks are drawn in, within its margins.
struct Plot {
  double left;
  double right;
  double top;
  double bottom;
};

// Grid lines with labels on the left; ticks with labels below. Titles: above the left axis, under the middle of the lower one.
std::string left_axis(const Axis& axis, const Plot& plot, std::string_view title);
std::string lower_axis(const Axis& axis, const Plot& plot, std::string_view title);

}  // namespace scoria::report::svg
