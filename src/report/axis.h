// Scales with readable ticks, for numbers and for time.
// Threads: plain values and pure functions. page.js has the same rules, clock_axis() and range_axis() aside; a change here is a change there.
#pragma once

#include <string>
#include <vector>

#include "report/series.h"

namespace scoria::report {

struct Tick {
  double at;
  std::string label;
};

struct Axis {
  double low = 0;
  double high = 1;
  std::vector<Tick> ticks;  // ascending, within low to high

  // Where `value` lies between `from` (low) and `to` (high); values beyond the ends lie at the ends.
  double place(double value, double from, double to) const;
};

// Steps of 1, 2 or 5 times a power of ten, about `wanted` of them, with the ends on ticks. Starts at 0 where the data are
// above it and not far: below 60 % of their largest. Labels: 500, 1,500, 20k, 1.5M, 3B.
Axis value_axis(double low, double high, int wanted);
// The same, and starts where the data do: of what has no natural zero.
Axis range_axis(double low, double high, int wanted);

// As value_axis in shares, labelled in percent; from 0 to at most `high`.
Axis percent_axis(double high, int wanted);

// From low to high exactly, ticks inside. Dates: days, months or years.
Axis time_axis(TimeKind kind, double low, double high, int wanted);

// Of dates: hours, minutes or seconds where low to high is three days at most, with the date at midnight; else as time_axis.
Axis clock_axis(double low, double high, int wanted);

}  // namespace scoria::report
