// Which tasks of a job wait for which: by id, and by ranges of numbers, where a range waits for every number in it, whether a task of that
// number was added yet or not. Knows ids and numbers of tasks alone. Threads: plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace scoria::batch {

class Dependencies {
 public:
  // Task `number` waits for these; how many of them are not satisfied. Ids are lower-case, both ends of a range are in it.
  std::uint32_t add(std::uint64_t number, const std::vector<std::string>& ids,
                    const std::vector<std::pair<std::int64_t, std::int64_t>>& ranges);
  // The task waits for nothing any more, until it is added again. O(all that wait).
  void drop(std::uint64_t number);
  // The task of this id satisfies what waits for it. The numbers of tasks with one unmet dependency less, once for each; the numbers of
  // tasks that are there no more may be among them. Again: nothing.
  std::vector<std::uint64_t> satisfy(const std::string& id);

 private:
  using Range = std::pair<std::int64_t, std::int64_t>;
  bool covers(const Range& range) const;
  Range cover(std::int64_t number);

  std::unordered_set<std::string> satisfied_;
  std::map<std::int64_t, std::int64_t> satisfied_numbers_;  // disjoint runs of numbers: first -> last
  std::unordered_map<std::string, std::vector<std::uint64_t>> waiting_;
  std::map<Range, std::vector<std::uint64_t>> waiting_ranges_;
};

// "007" is 7; nothing for what is no integer of 64 bits.
std::optional<std::int64_t> task_number(std::string_view id);

}  // namespace scoria::batch
