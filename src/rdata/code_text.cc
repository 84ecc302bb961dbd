#include <algorithm>
#include <array>

#include "base/na.h"
#include "rdata/number_text.h"
#include "rdata/summary.h"

namespace scoria::rdata {
namespace {

constexpr std::array<std::string_view, 27> kInfix = {"~",  "+",  "-",  "*",   "/",  "^",   ":",    "$",  "@",
                                                     "<",  ">",  "==", "!=",  "<=", ">=",  "&",    "|",  "&&",
                                                     "||", "<-", "=",  "<<-", "::", ":::", "%in%", "%%", "|>"};

class CodeText {
 public:
  explicit CodeText(std::size_t max_text) : max_text_(max_text) {}

  void value(const Value& x, int depth) {
    if (out_.size() >= max_text_) return;
    switch (x.kind) {
      case Kind::symbol: out_ += x.name; return;
      case Kind::null: out_ += "NULL"; return;
      case Kind::missing_argument: return;
      case Kind::language: return call(x, depth);
      case Kind::logical:
        if (x.integers.size() == 1) {
          out_ += x.integers[0] == kNaInt ? "NA" : x.integers[0] != 0 ? "TRUE" : "FALSE";
          return;
        }
        break;
      case Kind::integer:
        if (x.integers.size() == 1) {
          out_ += x.integers[0] == kNaInt ? "NA" : std::to_string(x.integers[0]) + "L";
          return;
        }
        break;
      case Kind::real:
        if (x.reals.size() == 1) {
          out_ += format_real(x.reals[0]);
          return;
        }
        break;
      case Kind::character:
        if (x.texts.size() == 1) {
          out_ += x.texts[0].is_na ? "NA" : '"' + utf8(x.texts[0]) + '"';
          return;
        }
        break;
      default: break;
    }
    out_.append("<").append(kind_name(x.kind)).append(">");
  }

  std::string take() {
    if (out_.size() <= max_text_) return std::move(out_);
    std::size_t end = max_text_;
    while (end > 0 && (static_cast<unsigned char>(out_[end]) & 0xC0u) == 0x80) --end;  // not within a character
    return out_.substr(0, end) + "...";
  }

 private:
  static constexpr int kDeepest = 40;

  void call(const Value& x, int depth) {
    const Value& function = *x.cells[0].value;
    const auto arguments = x.cells.subspan(1);
    if (depth >= kDeepest) {
      out_ += "...";
      return;
    }
    const std::string_view name = function.kind == Kind::symbol ? function.name : std::string_view();
    const bool infix = std::find(kInfix.begin(), kInfix.end(), name) != kInfix.end();
    if (infix && arguments.size() == 2) {
      const bool tight = name == "^" || name == ":" || name == "$" || name == "@" || name == "::" || name == ":::";
      value(*arguments[0].value, depth + 1);
      out_.append(tight ? "" : " ").append(name).append(tight ? "" : " ");
      return value(*arguments[1].value, depth + 1);
    }
    if (arguments.size() == 1 && (name == "~" || name == "-" || name == "+" || name == "!")) {
      out_ += name;
      return value(*arguments[0].value, depth + 1);
    }
    const bool bracket = (name == "[" || name == "[[") && !arguments.empty();
    if (name == "(" || bracket) {
      if (bracket) value(*arguments[0].value, depth + 1);
      out_ += name;
      list(bracket ? arguments.subspan(1) : arguments, depth);
      out_ += name == "(" ? ")" : name == "[" ? "]" : "]]";
      return;
    }
    value(function, depth + 1);
    out_ += '(';
    list(arguments, depth);
    out_ += ')';
  }

  void list(std::span<const Named> arguments, int depth) {
    for (std::size_t i = 0; i < arguments.size() && out_.size() < max_text_; ++i) {
      if (i > 0) out_ += ", ";
      if (!arguments[i].name.empty()) out_.append(arguments[i].name).append(" = ");
      value(*arguments[i].value, depth + 1);
    }
  }

  std::size_t max_text_;
  std::string out_;
};

}  // namespace

std::string code_text(const Value& value, std::size_t max_text) {
  CodeText text(max_text);
  text.value(value, 0);
  return text.take();
}

}  // namespace scoria::rdata
