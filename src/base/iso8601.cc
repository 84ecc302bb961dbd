#include "base/iso8601.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>

namespace scoria {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<const char*, 7> kWeekdays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
// .NET's TimeSpan.MaxValue, in days: what lasts longer lasts for ever.
constexpr std::int64_t kLongestDays = 10'675'199;
constexpr const char* kForeverText = "P10675199DT2H48M5.4775807S";

struct Broken {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<Duration> time;
  unsigned weekday;
};

Broken break_down(WallTime time) {
  const auto day = std::chrono::floor<days>(time);
  return {std::chrono::year_month_day(day), std::chrono::hh_mm_ss<Duration>(time - day),
          std::chrono::weekday(day).c_encoding()};
}

// Reads text from its front; every take_ answers whether it could.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }
  char peek() const { return text_.empty() ? '\0' : text_.front(); }
  bool take(char wanted) {
    if (peek() != wanted || text_.empty()) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool take(std::string_view wanted) {
    if (!text_.starts_with(wanted)) return false;
    text_.remove_prefix(wanted.size());
    return true;
  }
  // Exactly `digits` digits, or any number of them up to 18 where it is 0.
  std::optional<std::int64_t> number(std::size_t digits = 0) {
    std::size_t size = 0;
    while (size < text_.size() && size < 18 && text_[size] >= '0' && text_[size] <= '9') ++size;
    if (digits != 0) {
      if (size < digits) return std::nullopt;
      size = digits;
    }
    if (size == 0) return std::nullopt;
    std::int64_t value = 0;
    std::from_chars(text_.data(), text_.data() + size, value);
    text_.remove_prefix(size);
    return value;
  }
  // Digits behind a decimal point, as microseconds; further digits are dropped.
  std::int64_t fraction() {
    std::int64_t value = 0;
    std::int64_t scale = 100'000;
    while (peek() >= '0' && peek() <= '9') {
      value += (peek() - '0') * scale;
      scale /= 10;
      text_.remove_prefix(1);
    }
    return value;
  }

 private:
  std::string_view text_;
};

std::optional<WallTime> make_time(std::int64_t year, std::int64_t month, std::int64_t day, std::int64_t hour,
                                  std::int64_t minute, std::int64_t second) {
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 24 || minute > 59 || second > 60) return std::nullopt;
  return std::chrono::sys_days(date) + hours(hour) + minutes(minute) + Duration(seconds(second));
}

std::optional<WallTime> read_rfc3339(Reader reader) {
  const auto year = reader.number(4);
  if (!year || !reader.take('-')) return std::nullopt;
  const auto month = reader.number(2);
  if (!month || !reader.take('-')) return std::nullopt;
  const auto day = reader.number(2);
  if (!day) return std::nullopt;
  if (reader.at_end()) return make_time(*year, *month, *day, 0, 0, 0);
  if (!reader.take('T') && !reader.take('t') && !reader.take(' ')) return std::nullopt;
  const auto hour = reader.number(2);
  if (!hour || !reader.take(':')) return std::nullopt;
  const auto minute = reader.number(2);
  if (!minute) return std::nullopt;
  std::int64_t second = 0;
  std::int64_t micros = 0;
  if (reader.take(':')) {
    const auto found = reader.number(2);
    if (!found) return std::nullopt;
    second = *found;
    if (reader.take('.')) micros = reader.fraction();
  }
  auto time = make_time(*year, *month, *day, *hour, *minute, second);
  if (!time) return std::nullopt;
  *time += Duration(micros);
  const char sign = reader.peek();
  if (reader.take('+') || reader.take('-')) {
    const auto off_hours = reader.number(2);
    (void)reader.take(':');
    const auto off_minutes = reader.number(2);
    if (!off_hours || !off_minutes) return std::nullopt;
    const Duration offset = hours(*off_hours) + minutes(*off_minutes);
    *time += sign == '+' ? -offset : offset;
  } else if (!reader.take('Z') && !reader.take('z') && !reader.at_end()) {
    return std::nullopt;
  }
  if (!reader.at_end()) return std::nullopt;
  return time;
}

std::optional<WallTime> read_http(Reader reader) {
  bool has_weekday = false;
  for (const char* weekday : kWeekdays) has_weekday = has_weekday || reader.take(std::string_view(weekday));
  if (!has_weekday || !reader.take(", ")) return std::nullopt;
  const auto day = reader.number();
  if (!day || !reader.take(' ')) return std::nullopt;
  std::int64_t month = 0;
  for (std::size_t i = 0; i < kMonths.size() && month == 0; ++i) {
    if (reader.take(std::string_view(kMonths[i]))) month = static_cast<std::int64_t>(i) + 1;
  }
  if (month == 0 || !reader.take(' ')) return std::nullopt;
  const auto year = reader.number(4);
  if (!year || !reader.take(' ')) return std::nullopt;
  const auto hour = reader.number(2);
  if (!hour || !reader.take(':')) return std::nullopt;
  const auto minute = reader.number(2);
  if (!minute || !reader.take(':')) return std::nullopt;
  const auto second = reader.number(2);
  if (!second || !(reader.take(" GMT") || reader.take(" UTC")) || !reader.at_end()) return std::nullopt;
  return make_time(*year, month, *day, *hour, *minute, *second);
}

}  // namespace

std::string format_time(WallTime time) {
  const Broken parts = break_down(time);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06d0Z", static_cast<int>(parts.date.year()),
                static_cast<unsigned>(parts.date.month()), static_cast<unsigned>(parts.date.day()),
                static_cast<int>(parts.time.hours().count()), static_cast<int>(parts.time.minutes().count()),
                static_cast<int>(parts.time.seconds().count()), static_cast<int>(parts.time.subseconds().count()));
  return text.data();
}

std::string format_http_time(WallTime time) {
  const Broken parts = break_down(time);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT", kWeekdays[parts.weekday],
                static_cast<unsigned>(parts.date.day()), kMonths[static_cast<unsigned>(parts.date.month()) - 1],
                static_cast<int>(parts.date.year()), static_cast<int>(parts.time.hours().count()),
                static_cast<int>(parts.time.minutes().count()), static_cast<int>(parts.time.seconds().count()));
  return text.data();
}

Result<WallTime> parse_time(std::string_view text) {
  if (const auto time = read_rfc3339(Reader(text))) return *time;
  if (const auto time = read_http(Reader(text))) return *time;
  return Error{Code::invalid, "'" + std::string(text.substr(0, 64)) +
                                  "' is no time: expected ISO 8601, such as 2018-12-27T18:02:19Z, or RFC 1123, such as "
                                  "Thu, 27 Dec 2018 18:02:19 GMT"};
}

std::string format_duration(Duration duration) {
  if (duration == kForever) return kForeverText;
  if (duration == Duration::zero()) return "PT0S";
  std::string text = "P";
  const std::chrono::hh_mm_ss<Duration> time(duration % days(1));
  if (const auto count = std::chrono::floor<days>(duration).count(); count != 0) text += std::to_string(count) + "D";
  if (duration % days(1) != Duration::zero()) text += "T";
  if (time.hours().count() != 0) text += std::to_string(time.hours().count()) + "H";
  if (time.minutes().count() != 0) text += std::to_string(time.minutes().count()) + "M";
  if (time.subseconds().count() != 0) {
    std::string digits = std::to_string(1'000'000 + time.subseconds().count()).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    text += std::to_string(time.seconds().count()) + "." + digits + "S";
  } else if (time.seconds().count() != 0) {
    text += std::to_string(time.seconds().count()) + "S";
  }
  return text;
}

Result<Duration> parse_duration(std::string_view text) {
  const Error wrong{Code::invalid,
                    "'" + std::string(text.substr(0, 64)) +
                        "' is no duration: expected ISO 8601 with days, hours, minutes and seconds, such "
                        "as PT5M or P7D"};
  Reader reader(text);
  if (!reader.take('P') || reader.at_end()) return wrong;
  bool is_long = false;
  Duration sum{0};
  const auto add = [&](std::int64_t count, Duration unit) {
    if (count > Duration(days(kLongestDays)) / unit)
      is_long = true;
    else
      sum += count * unit;
    if (sum >= days(kLongestDays)) is_long = true;
  };
  struct Unit {
    char letter;
    Duration length;
    bool is_time;
  };
  constexpr std::array<Unit, 5> kUnits = {{{'W', days(7), false},
                                           {'D', days(1), false},
                                           {'H', hours(1), true},
                                           {'M', minutes(1), true},
                                           {'S', seconds(1), true}}};
  std::size_t next = 0;
  bool in_time = false;
  while (!reader.at_end()) {
    if (!in_time && reader.take('T')) {
      in_time = true;
      if (reader.at_end()) return wrong;
      next = std::max<std::size_t>(next, 2);
      continue;
    }
    const auto count = reader.number();
    if (!count) return wrong;
    std::int64_t micros = 0;
    const bool has_fraction = reader.take('.');
    if (has_fraction) micros = reader.fraction();
    while (next < kUnits.size() && kUnits[next].letter != reader.peek()) ++next;
    if (next == kUnits.size() || kUnits[next].is_time != in_time) return wrong;
    if (has_fraction && kUnits[next].letter != 'S') return wrong;
    (void)reader.take(kUnits[next].letter);
    add(*count, kUnits[next].length);
    sum += Duration(micros);
    ++next;
  }
  return is_long ? kForever : sum;
}

}  // namespace scoria
