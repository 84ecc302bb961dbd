#include "batch/dependencies.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/seeded_bug.h"

namespace scoria::batch {

std::optional<std::int64_t> task_number(std::string_view id) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error != std::errc{} || end != id.data() + id.size()) return std::nullopt;
  return number;
}

std::uint32_t Dependencies::add(std::uint64_t number, const std::vector<std::string>& ids,
                                const std::vector<std::pair<std::int64_t, std::int64_t>>& ranges) {
  std::uint32_t unmet = 0;
  for (const std::string& id : ids) {
    if (satisfied_.contains(id)) continue;
    std::vector<std::uint64_t>& waiting = waiting_[id];
    if (!waiting.empty() && waiting.back() == number) continue;  // named twice
    waiting.push_back(number);
    ++unmet;
  }
  for (const Range& range : ranges) {
    if (range.first > range.second || covers(range)) continue;
    std::vector<std::uint64_t>& waiting = waiting_ranges_[range];
    if (!waiting.empty() && waiting.back() == number) continue;
    waiting.push_back(number);
    ++unmet;
  }
  return unmet;
}

void Dependencies::drop(std::uint64_t number) {
  for (auto& [id, waiting] : waiting_) std::erase(waiting, number);
  for (auto& [range, waiting] : waiting_ranges_) std::erase(waiting, number);
}

bool Dependencies::covers(const Range& range) const {
  auto run = satisfied_numbers_.upper_bound(range.first);
  if (run == satisfied_numbers_.begin()) return false;
  --run;
  return run->second >= range.second;
}

// Puts a number into the runs; the run that it is in then.
Dependencies::Range Dependencies::cover(std::int64_t number) {
  auto next = satisfied_numbers_.upper_bound(number);
  Range run{number, number};
  if (next != satisfied_numbers_.begin()) {
    const auto before = std::prev(next);
    if (before->second >= number) return *before;
    if (before->second == number - 1) {
      run.first = before->first;
      satisfied_numbers_.erase(before);
    }
  }
  if (next != satisfied_numbers_.end() && next->first == number + 1) {
    run.second = next->second;
    satisfied_numbers_.erase(next);
  }
  satisfied_numbers_.insert(run);
  return run;
}

std::vector<std::uint64_t> Dependencies::satisfy(const std::string& id) {
  std::vector<std::uint64_t> freed;
  if (!satisfied_.insert(id).second) return freed;
  if (const auto waiting = waiting_.find(id); waiting != waiting_.end()) {
    freed = std::move(waiting->second);
    waiting_.erase(waiting);
  }
  const auto number = task_number(id);
  if (!number) return freed;
  const Range run = cover(*number);
  // What is covered now begins and ends in the run. By first number: the ranges that end in the run come first.
  for (auto at = waiting_ranges_.lower_bound({run.first, std::numeric_limits<std::int64_t>::min()});
       at != waiting_ranges_.end() && at->first.first <= run.second;) {
    if (at->first.second <= run.second + (has_bug(SeededBug::range_off_by_one) ? 1 : 0)) {
      freed.insert(freed.end(), at->second.begin(), at->second.end());
      at = waiting_ranges_.erase(at);
    } else {
      at = waiting_ranges_.upper_bound({at->first.first, std::numeric_limits<std::int64_t>::max()});
    }
  }
  return freed;
}

}  // namespace scoria::batch
