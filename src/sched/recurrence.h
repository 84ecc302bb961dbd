// When schedules fire: Azure Batch's recurrence with windows, and cron with a time zone. Pure: times in, times out.
// Source: Azure Batch REST API, Schedule; POSIX crontab(5) with names, lists, ranges, steps; the IANA time zone
// database.
// Threads: immutable.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace scoria::sched {

struct Recurrence {
  WallTime created;                      // a recurrence counts from here, or from `not_before`
  std::optional<WallTime> not_before;    // doNotRunUntil
  std::optional<WallTime> not_after;     // doNotRunAfter
  std::optional<Duration> start_window;  // an opportunity that is not taken within it lapses
  std::optional<Duration> interval;      // recurrenceInterval; none: once
};

enum class Overlap { skip, queue_one, allow };  // a firing while the last job still runs
enum class CatchUp { none, last, all };         // firings missed while the server was down

class Cron {
 public:
  // "0 6 * * mon-fri" and IANA's name of a zone, "Europe/Zurich"; empty: UTC. Also @hourly @daily @weekly @monthly
  // @yearly. Where both day fields are restricted (neither begins with *), a day that meets either counts. A local
  // time that a clock change skips fires at the change; one that it repeats fires once, the first time. Where the
  // hour is *, every hour that passes counts, so that "*/15 * * * *" also fires in the repeated hour.
  // Errors: invalid, naming the field, or a zone that is unknown, or days that no year has; unavailable: no time zone
  // database.
  static Result<Cron> parse(std::string_view text, std::string_view zone);
  // The first firing after `time`; nothing within five years: none.
  std::optional<WallTime> next(WallTime after) const;

 private:
  struct Fields;
  std::shared_ptr<const Fields> fields_;
};

// The first opportunity that is open at `from` or later, and after `last`, where there is one; or none. An
// opportunity is open from its time for the length of the window; without a window until it is taken or the next one
// comes. So the time returned lies before `from` where an opportunity was missed and can still be taken.
std::optional<WallTime> next_opportunity(const Recurrence& recurrence, std::optional<WallTime> last, WallTime from);

}  // namespace scoria::sched
