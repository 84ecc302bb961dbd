#include "expr/date.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace scoria::expr {
namespace {

constexpr std::array<std::string_view, 7> kWeekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};

struct Civil {
  std::int64_t year = 1970;
  int month = 1;
  int day = 1;
};

// Years begin in March, so that the leap day is the last one; 400 years are an era of 146,097 days.
std::int64_t days_of(const Civil& date) {
  const std::int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t of_era = year - era * 400;
  const std::int64_t of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

Civil civil_of(std::int64_t days) {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t of_era = days - era * 146097;
  const std::int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const std::int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
  const std::int64_t month = (5 * of_year + 2) / 153;
  Civil date;
  date.day = static_cast<int>(of_year - (153 * month + 2) / 5 + 1);
  date.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
  date.year = year + era * 400 + (date.month <= 2 ? 1 : 0);
  return date;
}

bool is_leap(std::int64_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

bool exists(const Civil& date) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (date.month < 1 || date.month > 12 || date.day < 1) return false;
  const int days = kDays[static_cast<std::size_t>(date.month - 1)] + (date.month == 2 && is_leap(date.year) ? 1 : 0);
  return date.day <= days;
}

int day_of_year(const Moment& moment) {
  return static_cast<int>(moment.days - days_of({civil_of(moment.days).year, 1, 1}));
}

// Reads text from the left; every call takes what it names or says no.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<int> number(std::size_t most_digits) {
    std::size_t digits = 0;
    int value = 0;
    while (digits < most_digits && digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9')
      value = value * 10 + (rest_[digits++] - '0');
    if (digits == 0) return std::nullopt;
    rest_.remove_prefix(digits);
    return value;
  }
  // The position of the name that is next, in any case, by its first three letters or in full.
  template <std::size_t N>
  std::optional<int> name(const std::array<std::string_view, N>& names) {
    const auto starts = [&](std::string_view name) {
      return rest_.size() >= name.size() && std::equal(name.begin(), name.end(), rest_.begin(),
                                                       [](char a, char b) { return (a | 0x20) == (b | 0x20); });
    };
    for (std::size_t i = 0; i < N; ++i) {
      if (!starts(names[i].substr(0, 3))) continue;
      rest_.remove_prefix(starts(names[i]) ? names[i].size() : 3);
      return static_cast<int>(i);
    }
    return std::nullopt;
  }
  void skip_blanks() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t')) rest_.remove_prefix(1);
  }
  double fraction() {
    double value = 0;
    double unit = 0.1;
    for (; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; unit /= 10) {
      value += (rest_[0] - '0') * unit;
      rest_.remove_prefix(1);
    }
    return value;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

int week_of_year(const Moment& moment, int first_weekday) {
  const int since = (weekday(moment) - first_weekday + 7) % 7;
  return (day_of_year(moment) + 7 - since) / 7;
}

// ISO 8601: the week of a day is that of its Thursday.
std::pair<std::int64_t, int> iso_week(const Moment& moment) {
  const int since_monday = (weekday(moment) + 6) % 7;
  const Moment thursday{moment.days - since_monday + 3};
  return {civil_of(thursday.days).year, day_of_year(thursday) / 7 + 1};
}

std::string padded(std::int64_t value, int width, const char* form = "%0*lld") {
  std::array<char, 32> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), form, width, static_cast<long long>(value));
  return std::string(buffer.data(), static_cast<std::size_t>(length));
}

void append(const Moment& moment, char letter, std::string& out) {
  const Civil date = civil_of(moment.days);
  const int seconds = static_cast<int>(moment.seconds);
  const int hour = seconds / 3600;
  switch (letter) {
    case 'Y': out += std::to_string(date.year); break;
    case 'C': out += padded(date.year / 100, 2); break;
    case 'y': out += padded(((date.year % 100) + 100) % 100, 2); break;
    case 'm': out += padded(date.month, 2); break;
    case 'd': out += padded(date.day, 2); break;
    case 'e': out += padded(date.day, 2, "%*lld"); break;
    case 'j': out += padded(day_of_year(moment) + 1, 3); break;
    case 'H': out += padded(hour, 2); break;
    case 'I': out += padded((hour + 11) % 12 + 1, 2); break;
    case 'p': out += hour < 12 ? "AM" : "PM"; break;
    case 'M': out += padded(seconds / 60 % 60, 2); break;
    case 'S': out += padded(seconds % 60, 2); break;
    case 'b':
    case 'h': out += month_name(date.month).substr(0, 3); break;
    case 'B': out += month_name(date.month); break;
    case 'a': out += weekday_name(weekday(moment)).substr(0, 3); break;
    case 'A': out += weekday_name(weekday(moment)); break;
    case 'u': out += std::to_string((weekday(moment) + 6) % 7 + 1); break;
    case 'w': out += std::to_string(weekday(moment)); break;
    case 'U': out += padded(week_of_year(moment, 0), 2); break;
    case 'W': out += padded(week_of_year(moment, 1), 2); break;
    case 'V': out += padded(iso_week(moment).second, 2); break;
    case 'G': out += std::to_string(iso_week(moment).first); break;
    case 'F': out += format_moment(moment, "%Y-%m-%d"); break;
    case 'T': out += format_moment(moment, "%H:%M:%S"); break;
    case 'R': out += format_moment(moment, "%H:%M"); break;
    case 'D': out += format_moment(moment, "%m/%d/%y"); break;
    case '%': out += '%'; break;
    default: out += {'%', letter};
  }
}

}  // namespace

std::optional<Moment> parse_moment(std::string_view text) {
  Scanner scanner(text);
  scanner.skip_blanks();
  const auto year = scanner.number(4);
  const char separator = scanner.rest().empty() ? ' ' : scanner.rest()[0];
  if (!year || (separator != '-' && separator != '/') || !scanner.take(separator)) return std::nullopt;
  const auto month = scanner.number(2);
  if (!month || !scanner.take(separator)) return std::nullopt;
  const auto day = scanner.number(2);
  if (!day || !exists({*year, *month, *day})) return std::nullopt;
  Moment moment{days_of({*year, *month, *day})};
  const bool has_letter = scanner.take('T');
  if (!has_letter) scanner.skip_blanks();
  if (scanner.rest().empty()) return has_letter ? std::nullopt : std::optional(moment);
  const auto hour = scanner.number(2);
  if (!hour || *hour > 24 || !scanner.take(':')) return std::nullopt;
  const auto minute = scanner.number(2);
  if (!minute || *minute > 59) return std::nullopt;
  double seconds = 0;
  if (scanner.take(':')) {
    const auto second = scanner.number(2);
    if (!second || *second > 61) return std::nullopt;
    seconds = *second;
    if (scanner.take('.')) seconds += scanner.fraction();
  }
  scanner.take('Z');
  scanner.skip_blanks();
  if (!scanner.rest().empty()) return std::nullopt;
  moment.has_time = true;
  moment.seconds = *hour * 3600 + *minute * 60 + seconds;
  return moment;
}

std::optional<Moment> parse_moment(std::string_view text, std::string_view format) {
  Scanner scanner(text);
  Civil date;
  int hour = 0;
  int minute = 0;
  int second = 0;
  bool has_time = false;
  std::optional<int> day_in_year;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] == ' ') {
      scanner.skip_blanks();
      continue;
    }
    if (format[i] != '%' || i + 1 == format.size()) {
      if (!scanner.take(format[i])) return std::nullopt;
      continue;
    }
    const char letter = format[++i];
    std::optional<int> value;
    switch (letter) {
      case 'Y': value = scanner.number(4); break;
      case 'j': value = scanner.number(3); break;
      case 'b':
      case 'B':
      case 'h': value = scanner.name(kMonths); break;
      case 'a':
      case 'A': value = scanner.name(kWeekdays); break;
      case '%': value = scanner.take('%') ? std::optional(0) : std::nullopt; break;
      default: value = scanner.number(2);
    }
    if (!value) return std::nullopt;
    switch (letter) {
      case 'Y': date.year = *value; break;
      case 'y': date.year = *value + (*value < 69 ? 2000 : 1900); break;
      case 'm': date.month = *value; break;
      case 'b':
      case 'B':
      case 'h': date.month = *value + 1; break;
      case 'd':
      case 'e': date.day = *value; break;
      case 'j': day_in_year = value; break;
      case 'H': hour = *value, has_time = true; break;
      case 'M': minute = *value, has_time = true; break;
      case 'S': second = *value, has_time = true; break;
      case 'a':
      case 'A':
      case '%': break;
      default: return std::nullopt;
    }
  }
  if (!exists(date) || hour > 24 || minute > 59 || second > 61) return std::nullopt;
  Moment moment{days_of(date), static_cast<double>(hour * 3600 + minute * 60 + second), has_time};
  if (day_in_year) {
    if (*day_in_year < 1 || *day_in_year > (is_leap(date.year) ? 366 : 365)) return std::nullopt;
    moment.days = days_of({date.year, 1, 1}) + *day_in_year - 1;
  }
  return moment;
}

std::optional<Moment> moment_of_days(double days) {
  constexpr double kFirst = -4371953;  // -9999-01-01
  constexpr double kEnd = 2932897;     // 10000-01-01
  if (!(days >= kFirst && days < kEnd)) return std::nullopt;
  return Moment{static_cast<std::int64_t>(std::floor(days))};
}

std::string format_moment(const Moment& moment, std::string_view format) {
  std::string out;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      out += format[i];
    } else {
      append(moment, format[++i], out);
    }
  }
  return out;
}

// 1970-01-01 was a Thursday.
int weekday(const Moment& moment) { return static_cast<int>(((moment.days % 7) + 11) % 7); }

int month(const Moment& moment) { return civil_of(moment.days).month; }

std::string_view weekday_name(int weekday) { return kWeekdays[static_cast<std::size_t>(weekday)]; }

std::string_view month_name(int month) { return kMonths[static_cast<std::size_t>(month - 1)]; }

}  // namespace scoria::expr
