#include "expr/parse.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "expr/grammar.h"
#include "expr/lexer.h"
#include "expr/message.h"

namespace scoria::expr {
namespace {

using table::Type;

// What the grammar of R knows and a feature does not need, with the reason given to people.
std::string refusal(std::string_view op) {
  const auto quoted = "'" + std::string(op) + "'";
  if (op == "<-" || op == "<<-" || op == "->" || op == "->>" || op == ":=" || op == "=")
    return "assignment by " + quoted + " is not supported" + (op == "=" ? "; compare with ==" : "");
  if (op == "[" || op == "[[") return "indexing by " + quoted + " is not supported";
  if (op == "{" || op == "}" || op == ";") return quoted + " is not supported: write one expression";
  if (op == "~") return "the formula operator '~' is not supported here";
  if (op == "?" || op == "@" || op == "::" || op == ":::" || op == "|>" || op == "\\")
    return "the operator " + quoted + " is not supported";
  return "unexpected " + quoted;
}

class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens)
      : source_(std::make_shared<const std::string>(text)), tokens_(std::move(tokens)) {}

  Result<Expression> run() {
    if (current().kind == TokenKind::end) return fail(current(), "the expression is empty");
    SCORIA_TRY(expression, parse_binary(0));
    if (current().kind != TokenKind::end) return unexpected(current());
    return expression;
  }

 private:
  // Recursion of the parser itself, which parentheses and prefix operators drive.
  struct Nesting {
    explicit Nesting(std::uint32_t& depth) : depth_(depth) { ++depth_; }
    ~Nesting() { --depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;
    std::uint32_t& depth_;
  };

  const Token& current() const { return tokens_[at_]; }
  bool is_op(std::string_view op) const { return current().kind == TokenKind::op && current().text == op; }
  Place place(const Token& token) const { return {source_, token.offset}; }

  Error fail(const Token& token, std::string_view message) const {
    return Error{Code::invalid, at_column(*source_, token.offset).append(message)};
  }
  Error too_deep(const Token& token) const {
    return Error{Code::too_large,
                 at_column(*source_, token.offset) + "nested deeper than " + std::to_string(kMaxDepth) + " levels"};
  }
  Error unexpected(const Token& token) const {
    switch (token.kind) {
      case TokenKind::end: return fail(token, "the expression ends too early");
      case TokenKind::op: return fail(token, refusal(token.text));
      case TokenKind::name: return fail(token, "unexpected name '" + token.text + "'");
      case TokenKind::text: return fail(token, "unexpected text");
      default: return fail(token, "unexpected number");
    }
  }

  Result<Expression> make_call(const Token& op, std::string function, std::vector<Argument> args) const {
    Expression call = Expression::call(std::move(function), std::move(args), place(op));
    if (call->depth > kMaxDepth) return too_deep(op);
    return call;
  }

  // Operators of at least `least` binding power.
  Result<Expression> parse_binary(int least) {
    const Nesting nesting(depth_);
    if (depth_ > kMaxDepth) return too_deep(current());
    SCORIA_TRY(left, parse_prefix());
    bool compared = false;
    while (true) {
      const Token& op = current();
      if (op.kind != TokenKind::op) return left;
      const std::optional<Operator> rule = binary_operator(op.text);
      if (!rule || rule->power < least) return left;
      if (rule->is_comparison && compared) return fail(op, "comparisons cannot be chained: use & between two of them");
      compared = rule->is_comparison;
      ++at_;
      SCORIA_TRY(right, parse_binary(rule->is_right_associative ? rule->power : rule->power + 1));
      SCORIA_TRY(call, make_call(op, op.text, {{"", left}, {"", right}}));
      left = call;
    }
  }

  Result<Expression> parse_prefix() {
    const Token& op = current();
    if (op.kind == TokenKind::op && (op.text == "-" || op.text == "+" || op.text == "!")) {
      ++at_;
      SCORIA_TRY(operand, parse_binary(op.text == "!" ? kNotPower : kUnaryPower));
      return make_call(op, op.text, {{"", operand}});
    }
    return parse_postfix();
  }

  Result<Expression> parse_postfix() {
    SCORIA_TRY(expression, parse_atom());
    while (true) {
      const Token& op = current();
      if (is_op("(")) return fail(op, "only a function's name can be called");
      if (!is_op("$")) return expression;
      ++at_;
      const Token& member = current();
      if ((member.kind != TokenKind::name && member.kind != TokenKind::text) || member.text.empty())
        return fail(member, "a column's name must follow '$'");
      ++at_;
      SCORIA_TRY(call, make_call(op, "$", {{"", expression}, {"", Expression::name(member.text, place(member))}}));
      expression = call;
    }
  }

  Result<Expression> parse_atom() {
    const Token& token = current();
    switch (token.kind) {
      case TokenKind::number: ++at_; return Expression::number(token.number, place(token));
      case TokenKind::integer: ++at_; return Expression::integer(token.integer, place(token));
      case TokenKind::text: ++at_; return Expression::text(token.text, place(token));
      case TokenKind::name: return parse_name();
      default: break;
    }
    if (!is_op("(")) return unexpected(token);
    ++at_;
    SCORIA_TRY(inner, parse_binary(0));
    if (!is_op(")")) return unclosed(token);
    ++at_;
    return make_call(token, "(", {{"", inner}});
  }

  Error unclosed(const Token& open) const {
    if (current().kind != TokenKind::end) return unexpected(current());
    return fail(current(), "the expression ends, but '(' of column " +
                               std::to_string(column_at(*source_, open.offset)) + " is not closed");
  }

  Result<Expression> parse_name() {
    const Token& token = current();
    ++at_;
    const bool is_called = is_op("(");
    if (!token.quoted) {
      if (const auto constant = keyword_constant(token)) {
        if (is_called) return fail(token, "'" + token.text + "' is not a function");
        return *constant;
      }
      if (is_reserved_word(token.text)) return fail(token, "'" + token.text + "' is not supported in expressions");
    }
    if (is_called) return parse_call(token);
    return Expression::name(token.text, place(token));
  }

  std::optional<Expression> keyword_constant(const Token& token) const {
    const std::string_view word = token.text;
    const Place here = place(token);
    if (word == "TRUE") return Expression::logical(true, here);
    if (word == "FALSE") return Expression::logical(false, here);
    if (word == "NULL") return Expression::null(here);
    if (word == "NaN") return Expression::number(std::numeric_limits<double>::quiet_NaN(), here);
    if (word == "Inf") return Expression::number(std::numeric_limits<double>::infinity(), here);
    if (word == "NA") return Expression::na(Type::logical, here);
    if (word == "NA_integer_") return Expression::na(Type::integer, here);
    if (word == "NA_real_") return Expression::na(Type::real, here);
    if (word == "NA_character_") return Expression::na(Type::text, here);
    return std::nullopt;
  }

  Result<Expression> parse_call(const Token& function) {
    const Token& open = current();
    ++at_;
    std::vector<Argument> args;
    if (is_op(")")) {
      ++at_;
      return make_call(function, function.text, {});
    }
    while (true) {
      SCORIA_TRY(argument, parse_argument());
      args.push_back(argument);
      if (is_op(")")) break;
      if (!is_op(",")) return unclosed(open);
      ++at_;
    }
    ++at_;
    return make_call(function, function.text, std::move(args));
  }

  Result<Argument> parse_argument() {
    const Token& token = current();
    if (is_op(",") || is_op(")")) return fail(token, "an argument is empty");
    const Token& next = tokens_[std::min(at_ + 1, tokens_.size() - 1)];
    Argument argument{"", Expression::null()};
    if ((token.kind == TokenKind::name || token.kind == TokenKind::text) && next.kind == TokenKind::op &&
        next.text == "=") {
      if (token.text.empty()) return fail(token, "an argument's name is empty");
      argument.name = token.text;
      at_ += 2;
    }
    SCORIA_TRY(value, parse_binary(0));
    argument.value = value;
    return argument;
  }

  std::shared_ptr<const std::string> source_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::uint32_t depth_ = 0;
};

}  // namespace

Result<Expression> parse(std::string_view text) {
  if (text.size() > kMaxTextBytes)
    return Error{Code::too_large, "expression of " + std::to_string(text.size()) + " bytes, must be at most " +
                                      std::to_string(kMaxTextBytes)};
  const auto located = [&](Error error) {
    return Error{error.code, "expression '" + shown(text) + "', " + std::move(error).message};
  };
  auto tokens = tokenize(text);
  if (!tokens.ok()) return located(std::move(tokens).error());
  auto expression = Parser(text, std::move(tokens).value()).run();
  if (!expression.ok()) return located(std::move(expression).error());
  return expression;
}

}  // namespace scoria::expr
