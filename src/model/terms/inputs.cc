#include "model/terms/inputs.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/na.h"
#include "expr/date.h"
#include "expr/functions.h"
#include "expr/scalar.h"
#include "model/features.h"
#include "model/level_codes.h"
#include "table/number_text.h"

namespace scoria::model::terms {
namespace {

using expr::Argument;
using expr::Expression;
using table::Column;
using table::ColumnPtr;
using table::Type;

constexpr std::string_view kComparisons[] = {"==", "!=", "<", "<=", ">", ">=", "%in%"};
// Their arguments may be of any type.
constexpr std::string_view kTakeAny[] = {
    "is.na", "is.nan", "is.finite", "as.character", "as.logical", "factor", "ordered",  "nchar",    "substr",
    "paste", "paste0", "as.Date",   "format",       "weekdays",   "months", "quarters", "difftime", "interaction"};
// Of a date they give days or seconds, of a factor its codes.
constexpr std::string_view kTakeAmount[] = {"as.numeric", "as.double", "as.integer", "unclass"};
constexpr std::string_view kGiveText[] = {"as.character", "paste",  "paste0",   "substr",     "format",
                                          "weekdays",     "months", "quarters", "interaction"};

// Behind a column's name: the same column as numbers, dates as days. No name in a table holds a line's end.
const std::string kAsNumber = "\n(as a number)";

bool is_one_of(const Expression& call, std::span<const std::string_view> names) {
  return call->kind == expr::Kind::call && std::find(names.begin(), names.end(), call->text) != names.end();
}

bool gives_text(const Expression& expression) {
  if (expression->kind == expr::Kind::text || is_one_of(expression, kGiveText)) return true;
  return expression->is_call("c") && !expression->args.empty() &&
         std::all_of(expression->args.begin(), expression->args.end(),
                     [](const Argument& arg) { return gives_text(arg.value); });
}

bool has_constant_name(std::string_view name) { return name == "pi" || name == "T" || name == "F"; }

// Names an expression reads, with T, F and pi.
void collect_names(const Expression& expression, std::set<std::string, std::less<>>& names) {
  if (expression->kind == expr::Kind::name) names.insert(expression->text);
  for (const Argument& arg : expression->args) collect_names(arg.value, names);
}

bool is_factor_without_levels(const Expression& call) {
  if (!call->is_call("factor") && !call->is_call("ordered")) return false;
  std::size_t unnamed = 0;
  for (const Argument& arg : call->args) {
    if (arg.name == "levels") return false;
    unnamed += arg.name.empty() ? 1 : 0;
  }
  return unnamed < 2;
}

// Whether some level reads "007" or "1.0": a column of numbers would hold 7 and 1.
bool has_levels_that_numbers_lose(const Expression& factor) {
  const auto is_lost = [](const Expression& level) {
    if (level->kind != expr::Kind::text) return false;
    const std::optional<double> number = table::parse_real(level->text);
    return number && expr::Scalar{*number}.text() != level->text;
  };
  std::size_t unnamed = 0;
  for (const Argument& arg : factor->args) {
    const bool is_levels = arg.name == "levels" || (arg.name.empty() && unnamed++ == 1);
    if (!is_levels) continue;
    if (is_lost(arg.value)) return true;
    for (const Argument& level : arg.value->args)
      if (is_lost(level.value)) return true;
  }
  return false;
}

// A factor of the levels that the fit has recorded.
Result<ColumnPtr> with_levels(const Column& column, const Inputs::Input& input, std::size_t first_row) {
  std::vector<std::int32_t> codes = LevelCodes(input.recorded.levels).of_column(column);
  for (std::size_t row = 0; row < codes.size(); ++row) {
    if (codes[row] != LevelCodes::kNone || column.is_null(row)) continue;
    return Error{Code::invalid, "column '" + input.name + "' was a factor when the model was fitted: row " +
                                    std::to_string(first_row + row) + " holds '" + cell_text(column, row) +
                                    "', must be one of " + listed(input.recorded.levels)};
  }
  return Column::factor(std::move(codes), std::make_shared<const std::vector<std::string>>(input.recorded.levels),
                        false);
}

Error input_not_understood(const std::string& what, const std::string& why) {
  return Error{Code::unsupported, "the model's formula has '" + what + "': " + why};
}

}  // namespace

ColumnPtr numbers_in_text(const Column& column) {
  if (column.type() != Type::text && column.type() != Type::factor) return nullptr;
  std::vector<std::optional<expr::Moment>> moments(column.size());
  bool has_value = false;
  bool has_time = false;
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.is_null(row)) continue;
    const std::string text = cell_text(column, row);
    if (table::is_blank(text)) continue;
    has_value = true;
    moments[row] = expr::parse_moment(text);
    if (!moments[row]) return nullptr;
    has_time |= moments[row]->has_time;
  }
  std::vector<double> values(column.size(), na_real());
  for (std::size_t row = 0; has_value && row < values.size(); ++row) {
    if (!moments[row]) continue;
    const auto days = static_cast<double>(moments[row]->days);
    values[row] = has_time ? days * 86400 + moments[row]->seconds : days;
  }
  return Column::real(std::move(values));
}

Expression without_i(const Expression& expression) {
  if (expression->kind != expr::Kind::call) return expression;
  if (expression->is_call("I") && expression->args.size() == 1) return without_i(expression->args[0].value);
  std::vector<Argument> args;
  for (const Argument& arg : expression->args) args.push_back({arg.name, without_i(arg.value)});
  return Expression::call(expression->text, std::move(args), expression->place);
}

Status check_rowwise(const Expression& expression, const std::string& what) {
  for (const std::string& name : expr::functions_used(expression)) {
    if (name == "(") continue;
    const expr::FunctionInfo* function = expr::find_function(name);
    if (function == nullptr) {
      if (name == "$") return input_not_understood(what, "it reads by `$`; fit with `data =` and the columns' names");
      return input_not_understood(what, "the function '" + name + "' is not one that is evaluated here");
    }
    if (function->kind != expr::FunctionKind::elementwise)
      return input_not_understood(what, "the value of " + name + "() depends on which rows are scored together");
  }
  return Ok{};
}

Inputs::Input& Inputs::input(const std::string& name) {
  const auto [at, is_new] = position_.emplace(name, inputs_.size());
  if (is_new) inputs_.push_back({.name = name});
  return inputs_[at->second];
}

bool Inputs::is_constant(const std::string& name) const { return has_constant_name(name) && !columns_.contains(name); }

void Inputs::record(const rdata::Value* data, const rdata::Value* frame) {
  for (Input& input : inputs_)
    if (input.is_coded && input.use == Use::any) input.recorded = recorded_column(data, frame, input.name);
}

void Inputs::add_notes(const table::Table& rows, std::vector<std::string>& notes) const {
  for (const Input& input : inputs_) {
    if (!input.is_coded || input.use != Use::any || input.plain != nullptr || input.recorded.is_known) continue;
    const ColumnPtr column = rows.find(input.name);
    if (column == nullptr || !holds_numbers(*column)) continue;
    notes.push_back("column '" + input.name +
                    "': the formula takes its numbers, or its codes if it was a factor, and the model's file does not "
                    "say which it was; its numbers are taken");
  }
}

void Inputs::add_plain(const Feature& feature, bool is_used) {
  Input& own = input(feature.name);
  own.plain = &feature;
  own.is_used |= is_used;
}

Result<Expression> Inputs::add(const Expression& expression, Use use, const std::string& what, bool is_used) {
  SCORIA_TRY_STATUS(check_rowwise(expression, what));
  std::set<std::string, std::less<>> names;
  collect_names(expression, names);
  // One value for all rows would have been no variable.
  if (std::all_of(names.begin(), names.end(), has_constant_name)) columns_.merge(names);
  return note(expression, use, what, is_used);
}

Result<Expression> Inputs::note_name(const Expression& expression, Use use, const std::string& what, bool is_used) {
  const std::string& name = expression->text;
  if (is_constant(name)) return expression;
  Input& own = input(name);
  own.is_used |= is_used;
  if (own.use == Use::any) own.use = use;
  if (use != Use::any && use != own.use)
    return input_not_understood(what, "it takes column '" + name + "' for a number in one place, for text in another");
  if (use != Use::number) {
    own.is_read = true;
    return expression;
  }
  own.is_amount = true;
  return Expression::name(name + kAsNumber);
}

Result<Expression> Inputs::note(const Expression& expression, Use use, const std::string& what, bool is_used) {
  if (expression->kind == expr::Kind::name) return note_name(expression, use, what, is_used);
  if (expression->kind != expr::Kind::call) return expression;
  if (is_factor_without_levels(expression))
    return input_not_understood(
        what, expression->text + "() without levels= takes them from the rows that are scored together");
  const bool is_comparison = is_one_of(expression, kComparisons);
  const auto any_arg = [&](auto is) { return std::any_of(expression->args.begin(), expression->args.end(), is); };
  const bool is_of_text = is_comparison && any_arg([](const Argument& arg) { return gives_text(arg.value); });
  const bool is_of_number =
      is_comparison && !is_of_text && any_arg([](const Argument& arg) { return arg.value->kind != expr::Kind::name; });
  std::vector<Argument> args;
  for (std::size_t i = 0; i < expression->args.size(); ++i) {
    const Argument& arg = expression->args[i];
    if (is_one_of(expression, kTakeAmount) && arg.value->kind == expr::Kind::name && !is_constant(arg.value->text)) {
      // Of a column that may be a factor elsewhere: it is no number for that.
      Input& own = input(arg.value->text);
      own.is_used |= is_used;
      own.is_amount = true;
      own.is_coded = true;
      args.push_back({arg.name, Expression::name(own.name + kAsNumber)});
      continue;
    }
    if (is_one_of(expression, kTakeAmount) && arg.value->is_call("interaction"))
      return input_not_understood(what, "the codes of interaction() depend on which rows are scored together");
    Use inner = Use::number;
    if (expression->is_call("(")) inner = use;
    if (expression->is_call("ifelse")) inner = i == 0 ? Use::any : use;
    if (is_one_of(expression, kTakeAny) || is_one_of(expression, kTakeAmount)) inner = Use::any;
    if (expression->is_call("startsWith")) inner = Use::text;
    const bool is_factor = expression->is_call("factor") || expression->is_call("ordered");
    if (is_factor && i == 0 && has_levels_that_numbers_lose(expression)) inner = Use::text;
    if (is_comparison) inner = is_of_text ? Use::text : is_of_number ? Use::number : Use::any;
    SCORIA_TRY(noted, note(arg.value, inner, what, is_used));
    args.push_back({arg.name, std::move(noted)});
  }
  return Expression::call(expression->text, std::move(args), expression->place);
}

std::vector<Feature> Inputs::features(
    const std::map<std::string, std::vector<std::string>>& levels_of_factor_of) const {
  std::vector<Feature> features;
  for (const Input& input : inputs_) {
    Feature feature{.name = input.name, .kind = FeatureKind::number, .levels = {}, .is_used = input.is_used};
    if (input.plain == nullptr && !input.recorded.levels.empty()) {
      feature.kind = FeatureKind::factor;
      feature.levels = input.recorded.levels;
    } else if (input.plain != nullptr) {
      feature.kind = input.plain->kind;
      feature.levels = input.plain->levels;
    } else if (input.use == Use::text) {
      feature.kind = FeatureKind::factor;
    } else if (const auto found = levels_of_factor_of.find(input.name);
               found != levels_of_factor_of.end() && input.use == Use::any) {
      const std::vector<std::string>& levels = found->second;
      const auto all = [&](auto is) { return std::all_of(levels.begin(), levels.end(), is); };
      if (all([](const auto& level) { return level == "TRUE" || level == "FALSE"; })) {
        feature.kind = FeatureKind::logical;
      } else if (!all([](const auto& level) { return table::parse_real(level).has_value(); })) {
        feature.kind = FeatureKind::factor;
      }
    }
    features.push_back(std::move(feature));
  }
  return features;
}

Result<table::Table> Inputs::bind(const table::Table& rows, std::size_t first_row) const {
  table::Table bound(rows.rows());
  for (const Input& input : inputs_) {
    if (!input.is_read && !input.is_amount) continue;
    ColumnPtr column = rows.find(input.name);
    SCORIA_CHECK(column != nullptr);
    if (input.plain != nullptr && !input.plain->levels.empty()) {
      column = Column::factor(LevelCodes(input.plain->levels).of_column(*column),
                              std::make_shared<const std::vector<std::string>>(input.plain->levels),
                              input.plain->kind == FeatureKind::ordered);
    }
    if (input.is_read) bound.add(input.name, column);
    if (!input.is_amount) continue;
    if (!input.recorded.levels.empty()) {
      SCORIA_TRY(factor, with_levels(*rows.find(input.name), input, first_row));
      bound.add(input.name + kAsNumber, std::move(factor));
      continue;
    }
    if (ColumnPtr numbers = numbers_in_text(*column)) column = std::move(numbers);
    // A factor column has codes, which as.numeric() takes; where a number is meant, it is none.
    if (column->type() != Type::factor || input.use == Use::number) {
      auto numbers = require_numbers(*column, input.name, first_row);
      if (!numbers.ok() && input.is_coded && input.plain == nullptr && !input.recorded.is_known)
        return with_context("the formula takes codes of a factor whose levels the model's file does not hold",
                            std::move(numbers).error());
      SCORIA_TRY_STATUS(numbers);
    }
    bound.add(input.name + kAsNumber, std::move(column));
  }
  return bound;
}

}  // namespace scoria::model::terms
