#include "sched/recurrence.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace scoria::sched {
namespace {

// base + count * interval, or none where that is beyond all times.
std::optional<WallTime> opportunity(WallTime base, Duration interval, std::int64_t count) {
  std::int64_t offset = 0;
  std::int64_t at = 0;
  if (__builtin_mul_overflow(interval.count(), count, &offset)) return std::nullopt;
  if (__builtin_add_overflow(base.time_since_epoch().count(), offset, &at)) return std::nullopt;
  return WallTime(Duration(at));
}

}  // namespace

std::optional<WallTime> next_opportunity(const Recurrence& recurrence, std::optional<WallTime> last, WallTime from) {
  const WallTime base = recurrence.not_before.value_or(recurrence.created);
  if (recurrence.not_after && from > *recurrence.not_after) return std::nullopt;
  const bool recurs = recurrence.interval && *recurrence.interval > Duration::zero();
  // Number 0 is at the base. The newest that has come, and then the first after `last`.
  std::int64_t number = 0;
  if (recurs && from > base) number = (from - base) / *recurrence.interval;
  if (last && *last >= base) {
    if (!recurs) return std::nullopt;
    number = std::max(number, (*last - base) / *recurrence.interval + 1);
  }
  auto time = opportunity(base, recurs ? *recurrence.interval : Duration::zero(), number);
  if (time && recurrence.start_window && from > *time && from - *time > *recurrence.start_window) {  // lapsed
    if (!recurs) return std::nullopt;
    time = opportunity(base, *recurrence.interval, number + 1);
  }
  if (!time || (recurrence.not_after && *time > *recurrence.not_after)) return std::nullopt;
  return time;
}

}  // namespace scoria::sched
