// JSON text of strangers to a document: what it may cost is checked before anything is built.
// Source: RFC 8259. Threads: free functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "spec/json.h"

namespace scoria::spec {

struct JsonLimits {
  std::size_t bytes = std::size_t{4} << 20;
  int depth = 64;                  // of arrays and objects within each other
  std::size_t values = 1'000'000;  // about; each takes up to 80 bytes once built, however short its text is
};

// Errors: too_large (bytes, depth, values: which, and the limit), invalid (not JSON: at which byte, and why).
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

// Without blanks; what is not UTF-8 becomes U+FFFD rather than an error, as the text may come from anybody's program.
std::string json_text(const Json& document);
// `text` as a JSON string, quotes included, behind `out`.
void append_json_string(std::string& out, std::string_view text);

}  // namespace scoria::spec
