// Any bytes as a request of the Open Inference Protocol: there are rows of every feature, or a refusal that can be told as JSON. The first two
// bytes are the length of the JSON, in front of tensors' bytes; 0xFFFF: all is JSON.
#include <cstdint>
#include <string>

#include "base/result.h"
#include "serve/inference_request.h"
#include "serve/schema_for_tests.h"

namespace {

using namespace scoria::serve;

void check(const Problem& problem) {
  SCORIA_CHECK(!problem.mistakes.empty() && problem.mistakes.size() <= kMostMistakes && !problem.message().empty());
  SCORIA_CHECK(to_json(problem).starts_with('{'));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Schema schema(description_for_tests());
  if (size < 2) return 0;
  const unsigned length = data[0] | static_cast<unsigned>(data[1]) << 8;
  const std::string_view body(reinterpret_cast<const char*>(data + 2), size - 2);
  const std::string text = std::to_string(length);
  RowBuilder rows(schema);
  try {
    (void)read_inference_request(body, length == 0xFFFF ? std::nullopt : std::optional<std::string_view>(text), rows);
  } catch (const Refusal& refusal) {
    check(refusal.problem);
    return 0;
  }
  scoria::table::Table table;
  Problem problem;
  if (rows.finish(true, table, problem)) {
    SCORIA_CHECK(table.rows() > 0 && table.columns() == schema.features().size());
  } else {
    check(problem);
  }
  return 0;
}
