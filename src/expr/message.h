// How messages about expressions name the place and help with names.
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "expr/ast.h"

namespace scoria::expr {

// The text as messages show it: whole when short, else its beginning.
std::string shown(std::string_view text);

// The 1-based column of a byte, counted in characters of UTF-8.
std::size_t column_at(std::string_view text, std::size_t offset);

// "expression 'lag(y, stp)', column 8: " before the error's message; without a column where there was no text.
Error located(const Place& place, Error error);

// "did you mean 'step'?" when one or more of `known` are close to `name`, else "known: ..." with the first of them.
std::string suggestion(std::string_view name, const std::vector<std::string>& known);

}  // namespace scoria::expr
