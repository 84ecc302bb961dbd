// Text -> expression, by R's grammar for expressions: operators with R's precedence and associativity, calls with named
// arguments, `$`, numbers (1, 1L, 1e3, 0x1F, .5), strings, TRUE FALSE NA NA_integer_ NA_real_ NA_character_ NaN Inf NULL,
// names with dots and `names in backticks`. A line end is white space, as inside R's parentheses. T, F and pi are names.
// Numbers are correctly rounded (R's own reader is up to 1 ulp off).
// Refused, by name and column: assignment, function, if, for, while, braces, indexing by [ and [[, ~, ?, @, ::, |>,
// calls of anything but a name, empty arguments, other %operators%, complex numbers.
// Threads: free functions. Ownership: the expression owns what it needs of the text.
#pragma once

#include <string_view>

#include "base/result.h"
#include "expr/ast.h"

namespace scoria::expr {

inline constexpr std::size_t kMaxTextBytes = 64u << 10;

// Errors: invalid: "expression 'log(sales', column 10: ..."; too_large: over kMaxTextBytes or deeper than kMaxDepth.
Result<Expression> parse(std::string_view text);

// An expression as R text, in one form for all that mean the same: parse(deparse(x)) is x, but for parentheses that an
// expression made from R objects lacked.
std::string deparse(const Expression& expression);

// A name as it must be written in an expression: in backticks unless it is a plain R name.
std::string quoted_name(std::string_view name);

}  // namespace scoria::expr
