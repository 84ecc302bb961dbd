// Any text as rows for a service, in each envelope and form: there is a table with at least a row and every feature, or mistakes that can be
// told as JSON. The first byte chooses.
#include <cstdint>
#include <string>

#include "base/result.h"
#include "serve/csv_rows.h"
#include "serve/json_rows.h"
#include "serve/schema_for_tests.h"

namespace {

using namespace scoria::serve;

const Envelope kEnvelopes[] = {{.members = {{"df"}, {"data"}}, .may_be_bare = true},
                               {.members = {{"dataframe_split", Envelope::Rows::split},
                                            {"dataframe_records", Envelope::Rows::records},
                                            {"inputs"}}},
                               {.members = {{"inputData"}}, .may_be_bare = true}};

constexpr JsonLimits kLimits{.rows = 50, .keys = 40, .text = 200, .depth = 64};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Schema schema(description_for_tests());
  if (size == 0) return 0;
  std::string body(reinterpret_cast<const char*>(data + 1), size - 1);
  RowBuilder rows(schema);
  Problem problem;
  bool is_read = false;
  switch (data[0] % 5) {
    case 3: is_read = read_csv_rows(body, kLimits, rows, problem); break;
    case 4: is_read = read_json_line_rows(body, kLimits, rows, problem); break;
    default: is_read = read_json_rows(body, kEnvelopes[data[0] % 5], kLimits, rows, problem);
  }
  scoria::table::Table table;
  if (rows.finish(is_read, table, problem)) {
    SCORIA_CHECK(table.rows() > 0 && table.rows() <= kLimits.rows && table.columns() == schema.features().size());
    return 0;
  }
  SCORIA_CHECK(!problem.mistakes.empty() && problem.mistakes.size() <= kMostMistakes && !problem.message().empty());
  SCORIA_CHECK(to_json(problem).starts_with('{'));
  return 0;
}
