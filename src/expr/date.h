// Dates and times as expressions know them: text in ISO form, or days since 1970-01-01; all in UTC, names in English.
// Source: Hinnant, "chrono-Compatible Low-Level Date Algorithms" (2013), for the civil calendar.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace scoria::expr {

struct Moment {
  std::int64_t days = 0;  // since 1970-01-01
  double seconds = 0;     // of the day
  bool has_time = false;
};

// "2024-02-29", "2024/02/29", with "T10:11" or " 10:11:12.5" and a "Z" behind it; blanks around it. Nothing for anything else, a
// day that the calendar does not have included.
std::optional<Moment> parse_moment(std::string_view text);

// The text by strptime's %Y %m %d %y %H %M %S %b %B %j; what follows the format is ignored, as R does.
std::optional<Moment> parse_moment(std::string_view text, std::string_view format);

// Days since 1970-01-01 as a date. Nothing beyond the years -9999 to 9999, NaN included.
std::optional<Moment> moment_of_days(double days);

// strftime's %Y %m %d %y %j %H %M %S %b %h %B %a %A %u %w %U %W %V %G %e %F %T %D %R %I %p %C and %%; other letters stand as written.
std::string format_moment(const Moment& moment, std::string_view format);

// 0 Sunday to 6.
int weekday(const Moment& moment);
// 1 to 12.
int month(const Moment& moment);

std::string_view weekday_name(int weekday);
std::string_view month_name(int month);

}  // namespace scoria::expr
