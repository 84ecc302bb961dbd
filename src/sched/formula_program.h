// A formula after parsing: instructions for a stack, flat, so that evaluating hostile text needs no recursion.
// Threads: plain values; immutable once parsed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace scoria::sched::formula {

inline constexpr std::size_t kTextLimit = 8 * 1024;  // Azure's
inline constexpr int kStatementLimit = 100;          // Azure's
inline constexpr int kDepthLimit = 100;              // parentheses, signs and choices within each other; ours
inline constexpr std::size_t kStepLimit = 1'000'000;

// Where in the text something stands, both from 1.
struct Place {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};
std::string shown(Place place);  // "line 2, column 5"

enum class Op : std::uint8_t {
  push_number,  // value
  push_text,    // texts[index]
  load,         // names[index]
  store,        // names[index], pops
  drop,         // pops
  make_vector,  // count values from the stack
  call,         // function(index), count arguments
  member,       // Member(index) of a time
  method,       // Method(index) of the metric below count arguments
  negate,
  logical_not,
  add,
  subtract,
  multiply,
  divide,
  less,
  less_equal,
  equal,
  not_equal,
  greater_equal,
  greater,
  truth,             // a double becomes 0 or 1
  jump,              // to index
  jump_if_zero,      // pops; to index
  zero_or_continue,  // pops; zero: pushes 0 and jumps to index
  one_or_continue,   // pops; not zero: pushes 1 and jumps to index
};

enum class Member : std::uint8_t { year, month, day, weekday, hour, minute, second };
enum class Method : std::uint8_t { get_sample, get_sample_percent, get_sample_period, count, history_begin_time };

struct Instruction {
  Op op;
  std::uint16_t count = 0;
  std::uint32_t index = 0;
  double value = 0;
  Place place;
};

// What a name means, settled while parsing.
enum class NameKind : std::uint8_t {
  user,
  target_dedicated,
  target_dedicated_alias,
  target_low_priority,
  target_low_priority_alias,
  deallocation_option,
  metric,    // metric: its name without $
  interval,  // ticks
};

struct Name {
  std::string text;  // as first written: "$tasks", "tasks"
  NameKind kind = NameKind::user;
  std::string_view metric = {};
  std::int64_t ticks = 0;
};

struct Program {
  std::vector<Instruction> code;
  std::vector<std::string> texts;
  std::vector<Name> names;
};

}  // namespace scoria::sched::formula
