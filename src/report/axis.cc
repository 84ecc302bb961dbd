#include "report/axis.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "report/format.h"

namespace scoria::report {
namespace {

constexpr double kLargest = 4e307;  // so that the length of an axis is finite

// 1, 2 or 5 times a power of ten: the smallest that needs at most `wanted` steps for `length`.
double nice_step(double length, int wanted) {
  const double rough = length / wanted;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

int decimals_of(double step) { return std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9))); }

std::string value_label(double value, double step, double largest) {
  struct Unit {
    double size;
    const char* name;
  };
  constexpr std::array<Unit, 4> kUnits = {{{1e12, "T"}, {1e9, "B"}, {1e6, "M"}, {1e3, "k"}}};
  if (value == 0) return "0";
  if (largest >= 1e15 || largest < 1e-3) return exponent_number(value);
  for (const Unit& unit : kUnits) {
    if (largest >= unit.size && largest >= 1e4) {
      return fixed_number(value / unit.size, decimals_of(step / unit.size)) + unit.name;
    }
  }
  return fixed_number(value, decimals_of(step));
}

// Multiples of `step` from low to high. Counted, not summed, so that tick 7 is 7 steps.
std::vector<double> multiples(double low, double high, double step) {
  std::vector<double> ticks;
  const double first = std::ceil(low / step - 1e-9);
  const double last = std::floor(high / step + 1e-9);
  for (double i = first; i <= last && ticks.size() < 50; ++i) ticks.push_back(i * step);
  return ticks;
}

using Day = std::chrono::year_month_day;

double days_of(const Day& day) { return static_cast<double>(std::chrono::sys_days{day}.time_since_epoch().count()); }

// The first days of every `months`-th month.
std::vector<double> month_starts(double low, double high, int months) {
  std::vector<double> ticks;
  const Day first{std::chrono::sys_days{std::chrono::days{static_cast<int>(std::floor(low))}}};
  int month = static_cast<int>(first.year()) * 12 + static_cast<int>(static_cast<unsigned>(first.month())) - 1;
  month -= month % months;
  for (; ticks.size() < 50; month += months) {
    const Day day{std::chrono::year{month / 12}, std::chrono::month{static_cast<unsigned>(month % 12 + 1)},
                  std::chrono::day{1}};
    if (days_of(day) > high) break;
    if (days_of(day) >= low) ticks.push_back(days_of(day));
  }
  return ticks;
}

Axis date_axis(double low, double high, int wanted) {
  Axis axis{low, high, {}};
  const double length = high - low;
  if (length > 1e6 || std::abs(low) > 1e7) return axis;  // thousands of years: no calendar says anything here
  std::vector<double> ticks;
  std::size_t label_length = 10;  // YYYY-MM-DD, of which months show seven
  if (length <= wanted * 28.0) {
    double step = 1;
    for (const double days : {2.0, 7.0, 14.0, 28.0}) {
      if (length / step > wanted) step = days;
    }
    ticks = multiples(low, high, step);
  } else {
    int months = 1;
    for (const int more : {2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000, 12000}) {
      if (length / (months * 30.4) > wanted) months = more;
    }
    ticks = month_starts(low, high, months);
    label_length = months >= 12 ? 4 : 7;
  }
  for (const double at : ticks) axis.ticks.push_back({at, time_text(TimeKind::date, at).substr(0, label_length)});
  return axis;
}

}  // namespace

double Axis::place(double value, double from, double to) const {
  return from + std::clamp((value - low) / (high - low), 0.0, 1.0) * (to - from);
}

Axis value_axis(double low, double high, int wanted) {
  if (low > 0 && low < 0.6 * high) low = 0;
  if (high < 0 && high > 0.6 * low) high = 0;
  return range_axis(low, high, wanted);
}

Axis range_axis(double low, double high, int wanted) {
  low = std::clamp(low, -kLargest, kLargest);
  high = std::clamp(high, -kLargest, kLargest);
  // A constant: room above and below, so that it lies in the middle.
  if (high - low <= 1e-9 * std::max(std::abs(low), std::abs(high))) {
    const double room = low == 0 ? 1 : std::abs(low) / 2;
    low = low == 0 ? 0 : low - room;
    high = std::min(high + room, kLargest);
  }
  const double step = nice_step(high - low, wanted);
  Axis axis{std::floor(low / step + 1e-9) * step, std::ceil(high / step - 1e-9) * step, {}};
  const double largest = std::max(std::abs(axis.low), std::abs(axis.high));
  for (const double at : multiples(axis.low, axis.high, step))
    axis.ticks.push_back({at, value_label(at, step, largest)});
  return axis;
}

Axis percent_axis(double high, int wanted) {
  high = std::clamp(high, 0.01, 1e6);
  const double step = nice_step(high, wanted);
  Axis axis{0, std::ceil(high / step - 1e-9) * step, {}};
  for (const double at : multiples(0, axis.high, step)) axis.ticks.push_back({at, plain_number(at * 100) + "%"});
  return axis;
}

Axis time_axis(TimeKind kind, double low, double high, int wanted) {
  low = std::clamp(low, -kLargest, kLargest);
  high = std::clamp(high, -kLargest, kLargest);
  if (!(high > low)) {
    low -= 1;
    high += 1;
  }
  if (!(high > low)) high = low + std::abs(low) / 2;  // so large that one more is the same number
  if (kind == TimeKind::date) return date_axis(low, high, wanted);
  Axis axis{low, high, {}};
  const double step = nice_step(high - low, wanted);
  const double largest = std::max(std::abs(low), std::abs(high));
  for (const double at : multiples(low, high, step)) {
    axis.ticks.push_back({at, largest < 1e6 ? plain_number(at, 7) : value_label(at, step, largest)});
  }
  return axis;
}

Axis clock_axis(double low, double high, int wanted) {
  constexpr double kDay = 86400;
  if (!(high > low)) high = low + 1 / kDay;
  if (high - low > 3 || !(std::abs(low) < 1e7)) return time_axis(TimeKind::date, low, high, wanted);
  const double length = (high - low) * kDay;
  double step = 1;  // seconds
  for (const int more : {2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200}) {
    if (length / step > wanted) step = more;
  }
  Axis axis{low, high, {}};
  // In whole seconds of the first day, so that ticks are exact.
  const double day = std::floor(low);
  for (double at = std::ceil((low - day) * kDay / step - 1e-6) * step; day + at / kDay <= high + 1e-9; at += step) {
    const int second = static_cast<int>(std::lround(at)) % static_cast<int>(kDay);
    std::array<char, 16> text{};
    int size = std::snprintf(text.data(), text.size(), "%02d:%02d", second / 3600, second / 60 % 60);
    if (step < 60) {
      size += std::snprintf(text.data() + size, text.size() - static_cast<std::size_t>(size), ":%02d", second % 60);
    }
    const bool is_midnight = second == 0 && at > 0;
    axis.ticks.push_back({day + at / kDay, is_midnight ? time_text(TimeKind::date, std::round(day + at / kDay))
                                                       : std::string(text.data(), static_cast<std::size_t>(size))});
  }
  return axis;
}

}  // namespace scoria::report
