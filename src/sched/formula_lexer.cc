#include "sched/formula_lexer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace scoria::sched::formula {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

constexpr std::array<std::string_view, 6> kTwoCharacters = {"<=", ">=", "==", "!=", "&&", "||"};
constexpr std::string_view kOneCharacter = "=?:<>+-*/!.(),[];";

std::string shown_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte > 0x20 && byte < 0x7f) return std::string("'") + c + "'";
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "the byte 0x%02X", byte);
  return text.data();
}

}  // namespace

std::string shown(Place place) {
  return "line " + std::to_string(place.line) + ", column " + std::to_string(place.column);
}

std::string Token::shown() const {
  if (kind == TokenKind::end) return "the end of the formula";
  if (kind == TokenKind::text) return "a text";
  return "'" + std::string(text.substr(0, 64)) + "'";
}

Error syntax_error(Place place, const std::string& what) {
  return Error{Code::invalid,
               "autoscale formula, " + shown(place) + ": " + what,
               "AutoScalingFormulaSyntaxError",
               {{"Line", std::to_string(place.line)}, {"Column", std::to_string(place.column)}}};
}

void Lexer::advance() {
  if (text_[at_] == '\n') {
    ++place_.line;
    place_.column = 1;
  } else {
    ++place_.column;
  }
  ++at_;
}

void Lexer::skip_spaces() {
  while (at_ < text_.size()) {
    const char c = peek();
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      advance();
    } else if (c == '/' && peek(1) == '/') {
      while (at_ < text_.size() && peek() != '\n') advance();
    } else {
      return;
    }
  }
}

Result<Token> Lexer::number(Token token) {
  const std::size_t begin = at_;
  while (is_digit(peek())) advance();
  if (peek() == '.' && is_digit(peek(1))) {
    advance();
    while (is_digit(peek())) advance();
  } else if (peek() == '.' && !is_letter(peek(1))) {
    advance();  // "5."
  }
  if (peek() == 'e' || peek() == 'E') {
    const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
    if (is_digit(peek(1 + sign))) {
      for (std::size_t i = 0; i <= sign; ++i) advance();
      while (is_digit(peek())) advance();
    }
  }
  token.kind = TokenKind::number;
  token.text = text_.substr(begin, at_ - begin);
  if (is_letter(peek())) {
    return syntax_error(token.place, "'" + std::string(token.text.substr(0, 64)) + peek() +
                                         "' is no number: expected digits, such as 5, 0.7 or 1e3");
  }
  const auto read = std::from_chars(token.text.data(), token.text.data() + token.text.size(), token.number);
  if (read.ec != std::errc{} || !std::isfinite(token.number)) {
    return syntax_error(token.place, "the number '" + std::string(token.text.substr(0, 64)) +
                                         "' is out of range: expected at most 1.79e308");
  }
  return token;
}

Result<Token> Lexer::quoted(Token token) {
  const char quote = peek();
  advance();
  const std::size_t begin = at_;
  while (at_ < text_.size() && peek() != quote && peek() != '\n') advance();
  if (at_ >= text_.size() || peek() != quote) {
    return syntax_error(
        token.place, "the text that starts here does not end: expected " + std::string(1, quote) + " on the same line");
  }
  token.kind = TokenKind::text;
  token.text = text_.substr(begin, at_ - begin);
  advance();
  return token;
}

Result<Token> Lexer::next() {
  skip_spaces();
  Token token;
  token.place = place_;
  if (at_ >= text_.size()) return token;
  const char c = peek();
  if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number(token);
  if (c == '"' || c == '\'') return quoted(token);
  const std::size_t begin = at_;
  if (is_letter(c) || c == '$') {
    advance();
    if (c == '$' && !is_letter(peek())) return syntax_error(token.place, "expected a name after '$'");
    while (is_letter(peek()) || is_digit(peek())) advance();
    token.kind = TokenKind::name;
    token.text = text_.substr(begin, at_ - begin);
    return token;
  }
  token.kind = TokenKind::symbol;
  for (const std::string_view symbol : kTwoCharacters) {
    if (text_.substr(at_).starts_with(symbol)) {
      advance();
      advance();
      token.text = text_.substr(begin, 2);
      return token;
    }
  }
  if (kOneCharacter.find(c) == std::string_view::npos || c == '\0') {
    return syntax_error(token.place, "unexpected " + shown_byte(c) +
                                         ": expected a name, a number, a text "
                                         "in quotes, an operator or ';'");
  }
  advance();
  token.text = text_.substr(begin, 1);
  return token;
}

}  // namespace scoria::sched::formula
