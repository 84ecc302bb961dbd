// Cron: the five fields as sets of bits, and the search for the next local time that they hold, in the zone's own
// days.
#include <date/tz.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <vector>

#include "sched/recurrence.h"

namespace scoria::sched {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using LocalTime = date::local_time<Duration>;
using LocalDay = date::local_time<days>;

constexpr std::size_t kTextLimit = 1024;
constexpr int kDaysAhead = 5 * 366;
// A time may lie on the local day before the one on which the search begins, where a change repeats it.
constexpr days kDaysBack{1};

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct FieldKind {
  std::string_view name;
  unsigned low, high;
};
constexpr FieldKind kMinute{"minute", 0, 59};
constexpr FieldKind kHour{"hour", 0, 23};
constexpr FieldKind kDay{"day of month", 1, 31};
constexpr FieldKind kMonth{"month", 1, 12};
constexpr FieldKind kWeekday{"day of week", 0, 7};  // 0 and 7: Sunday

struct Field {
  std::uint64_t values = 0;  // bit v: v is in the set
  bool is_star = false;      // begins with *
  bool has(unsigned value) const { return (values >> value & 1) != 0; }
};

Error wrong(const FieldKind& kind, std::string_view text, const std::string& what) {
  return Error{Code::invalid,
               "cron field '" + std::string(kind.name) + "' is '" + std::string(text.substr(0, 64)) + "': " + what};
}

std::string lower(std::string_view text) {
  std::string made(text);
  for (char& c : made) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return made;
}

std::optional<unsigned> read_number(std::string_view text) {
  unsigned value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<unsigned> read_value(const FieldKind& kind, std::string_view field, std::string_view text) {
  const std::string name = lower(text);
  if (&kind == &kMonth) {
    const auto found = std::ranges::find(kMonths, name);
    if (found != kMonths.end()) return static_cast<unsigned>(found - kMonths.begin()) + 1;
  }
  if (&kind == &kWeekday) {
    const auto found = std::ranges::find(kWeekdays, name);
    if (found != kWeekdays.end()) return static_cast<unsigned>(found - kWeekdays.begin());
  }
  const auto value = read_number(text);
  if (!value || *value < kind.low || *value > kind.high) {
    const std::string names = &kind == &kMonth ? " or jan to dec" : &kind == &kWeekday ? " or sun to sat" : "";
    return wrong(kind, field,
                 "'" + std::string(text.substr(0, 64)) + "' is not " + std::to_string(kind.low) + " to " +
                     std::to_string(kind.high) + names);
  }
  return *value;
}

// One of a list: *, 5, 1-5, each with /step; a start with a step goes on to the field's end.
Status read_part(const FieldKind& kind, std::string_view field, std::string_view part, Field& into) {
  unsigned step = 1;
  bool has_step = false;
  if (const std::size_t slash = part.find('/'); slash != std::string_view::npos) {
    const auto read = read_number(part.substr(slash + 1));
    if (!read || *read == 0 || *read > kind.high) {
      return wrong(kind, field, "the step after '/' must be 1 to " + std::to_string(kind.high));
    }
    step = *read;
    has_step = true;
    part = part.substr(0, slash);
  }
  unsigned first = kind.low;
  unsigned end = &kind == &kWeekday ? 6 : kind.high;
  if (part != "*") {
    const std::size_t dash = part.find('-');
    SCORIA_TRY(low, read_value(kind, field, part.substr(0, dash)));
    first = low;
    if (dash != std::string_view::npos) {
      SCORIA_TRY(high, read_value(kind, field, part.substr(dash + 1)));
      end = &kind == &kWeekday && high == 0 && low > 0 ? 7 : high;  // sat-sun
      if (first > end) return wrong(kind, field, "the range '" + std::string(part.substr(0, 64)) + "' runs backwards");
    } else if (!has_step) {
      end = first;
    } else {
      end = std::max(first, end);
    }
  }
  for (unsigned value = first; value <= end; value += step) {
    into.values |= std::uint64_t{1} << (&kind == &kWeekday ? value % 7 : value);
  }
  return Ok{};
}

Result<Field> read_field(const FieldKind& kind, std::string_view text) {
  Field field;
  field.is_star = text.starts_with('*');
  std::string_view rest = text;
  while (true) {
    const std::size_t comma = rest.find(',');
    const std::string_view part = rest.substr(0, comma);
    if (part.empty()) return wrong(kind, text, "a value is missing beside a comma");
    SCORIA_TRY_STATUS(read_part(kind, text, part, field));
    if (comma == std::string_view::npos) return field;
    rest = rest.substr(comma + 1);
  }
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return parts;
    const std::size_t end = std::min(text.find_first_of(" \t", begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    text = text.substr(end);
  }
}

Result<std::string_view> expand(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kNamed = {{{"@hourly", "0 * * * *"},
                                                                                    {"@daily", "0 0 * * *"},
                                                                                    {"@midnight", "0 0 * * *"},
                                                                                    {"@weekly", "0 0 * * 0"},
                                                                                    {"@monthly", "0 0 1 * *"},
                                                                                    {"@yearly", "0 0 1 1 *"},
                                                                                    {"@annually", "0 0 1 1 *"}}};
  const std::string name = lower(text);
  for (const auto& [known, meaning] : kNamed) {
    if (name == known) return meaning;
  }
  return Error{Code::invalid, "cron text '" + std::string(text.substr(0, 64)) +
                                  "' is no known name: expected @hourly, "
                                  "@daily, @weekly, @monthly or @yearly"};
}

Result<const date::time_zone*> find_zone(std::string_view name) {
  if (name.empty() || name == "UTC" || name == "Etc/UTC") return static_cast<const date::time_zone*>(nullptr);
  try {
    (void)date::get_tzdb();
  } catch (const std::exception& error) {
    return Error{Code::unavailable, std::string("no time zone database (Debian's package tzdata): ") + error.what()};
  }
  try {
    return date::locate_zone(name);
  } catch (const std::exception&) {
    return Error{Code::invalid, "'" + std::string(name.substr(0, 64)) +
                                    "' is no time zone: expected a name of the "
                                    "IANA database, such as Europe/Zurich"};
  }
}

}  // namespace

struct Cron::Fields {
  Field minute, hour, day, month, weekday;
  const date::time_zone* zone = nullptr;  // none: UTC. The database lives as long as the process

  bool holds(const date::year_month_day& date, unsigned of_week) const;
  bool has_possible_day() const;
  std::vector<WallTime> times_of(LocalDay of) const;
  void add_times(LocalTime local, std::vector<WallTime>& times) const;
};

bool Cron::Fields::holds(const date::year_month_day& date, unsigned of_week) const {
  if (!month.has(static_cast<unsigned>(date.month()))) return false;
  const bool by_day = day.has(static_cast<unsigned>(date.day()));
  const bool by_weekday = weekday.has(of_week);
  return day.is_star || weekday.is_star ? by_day && by_weekday : by_day || by_weekday;
}

bool Cron::Fields::has_possible_day() const {
  if (!day.is_star && !weekday.is_star) return true;  // any week has the weekday
  constexpr std::array<unsigned, 13> kLongest = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (unsigned m = 1; m <= 12; ++m) {
    for (unsigned d = 1; month.has(m) && d <= kLongest[m]; ++d) {
      if (day.has(d)) return true;
    }
  }
  return false;
}

void Cron::Fields::add_times(LocalTime local, std::vector<WallTime>& times) const {
  const date::local_info info = zone->get_info(local);
  if (info.result == date::local_info::nonexistent) {
    times.push_back(info.first.end);
    return;
  }
  times.emplace_back(local.time_since_epoch() - info.first.offset);
  if (info.result == date::local_info::ambiguous && hour.is_star) {
    times.emplace_back(local.time_since_epoch() - info.second.offset);
  }
}

// Of one local day, in order.
std::vector<WallTime> Cron::Fields::times_of(LocalDay of) const {
  // Where no change is near, one offset holds all day: no look-up for each of up to 1440 minutes.
  bool is_steady = zone == nullptr;
  Duration offset{0};
  if (zone != nullptr) {
    const date::local_info info = zone->get_info(LocalTime(of));
    offset = info.first.offset;
    const auto begin = date::sys_time<Duration>(LocalTime(of).time_since_epoch() - offset);
    is_steady = info.result == date::local_info::unique && info.first.end > begin + days(2);
  }
  std::vector<WallTime> times;
  for (unsigned h = 0; h < 24; ++h) {
    if (!hour.has(h)) continue;
    for (unsigned m = 0; m < 60; ++m) {
      if (!minute.has(m)) continue;
      const LocalTime local = LocalTime(of) + hours(h) + minutes(m);
      if (is_steady) {
        times.emplace_back(local.time_since_epoch() - offset);
      } else {
        add_times(local, times);
      }
    }
  }
  std::ranges::sort(times);
  return times;
}

Result<Cron> Cron::parse(std::string_view text, std::string_view zone) {
  if (text.size() > kTextLimit) {
    return Error{Code::invalid, "the cron text has " + std::to_string(text.size()) + " bytes: at most " +
                                    std::to_string(kTextLimit) + " are allowed"};
  }
  std::vector<std::string_view> parts = split(text);
  if (parts.size() == 1 && parts[0].starts_with('@')) {
    SCORIA_TRY(meaning, expand(parts[0]));
    parts = split(meaning);
  }
  if (parts.size() != 5) {
    return Error{Code::invalid, "cron text '" + std::string(text.substr(0, 64)) + "' has " +
                                    std::to_string(parts.size()) +
                                    " fields: expected 5, minute, hour, day of month, month "
                                    "and day of week, such as "
                                    "'0 6 * * mon-fri', or a name such as @daily"};
  }
  auto fields = std::make_shared<Fields>();
  const std::pair<const FieldKind*, Field*> order[] = {{&kMinute, &fields->minute},
                                                       {&kHour, &fields->hour},
                                                       {&kDay, &fields->day},
                                                       {&kMonth, &fields->month},
                                                       {&kWeekday, &fields->weekday}};
  for (std::size_t i = 0; i < 5; ++i) {
    SCORIA_TRY(field, read_field(*order[i].first, parts[i]));
    *order[i].second = field;
  }
  if (!fields->has_possible_day()) {
    return wrong(kDay, parts[2],
                 "no such day in the months '" + std::string(parts[3].substr(0, 64)) + "': it would never fire");
  }
  SCORIA_TRY(found, find_zone(zone));
  fields->zone = found;
  Cron made;
  made.fields_ = std::move(fields);
  return made;
}

std::optional<WallTime> Cron::next(WallTime after) const {
  SCORIA_CHECK(fields_ != nullptr);
  const Fields& fields = *fields_;
  // Years that the calendar of the search can hold; nobody's schedule runs elsewhere.
  constexpr date::sys_days kFirst = date::sys_days(date::year(1900) / 1 / 1);
  constexpr date::sys_days kLast = date::sys_days(date::year(3000) / 1 / 1);
  after = std::max(after, WallTime(kFirst));
  if (after >= kLast) return std::nullopt;
  const auto offset = fields.zone ? fields.zone->get_info(after).offset : std::chrono::seconds(0);
  const LocalTime local((after + offset).time_since_epoch());
  const LocalDay first = std::chrono::floor<days>(local) - kDaysBack;
  for (LocalDay day = first; day <= first + days(kDaysAhead); day += days(1)) {
    const date::year_month_day date(day);
    if (!fields.holds(date, date::weekday(day).c_encoding())) continue;
    const std::vector<WallTime> times = fields.times_of(day);
    const auto found = std::ranges::upper_bound(times, after);
    if (found != times.end()) return *found;
  }
  return std::nullopt;
}

}  // namespace scoria::sched
