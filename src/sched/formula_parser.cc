#include "sched/formula_parser.h"

#include <array>
#include <utility>

#include "sched/formula_functions.h"
#include "sched/formula_lexer.h"
#include "sched/formula_names.h"

namespace scoria::sched::formula {
namespace {

using Symbols = std::array<std::pair<std::string_view, Op>, 6>;
constexpr Symbols kComparisons = {{{"<", Op::less},
                                   {"<=", Op::less_equal},
                                   {"==", Op::equal},
                                   {">=", Op::greater_equal},
                                   {">", Op::greater},
                                   {"!=", Op::not_equal}}};

class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) {}
  Result<Program> run();

 private:
  // Each reads its rule and leaves the code for it in program_.
  Status statement();
  Status choice();
  Status any_of();
  Status all_of();
  Status comparison();
  Status sum();
  Status product();
  Status sign();
  Status postfix();
  Status primary();
  Status after_point();
  Status call(const Token& name);
  Result<int> list(std::string_view close);

  Status advance();
  Status expect(std::string_view symbol, const std::string& why);
  Error unexpected(const std::string& expected) const {
    return syntax_error(token_.place, "unexpected " + token_.shown() + ": expected " + expected);
  }
  std::size_t emit(Op op, Place place, std::uint32_t index = 0, std::uint16_t count = 0) {
    program_.code.push_back(Instruction{op, count, index, 0, place});
    return program_.code.size() - 1;
  }
  void land(std::size_t jump) { program_.code[jump].index = static_cast<std::uint32_t>(program_.code.size()); }
  std::uint32_t name_index(std::string_view text);
  Status check_settable(const Token& name) const;

  Lexer lexer_;
  Token token_;
  Token next_;  // one token ahead: tells "name =" from an expression
  Program program_;
  int depth_ = 0;
};

Status Parser::advance() {
  token_ = next_;
  SCORIA_TRY(read, lexer_.next());
  next_ = read;
  return Ok{};
}

Status Parser::expect(std::string_view symbol, const std::string& why) {
  if (!token_.is(symbol)) return unexpected("'" + std::string(symbol) + "' " + why);
  return advance();
}

// $tasks and tasks are one variable, as the dollar sign of users' variables is optional; it is shown as first
// written.
std::uint32_t Parser::name_index(std::string_view text) {
  Name name = resolve_name(text);
  const auto bare = [](std::string_view of) { return of.starts_with('$') ? of.substr(1) : of; };
  for (std::size_t i = 0; i < program_.names.size(); ++i) {
    const Name& known = program_.names[i];
    if (known.kind != name.kind) continue;
    if (known.text == text || (name.kind == NameKind::user && bare(known.text) == bare(text))) {
      return static_cast<std::uint32_t>(i);
    }
  }
  program_.names.push_back(std::move(name));
  return static_cast<std::uint32_t>(program_.names.size() - 1);
}

Status Parser::check_settable(const Token& name) const {
  const NameKind kind = resolve_name(name.text).kind;
  if (kind != NameKind::metric && kind != NameKind::interval) return Ok{};
  return syntax_error(name.place, "'" + std::string(name.text) +
                                      "' cannot be set: of the service's variables only "
                                      "$TargetDedicatedNodes, "
                                      "$TargetLowPriorityNodes and $NodeDeallocationOption can");
}

Result<Program> Parser::run() {
  SCORIA_TRY_STATUS(advance());
  SCORIA_TRY_STATUS(advance());
  int statements = 0;
  while (token_.kind != TokenKind::end) {
    if (token_.is(";")) {  // an empty statement does no harm
      SCORIA_TRY_STATUS(advance());
      continue;
    }
    if (++statements > kStatementLimit) {
      return syntax_error(token_.place, "more than " + std::to_string(kStatementLimit) + " statements");
    }
    SCORIA_TRY_STATUS(statement());
    if (token_.kind == TokenKind::end) break;
    if (!token_.is(";")) return unexpected("an operator, or ';' after the statement before");
    SCORIA_TRY_STATUS(advance());
  }
  if (statements == 0) {
    return syntax_error(token_.place,
                        "the formula has no statement: expected "
                        "one such as $TargetDedicatedNodes = 1;");
  }
  return std::move(program_);
}

Status Parser::statement() {
  if (token_.kind != TokenKind::name || !next_.is("=")) {
    SCORIA_TRY_STATUS(choice());
    emit(Op::drop, token_.place);
    return Ok{};
  }
  const Token name = token_;
  SCORIA_TRY_STATUS(check_settable(name));
  SCORIA_TRY_STATUS(advance());
  SCORIA_TRY_STATUS(advance());
  SCORIA_TRY_STATUS(choice());
  emit(Op::store, name.place, name_index(name.text));
  return Ok{};
}

Status Parser::choice() {
  if (depth_ >= kDepthLimit) {
    return syntax_error(token_.place, "more than " + std::to_string(kDepthLimit) + " levels within each other");
  }
  ++depth_;
  SCORIA_TRY_STATUS(any_of());
  if (token_.is("?")) {
    const std::size_t to_else = emit(Op::jump_if_zero, token_.place);
    SCORIA_TRY_STATUS(advance());
    SCORIA_TRY_STATUS(choice());
    const std::size_t to_end = emit(Op::jump, token_.place);
    SCORIA_TRY_STATUS(expect(":", "and the value otherwise"));
    land(to_else);
    SCORIA_TRY_STATUS(choice());
    land(to_end);
  }
  --depth_;
  return Ok{};
}

Status Parser::any_of() {
  SCORIA_TRY_STATUS(all_of());
  while (token_.is("||")) {
    const std::size_t jump = emit(Op::one_or_continue, token_.place);
    const Place place = token_.place;
    SCORIA_TRY_STATUS(advance());
    SCORIA_TRY_STATUS(all_of());
    emit(Op::truth, place);
    land(jump);
  }
  return Ok{};
}

Status Parser::all_of() {
  SCORIA_TRY_STATUS(comparison());
  while (token_.is("&&")) {
    const std::size_t jump = emit(Op::zero_or_continue, token_.place);
    const Place place = token_.place;
    SCORIA_TRY_STATUS(advance());
    SCORIA_TRY_STATUS(comparison());
    emit(Op::truth, place);
    land(jump);
  }
  return Ok{};
}

Status Parser::comparison() {
  SCORIA_TRY_STATUS(sum());
  bool is_second = false;
  for (std::size_t i = 0; i < kComparisons.size();) {
    const auto& [symbol, op] = kComparisons[i];
    if (!token_.is(symbol)) {
      ++i;
      continue;
    }
    if (is_second) return unexpected("'&&': comparisons do not chain, write a < b && b < c");
    const Place place = token_.place;
    SCORIA_TRY_STATUS(advance());
    SCORIA_TRY_STATUS(sum());
    emit(op, place);
    is_second = true;
    i = 0;
  }
  return Ok{};
}

Status Parser::sum() {
  SCORIA_TRY_STATUS(product());
  while (token_.is("+") || token_.is("-")) {
    const Op op = token_.is("+") ? Op::add : Op::subtract;
    const Place place = token_.place;
    SCORIA_TRY_STATUS(advance());
    SCORIA_TRY_STATUS(product());
    emit(op, place);
  }
  return Ok{};
}

Status Parser::product() {
  SCORIA_TRY_STATUS(sign());
  while (token_.is("*") || token_.is("/")) {
    const Op op = token_.is("*") ? Op::multiply : Op::divide;
    const Place place = token_.place;
    SCORIA_TRY_STATUS(advance());
    SCORIA_TRY_STATUS(sign());
    emit(op, place);
  }
  return Ok{};
}

Status Parser::sign() {
  std::vector<std::pair<Op, Place>> signs;
  while (token_.is("-") || token_.is("!")) {
    signs.emplace_back(token_.is("-") ? Op::negate : Op::logical_not, token_.place);
    SCORIA_TRY_STATUS(advance());
  }
  SCORIA_TRY_STATUS(postfix());
  for (auto sign = signs.rbegin(); sign != signs.rend(); ++sign) emit(sign->first, sign->second);
  return Ok{};
}

Status Parser::postfix() {
  SCORIA_TRY_STATUS(primary());
  while (token_.is(".")) {
    SCORIA_TRY_STATUS(advance());
    SCORIA_TRY_STATUS(after_point());
  }
  return Ok{};
}

Status Parser::after_point() {
  const Token name = token_;
  if (name.kind != TokenKind::name) return unexpected("a name after '.', such as hour or GetSample");
  SCORIA_TRY_STATUS(advance());
  if (!token_.is("(")) {
    const auto member = find_member(name.text);
    if (!member) {
      const std::string what = find_method(name.text) ? " must be called: expected '(' after it"
                                                      : " is no part of a time: expected year, month, day, weekday, "
                                                        "hour, minute or second";
      return syntax_error(name.place, name.shown() + what);
    }
    emit(Op::member, name.place, static_cast<std::uint32_t>(*member));
    return Ok{};
  }
  const auto method = find_method(name.text);
  if (!method) {
    return syntax_error(name.place, name.shown() +
                                        " is no method of a metric: expected GetSample, GetSamplePercent, "
                                        "GetSamplePeriod, Count or HistoryBeginTime");
  }
  SCORIA_TRY_STATUS(advance());
  SCORIA_TRY(count, list(")"));
  emit(Op::method, name.place, static_cast<std::uint32_t>(*method), static_cast<std::uint16_t>(count));
  return Ok{};
}

Result<int> Parser::list(std::string_view close) {
  int count = 0;
  if (!token_.is(close)) {
    while (true) {
      SCORIA_TRY_STATUS(choice());
      ++count;  // at most half of 8 KiB
      if (!token_.is(",")) break;
      SCORIA_TRY_STATUS(advance());
    }
  }
  SCORIA_TRY_STATUS(expect(close, "or ',' after a value"));
  return count;
}

Status Parser::call(const Token& name) {
  const auto function = find_function(name.text);
  if (!function) return syntax_error(name.place, name.shown() + " is no function: expected " + function_names());
  SCORIA_TRY_STATUS(advance());
  SCORIA_TRY(count, list(")"));
  const Function& called = function_at(*function);
  if (count < called.min_arguments || (called.max_arguments >= 0 && count > called.max_arguments)) {
    const std::string least = std::to_string(called.min_arguments);
    const std::string most = std::to_string(called.max_arguments);
    return syntax_error(name.place, name.shown() + " has " + std::to_string(count) + " arguments: expected " +
                                        (called.max_arguments < 0 ? least + " or more"
                                         : least == most          ? least
                                                                  : least + " to " + most));
  }
  emit(Op::call, name.place, *function, static_cast<std::uint16_t>(count));
  return Ok{};
}

Status Parser::primary() {
  const Token token = token_;
  if (token.kind == TokenKind::number) {
    SCORIA_TRY_STATUS(advance());
    program_.code[emit(Op::push_number, token.place)].value = token.number;
    return Ok{};
  }
  if (token.kind == TokenKind::text) {
    SCORIA_TRY_STATUS(advance());
    program_.texts.emplace_back(token.text);
    emit(Op::push_text, token.place, static_cast<std::uint32_t>(program_.texts.size() - 1));
    return Ok{};
  }
  if (token.kind == TokenKind::name) {
    SCORIA_TRY_STATUS(advance());
    if (token_.is("(")) return call(token);
    emit(Op::load, token.place, name_index(token.text));
    return Ok{};
  }
  if (token.is("(")) {
    SCORIA_TRY_STATUS(advance());
    SCORIA_TRY_STATUS(choice());
    return expect(")", "to close the '(' of " + shown(token.place));
  }
  if (token.is("[")) {
    SCORIA_TRY_STATUS(advance());
    SCORIA_TRY(count, list("]"));
    emit(Op::make_vector, token.place, 0, static_cast<std::uint16_t>(count));
    return Ok{};
  }
  return unexpected("a number, a text, a name, a function, '(' or '['");
}

}  // namespace

Result<Program> parse(std::string_view text) {
  if (text.size() > kTextLimit) {
    return Error{Code::invalid,
                 "the autoscale formula has " + std::to_string(text.size()) + " bytes: at most " +
                     std::to_string(kTextLimit) + " are allowed",
                 "AutoScaleFormulaTooLong"};
  }
  return Parser(text).run();
}

}  // namespace scoria::sched::formula
