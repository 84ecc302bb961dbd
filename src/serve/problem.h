// What is wrong with a request to a service, for its client to act on: a status, and one entry for each thing that is wrong.
// Source: RFC 9457. Threads: plain values.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace scoria::serve {

struct Mistake {
  // missing_column, wrong_type, unknown_level, out_of_range, duplicate_key, too_many_columns, too_many_rows, ragged_columns, bad_json, bad_request
  std::string code;
  std::string message;
  std::optional<std::size_t> row;  // from 1
  std::string column;
  std::string value;                  // as it was sent, at most 100 bytes
  std::vector<std::string> expected;  // at most 20
};

struct Problem {
  int status = 400;
  std::vector<Mistake> mistakes;  // at most kMostMistakes; the first is what short forms tell
  const std::string& message() const { return mistakes.front().message; }
};
inline constexpr std::size_t kMostMistakes = 100;

Problem one_mistake(int status, std::string code, std::string message);

// Thrown within the reading of one body, where reading on has no use; the protocols' functions catch it.
struct Refusal {
  Problem problem;
};

// {"type", "title", "status", "detail", "errors": [{"row", "column", "code", "value", "expected", "message"}]}
std::string to_json(const Problem& problem);

}  // namespace scoria::serve
