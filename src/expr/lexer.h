// Text of an R expression -> tokens.
// Threads: plain values. Borrows: the text, for the length of the call.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace scoria::expr {

enum class TokenKind : std::uint8_t { end, number, integer, text, name, op };

struct Token {
  TokenKind kind = TokenKind::end;
  std::uint32_t offset = 0;
  double number = 0;
  std::int32_t integer = 0;
  std::string text;     // of text, name, op (an operator or one of ( ) ,)
  bool quoted = false;  // a `name` in backticks is never a keyword
};

// The tokens and a final `end`. White space, line ends and # comments separate tokens.
// Errors: invalid; the message starts with "column N: ", N counted in characters.
Result<std::vector<Token>> tokenize(std::string_view text);

// "column N: " for a byte offset.
std::string at_column(std::string_view text, std::size_t offset);

}  // namespace scoria::expr
