// What a body may not be, before an interpreter sees it: nested too deeply, or with so many names that reading them would take R minutes.
// It looks at any text as if it were JSON, well-formed or not: what is no JSON is the script's to refuse, in its own words.
// Threads: free functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "serve/problem.h"

namespace scoria::serve::script {

struct GuardLimits {
  std::size_t depth = 64;
  std::size_t names = 10'000;  // of one object; different ones of a whole body; fields of a form or a query
};

// Nothing: it may pass.
std::optional<Problem> guard_json(std::string_view body, const GuardLimits& limits);
std::optional<Problem> guard_form(std::string_view text, const GuardLimits& limits);
// By its Content-Type, and by its first character where that says nothing (plumber looks at it, too).
std::optional<Problem> guard_body(std::string_view media_type, std::string_view body, const GuardLimits& limits);

}  // namespace scoria::serve::script
