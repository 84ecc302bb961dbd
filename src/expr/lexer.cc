#include "expr/lexer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "expr/message.h"

namespace scoria::expr {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

// Longest first. The ones that are known only to be refused are here so that the message names all of them.
constexpr std::array<std::string_view, 37> kOperatorTexts = {
    "<<-", "->>", ":::", "%/%", "<-", "->", "<=", ">=", "==", "!=", "&&", "||", "::", ":=", "|>", "[[", "%%", "**", "+",
    "-",   "*",   "/",   "^",   ":",  "<",  ">",  "!",  "&",  "|",  "$",  "=",  "(",  ")",  ",",  "~",  "?",  "@"};
constexpr std::string_view kOtherPunctuation = "[]{};\\";

void append_utf8(std::uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 63));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 63));
    out += static_cast<char>(0x80 | (code & 63));
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 63));
    out += static_cast<char>(0x80 | (code >> 6 & 63));
    out += static_cast<char>(0x80 | (code & 63));
  }
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> run() {
    std::vector<Token> tokens;
    while (true) {
      skip_space();
      Token token;
      token.offset = static_cast<std::uint32_t>(at_);
      if (at_ == text_.size()) {
        tokens.push_back(std::move(token));
        return tokens;
      }
      SCORIA_TRY_STATUS(read(token));
      tokens.push_back(std::move(token));
    }
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  Error fail(std::size_t offset, std::string_view message) const {
    return Error{Code::invalid, at_column(text_, offset).append(message)};
  }

  void skip_space() {
    while (at_ < text_.size()) {
      if (text_[at_] == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (is_space(text_[at_])) {
        ++at_;
      } else {
        return;
      }
    }
  }

  Status read(Token& token) {
    const char c = peek();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return read_number(token);
    if (c == '"' || c == '\'' || c == '`') return read_quoted(token);
    if (is_letter(c) || c == '.') return read_name(token);
    if (c == '%') return read_percent(token);
    for (const std::string_view op : kOperatorTexts) {
      if (!text_.substr(at_).starts_with(op)) continue;
      token.kind = TokenKind::op;
      token.text = op == "**" ? "^" : op;
      at_ += op.size();
      return Ok{};
    }
    if (kOtherPunctuation.find(c) != std::string_view::npos) {
      token.kind = TokenKind::op;
      token.text = c;
      ++at_;
      return Ok{};
    }
    if (c == '_') return fail(at_, "a name cannot start with '_'; write it in `backticks`");
    return fail(at_, "unexpected character");
  }

  Status read_number(Token& token) {
    const std::size_t begin = at_;
    const bool hex = peek() == '0' && (peek(1) == 'x' || peek(1) == 'X');
    if (hex) {
      at_ += 2;
      if (!is_hex(peek())) return fail(begin, "hexadecimal number without digits");
    }
    while (hex ? is_hex(peek()) : is_digit(peek())) ++at_;
    if (peek() == '.') {
      ++at_;
      while (hex ? is_hex(peek()) : is_digit(peek())) ++at_;
    }
    bool has_exponent = false;
    if (hex ? (peek() == 'p' || peek() == 'P') : (peek() == 'e' || peek() == 'E')) {
      has_exponent = true;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!is_digit(peek())) return fail(begin, "number with an empty exponent");
      while (is_digit(peek())) ++at_;
    }
    const std::string_view digits = text_.substr(begin, at_ - begin);
    if (hex && !has_exponent && digits.find('.') != std::string_view::npos)
      return fail(begin, "a hexadecimal fraction needs an exponent, as in 0x1.8p0");
    token.kind = TokenKind::number;
    token.number = to_double(digits, hex);
    if (peek() == 'L') {
      ++at_;
      // As R: 1.5L and 3000000000L stay doubles.
      if (std::nearbyint(token.number) == token.number && token.number <= std::numeric_limits<std::int32_t>::max()) {
        token.kind = TokenKind::integer;
        token.integer = static_cast<std::int32_t>(token.number);
      }
    } else if (peek() == 'i') {
      return fail(begin, "complex numbers are not supported");
    }
    if (is_letter(peek()) || peek() == '_') return fail(at_, "unexpected letter after a number");
    return Ok{};
  }

  static double to_double(std::string_view digits, bool hex) {
    double value = 0;
    const char* begin = digits.data() + (hex ? 2 : 0);
    const auto format = hex ? std::chars_format::hex : std::chars_format::general;
    const auto [end, error] = std::from_chars(begin, digits.data() + digits.size(), value, format);
    // from_chars says only "out of range"; strtod says which end of it.
    if (error == std::errc::result_out_of_range) value = std::strtod(std::string(digits).c_str(), nullptr);
    return value;
  }

  Status read_name(Token& token) {
    const std::size_t begin = at_;
    while (is_letter(peek()) || is_digit(peek()) || peek() == '.' || peek() == '_') ++at_;
    token.kind = TokenKind::name;
    token.text = text_.substr(begin, at_ - begin);
    return Ok{};
  }

  Status read_percent(Token& token) {
    const std::size_t close = text_.find_first_of("%\n", at_ + 1);
    if (close == std::string_view::npos || text_[close] == '\n') return fail(at_, "operator without its closing '%'");
    token.kind = TokenKind::op;
    token.text = text_.substr(at_, close + 1 - at_);
    if (token.text != "%%" && token.text != "%/%" && token.text != "%in%")
      return fail(at_, "unknown operator '" + token.text + "'; known are %%, %/% and %in%");
    at_ = close + 1;
    return Ok{};
  }

  Status read_quoted(Token& token) {
    const std::size_t begin = at_;
    const char quote = text_[at_++];
    token.kind = quote == '`' ? TokenKind::name : TokenKind::text;
    token.quoted = quote == '`';
    while (true) {
      if (at_ == text_.size()) return fail(begin, std::string("no closing ") + quote);
      const char c = text_[at_++];
      if (c == quote) break;
      if (c == '\0') return fail(at_ - 1, "text holds a zero byte");
      if (c != '\\') {
        token.text += c;
      } else {
        SCORIA_TRY_STATUS(read_escape(token.text));
      }
    }
    if (token.quoted && token.text.empty()) return fail(begin, "a name in backticks is empty");
    return Ok{};
  }

  Status read_escape(std::string& out) {
    const std::size_t begin = at_ - 1;
    const char c = peek();
    ++at_;
    constexpr std::string_view kLetters = "ntrabfv\\\"'` \n";
    constexpr std::string_view kValues = "\n\t\r\a\b\f\v\\\"'` \n";
    if (c == 'u' || c == 'U') return read_code_point(begin, c == 'u' ? 4 : 8, out);
    if (c == 'x') return read_code(begin, 16, 2, out);
    if (c >= '0' && c <= '7') {
      --at_;
      return read_code(begin, 8, 3, out);
    }
    const std::size_t known = kLetters.find(c);
    if (c == '\0' || known == std::string_view::npos) return fail(begin, "unknown escape in text");
    out += kValues[known];
    return Ok{};
  }

  // \u0041, \U0001F600, \u{41}
  Status read_code_point(std::size_t begin, std::size_t digits, std::string& out) {
    const bool braced = peek() == '{';
    if (braced) ++at_;
    SCORIA_TRY(code, read_digits(begin, 16, digits));
    if (braced && peek() != '}') return fail(begin, "unknown escape in text");
    if (braced) ++at_;
    if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
      return fail(begin, "escape is not a character of Unicode");
    append_utf8(code, out);
    return Ok{};
  }

  Status read_code(std::size_t begin, std::uint32_t base, std::size_t digits, std::string& out) {
    SCORIA_TRY(code, read_digits(begin, base, digits));
    if (code == 0 || code > 0x7F)
      return fail(begin, "escape is not an ASCII character; write \\u and its Unicode number");
    out += static_cast<char>(code);
    return Ok{};
  }

  Result<std::uint32_t> read_digits(std::size_t begin, std::uint32_t base, std::size_t most) {
    const std::size_t first = at_;
    std::uint32_t code = 0;
    while (at_ < first + most && (base == 16 ? is_hex(peek()) : (peek() >= '0' && peek() <= '7'))) {
      const char c = peek();
      code = code * base + static_cast<std::uint32_t>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
      ++at_;
    }
    if (at_ == first) return fail(begin, "escape without digits");
    return code;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string at_column(std::string_view text, std::size_t offset) {
  return "column " + std::to_string(column_at(text, offset)) + ": ";
}

Result<std::vector<Token>> tokenize(std::string_view text) { return Lexer(text).run(); }

}  // namespace scoria::expr
