// Rows in JSON: as records, columns, arrays by position, or a data frame split into names and rows, alone or in an envelope.
// Limits hold before anything is kept: names that no feature has are passed over, and too many of them are a mistake.
// Threads: free functions; a thread keeps one parser.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "serve/problem.h"
#include "serve/row_builder.h"

namespace scoria::serve {

struct JsonLimits {
  std::size_t rows = 100'000;
  std::size_t keys = 10'000;    // of one object
  std::size_t text = 1u << 20;  // bytes of one string
  std::size_t depth = 64;
};

// Where in the body the rows are.
struct Envelope {
  enum class Rows : unsigned char { any, records, split };
  struct Member {
    std::string_view name;
    Rows rows = Rows::any;
  };
  // Exactly one of these, at the top. Others are passed over, but for those that are told to be wrong.
  std::vector<Member> members;
  bool may_be_bare = false;  // an array, a record or columns without an envelope
  std::string_view forms;    // what a body without rows is told that there is; empty: the members' names
};

// What rows are called in a body of plumber's clients.
inline constexpr std::array<std::string_view, 5> kRowMembers = {"df", "data", "newdata", "rows", "instances"};

// `body` gets some room behind it. False: `problem` says what is wrong.
bool read_json_rows(std::string& body, const Envelope& envelope, const JsonLimits& limits, RowBuilder& into,
                    Problem& problem);

}  // namespace scoria::serve
