// A report of flagged rows as one HTML file that needs nothing else: how many rows of each series a model flagged, and each series
// over time with these marked. What the table holds is only ever text in it, never markup.
// Threads: pure functions. Ownership: an input shares its table's columns.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "report/page.h"
#include "table/table.h"

namespace scoria::report {

// What the table's columns mean.
struct FlagSpec {
  std::vector<std::string> keys;  // name a series: {"Device", "Sensor"}; none: the table is one series
  std::string time;               // a number, or ISO-8601 dates as text
  std::string value;              // a number
  std::string flag;               // 0 where a row is not flagged; missing: it was not scored
};

struct FlagReportInput {
  std::string title;
  std::string subtitle;
  FlagSpec spec;
  table::Table rows;
  std::vector<Fact> facts;       // tiles, after those of the rows
  std::vector<Fact> provenance;  // a table at the end
  double warn_share = 0.5;       // series with a larger share are marked
  std::size_t most_charts = 60;  // of more series those with the largest shares are drawn
};

// Never fails: where the table cannot be drawn, the page says why and what would help.
std::string render_flags(const FlagReportInput& input);

// One series in numbers.
struct FlaggedSeries {
  std::vector<std::string> key;
  std::uint64_t rows = 0;  // that were scored
  std::uint64_t not_scored = 0;
  std::uint64_t flagged = 0;
  std::uint64_t longest_run = 0;  // flagged rows without another one between them
  std::string first;              // time of the first flagged row, as the table has it; empty: none
  std::string last;

  double share() const { return rows == 0 ? 0 : static_cast<double>(flagged) / static_cast<double>(rows); }
};

// In order of key, numbers by their value. Errors: invalid, naming a column that is not there or holds something else.
Result<std::vector<FlaggedSeries>> flagged_series(const FlagSpec& spec, const table::Table& rows);

}  // namespace scoria::report
