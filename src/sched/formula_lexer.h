// A formula's text as tokens, one after the other. Line breaks are spaces; // comments end with the line.
// Threads: one. Borrows: the text.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "sched/formula_program.h"

namespace scoria::sched::formula {

enum class TokenKind : std::uint8_t { end, number, text, name, symbol };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;  // a text without its quotes; a symbol as written: "<="
  double number = 0;
  Place place;

  bool is(std::string_view symbol) const { return kind == TokenKind::symbol && text == symbol; }
  std::string shown() const;  // for messages: "'<='", "the end of the formula"
};

// AutoScalingFormulaSyntaxError with the place in the message, and as values Line and Column.
Error syntax_error(Place place, const std::string& what);

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  // Errors: a byte that formulas do not hold, a text without its end, a number that is none.
  Result<Token> next();

 private:
  void skip_spaces();
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  void advance();
  Result<Token> number(Token token);
  Result<Token> quoted(Token token);

  std::string_view text_;
  std::size_t at_ = 0;
  Place place_;
};

}  // namespace scoria::sched::formula
