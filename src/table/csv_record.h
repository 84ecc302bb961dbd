// One CSV record at a time by a plain state machine: for the header, and to say exactly what is wrong with a record.
// The fast path over many records is csv_index.h; both accept the same text.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace scoria::table {

inline constexpr std::size_t kNoField = std::numeric_limits<std::size_t>::max();

// What is wrong with a text, and where. The reader turns it into an Error with source, line and column name.
struct CsvFault {
  std::size_t position = 0;      // in the text
  std::size_t field = kNoField;  // 0-based
  std::string what;
  Code code = Code::invalid;
};

struct CsvLimits {
  std::size_t max_record_bytes;
  std::size_t max_fields;  // a record is refused at the first field above it
};

struct CsvRecord {
  enum class State { complete, incomplete, faulty };
  State state = State::incomplete;
  std::vector<std::string_view> fields;  // raw: quotes are still there
  std::size_t next = 0;                  // where the following record begins
  CsvFault fault;                        // when faulty
};

// The record that begins at `begin`. `at_end`: nothing follows the text; else a record cut off by it is incomplete.
// Precondition: begin < text.size(), and no blank line begins there.
CsvRecord scan_record(std::string_view text, std::size_t begin, bool at_end, char separator, const CsvLimits& limits);

// Where the first line that is not blank begins at or after `begin`; text.size() when there is none. A carriage return
// at the very end of a text that goes on is left for the next look.
std::size_t skip_blank_lines(std::string_view text, std::size_t begin);

// The content of a raw field without its quotes.
std::string unquoted(std::string_view raw);

// The first byte that begins no valid UTF-8 sequence; npos when all are valid.
std::size_t find_invalid_utf8(std::string_view text);

}  // namespace scoria::table
