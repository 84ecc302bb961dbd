// R language objects, as a formula holds them, to expressions; nothing is evaluated.
//
// Names, constants and calls by name (`stats::poly` is `poly`). A vector among the constants becomes the call c(...), a list the
// call list(...), so that poly(x, 2, coefs = list(alpha = ..., norm2 = ...)) reads as if it had been written by hand; names
// of a vector's elements are dropped, names of a list's kept.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "base/result.h"
#include "expr/ast.h"
#include "rdata/value.h"

namespace scoria::model::terms {

// What an expression must be to be read, and is not.
inline Error not_understood(std::string message) { return Error{Code::unsupported, std::move(message)}; }

// Values and calls in one language object.
inline constexpr std::size_t kMaxLanguageNodes = 200'000;

// Errors: unsupported, saying what is not understood (indexing, functions, empty arguments, factors and matrices among the
// constants); too_large, beyond kMaxLanguageNodes or deeper than expr::kMaxDepth.
Result<expr::Expression> to_expression(const rdata::Value& language);

}  // namespace scoria::model::terms
