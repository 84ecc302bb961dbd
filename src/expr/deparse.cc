#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "expr/grammar.h"
#include "expr/parse.h"

namespace scoria::expr {
namespace {

using table::Type;

bool is_plain_name(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
  };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (name.empty() || is_reserved_word(name)) return false;
  if (!is_letter(name[0]) && name[0] != '.') return false;
  if (name.size() > 1 && name[0] == '.' && is_digit(name[1])) return false;
  for (const char c : name)
    if (!is_letter(c) && !is_digit(c) && c != '.' && c != '_') return false;
  return true;
}

void append_quoted(std::string_view text, char quote, std::string& out) {
  out += quote;
  for (const char c : text) {
    switch (c) {
      case '\n': out += "\\n"; break;
      case '\t': out += "\\t"; break;
      case '\r': out += "\\r"; break;
      case '\\': out += "\\\\"; break;
      default:
        if (c == quote) out += '\\';
        out += c;
    }
  }
  out += quote;
}

// The shortest decimal that reads back to the same bits.
std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Inf" : "-Inf";
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return std::string(buffer.data(), end);
}

std::string_view na_text(Type type) {
  switch (type) {
    case Type::integer: return "NA_integer_";
    case Type::real: return "NA_real_";
    case Type::text: return "NA_character_";
    default: return "NA";
  }
}

class Printer {
 public:
  // `least`: the weakest operator that may stand here without parentheses.
  void print(const Expression& expression, int least) {
    const bool wrap = power(*expression) < least;
    if (wrap) out_ += '(';
    print_bare(*expression);
    if (wrap) out_ += ')';
  }

  std::string out_;

 private:
  static bool is_prefix(const Node& node) {
    return node.kind == Kind::call && node.args.size() == 1 &&
           (node.text == "-" || node.text == "+" || node.text == "!");
  }
  static bool is_infix(const Node& node) {
    return node.kind == Kind::call && node.args.size() == 2 && binary_operator(node.text) &&
           node.args[0].name.empty() && node.args[1].name.empty();
  }
  static bool is_member(const Node& node) {
    return node.is_call("$") && node.args.size() == 2 &&
           (node.args[1].value->kind == Kind::name || node.args[1].value->kind == Kind::text);
  }

  static int power(const Node& node) {
    if (node.kind == Kind::number && std::signbit(node.number) && !std::isnan(node.number)) return kUnaryPower;
    if (node.kind == Kind::integer && node.integer < 0) return kUnaryPower;
    if (is_prefix(node) && node.args[0].name.empty()) return node.text == "!" ? kNotPower : kUnaryPower;
    if (is_infix(node)) return binary_operator(node.text)->power;
    return kAtomPower;
  }

  void print_bare(const Node& node) {
    switch (node.kind) {
      case Kind::number: out_ += number_text(node.number); return;
      case Kind::integer: out_ += std::to_string(node.integer) + "L"; return;
      case Kind::text: append_quoted(node.text, '"', out_); return;
      case Kind::logical: out_ += node.logical ? "TRUE" : "FALSE"; return;
      case Kind::null: out_ += "NULL"; return;
      case Kind::na: out_ += na_text(node.na_type); return;
      case Kind::name: out_ += quoted_name(node.text); return;
      case Kind::call: print_call(node); return;
    }
  }

  void print_call(const Node& node) {
    if (is_prefix(node) && node.args[0].name.empty()) {
      out_ += node.text;
      // A prefix operator of lower power than the operand's place needs no parentheses: R reads -!a as -(!a).
      print(node.args[0].value, node.text == "!" ? kNotPower : kUnaryPower);
    } else if (is_infix(node)) {
      print_infix(node);
    } else if (is_member(node)) {
      print(node.args[0].value, kAtomPower);
      out_ += '$';
      out_ += quoted_name(node.args[1].value->text);
    } else if (node.text == "(" && node.args.size() == 1 && node.args[0].name.empty()) {
      out_ += '(';
      print(node.args[0].value, 0);
      out_ += ')';
    } else {
      print_function(node);
    }
  }

  void print_infix(const Node& node) {
    const Operator rule = *binary_operator(node.text);
    const bool spaced = rule.power < 80;
    print(node.args[0].value, rule.is_comparison || rule.is_right_associative ? rule.power + 1 : rule.power);
    if (spaced) out_ += ' ';
    out_ += node.text;
    if (spaced) out_ += ' ';
    print(node.args[1].value, rule.is_right_associative ? rule.power : rule.power + 1);
  }

  void print_function(const Node& node) {
    out_ += quoted_name(node.text);
    out_ += '(';
    bool first = true;
    for (const Argument& argument : node.args) {
      if (!first) out_ += ", ";
      first = false;
      if (!argument.name.empty()) out_ += quoted_name(argument.name) + " = ";
      print(argument.value, 0);
    }
    out_ += ')';
  }
};

}  // namespace

std::string deparse(const Expression& expression) {
  Printer printer;
  printer.print(expression, 0);
  return std::move(printer.out_);
}

std::string quoted_name(std::string_view name) {
  if (is_plain_name(name)) return std::string(name);
  std::string out;
  append_quoted(name, '`', out);
  return out;
}

}  // namespace scoria::expr
