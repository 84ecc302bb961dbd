// R's operators and reserved words, in one place for the parser and the printer.
// Source: R Language Definition, 10.4.2 Infix and prefix operators; the order of R 4.2's ?Syntax.
// Threads: constants.
#pragma once

#include <optional>
#include <string_view>

namespace scoria::expr {

struct Operator {
  int power = 0;  // higher binds tighter
  bool is_right_associative = false;
  bool is_comparison = false;  // of which two in a row are an error
};

inline constexpr int kNotPower = 30;     // prefix !
inline constexpr int kUnaryPower = 90;   // prefix - and +
inline constexpr int kAtomPower = 1000;  // what never needs parentheses

// Nothing for what is not an infix operator here. `$` is not: only a name may follow it.
std::optional<Operator> binary_operator(std::string_view op);

// Words that can be a name only in backticks, constants such as TRUE included.
bool is_reserved_word(std::string_view word);

}  // namespace scoria::expr
