// `scoria evaluate FORECAST --actual FILE`: how good a quantile forecast was, beside naive ones.
// Threads: one call at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace scoria::cli {

struct EvaluateOptions {
  std::string forecast;
  std::string actual;
  std::optional<std::string> history;
  std::vector<std::string> keys;
  std::string time;
  std::string step;  // empty: counted from the forecast's times
  std::string value;
  bool json = false;
};

// The text or JSON to print, with its last line end. Errors: the files' own; those of report::evaluate().
Result<std::string> evaluate(const EvaluateOptions& options);

}  // namespace scoria::cli
