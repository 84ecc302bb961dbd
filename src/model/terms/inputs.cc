#include "model/terms/inputs.h"

#include <algorithm>
#include <utility>

#include "base/na.h"
#include "expr/functions.h"
#include "model/features.h"
#include "model/level_codes.h"
#include "table/number_text.h"

namespace scoria::model::terms {
namespace {

using expr::Argument;
using expr::Expression;
using expr::Kind;
using table::Column;
using table::ColumnPtr;
using table::Type;

constexpr std::string_view kComparisons[] = {"==", "!=", "<", "<=", ">", ">=", "%in%"};
// Their arguments may be of any type.
constexpr std::string_view kTakeAny[] = {"is.na",      "is.nan",     "is.finite", "as.character",
                                         "as.numeric", "as.integer", "as.logical"};

bool is_one_of(const Expression& call, std::span<const std::string_view> names) {
  return call->kind == Kind::call && std::find(names.begin(), names.end(), call->text) != names.end();
}

bool gives_text(const Expression& expression) {
  if (expression->kind == Kind::text || expression->is_call("as.character")) return true;
  return expression->is_call("c") && !expression->args.empty() &&
         std::all_of(expression->args.begin(), expression->args.end(),
                     [](const Argument& arg) { return gives_text(arg.value); });
}

Error not_understood(const std::string& what, const std::string& why) {
  return Error{Code::unsupported, "the model's formula has '" + what + "': " + why};
}

// A column of text without a value, as an empty CSV column comes.
bool has_no_value(const Column& column) {
  for (std::size_t row = 0; row < column.size(); ++row)
    if (!column.is_null(row) && !table::is_blank(cell_text(column, row))) return false;
  return true;
}

}  // namespace

Expression without_i(const Expression& expression) {
  if (expression->kind != Kind::call) return expression;
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
      if (name == "$") return not_understood(what, "it reads by `$`; fit with `data =` and the columns' names");
      return not_understood(what, "the function '" + name + "' is not one that is evaluated here");
    }
    if (function->kind != expr::FunctionKind::elementwise)
      return not_understood(what, "the value of " + name + "() depends on which rows are scored together");
  }
  return Ok{};
}

Inputs::Input& Inputs::input(const std::string& name) {
  const auto [at, is_new] = position_.emplace(name, inputs_.size());
  if (is_new) {
    inputs_.push_back({.name = name});
    is_read_.push_back(false);
  }
  return inputs_[at->second];
}

void Inputs::add_plain(const Feature& feature, bool is_used) {
  Input& own = input(feature.name);
  own.plain = &feature;
  own.is_used |= is_used;
}

Status Inputs::add(const Expression& expression, Use use, const std::string& what, bool is_used) {
  SCORIA_TRY_STATUS(check_rowwise(expression, what));
  return note(expression, use, what, is_used);
}

Status Inputs::note(const Expression& expression, Use use, const std::string& what, bool is_used) {
  if (expression->kind == Kind::name) {
    const std::string& name = expression->text;
    if (name == "pi" || name == "T" || name == "F") return Ok{};
    Input& own = input(name);
    is_read_[position_[name]] = true;
    own.is_used |= is_used;
    if (own.use == Use::any) own.use = use;
    if (use != Use::any && use != own.use)
      return not_understood(what, "it takes column '" + name + "' for a number in one place, for text in another");
    return Ok{};
  }
  if (expression->kind != Kind::call) return Ok{};
  const bool is_comparison = is_one_of(expression, kComparisons);
  const bool is_of_text = is_comparison && std::any_of(expression->args.begin(), expression->args.end(),
                                                       [](const Argument& arg) { return gives_text(arg.value); });
  const bool has_constant =
      is_comparison && std::any_of(expression->args.begin(), expression->args.end(),
                                   [](const Argument& arg) { return arg.value->kind != Kind::name; });
  for (std::size_t i = 0; i < expression->args.size(); ++i) {
    Use inner = Use::number;
    if (expression->is_call("(")) inner = use;
    if (expression->is_call("ifelse")) inner = i == 0 ? Use::any : use;
    if (is_one_of(expression, kTakeAny)) inner = Use::any;
    if (is_comparison) inner = is_of_text ? Use::text : has_constant ? Use::number : Use::any;
    SCORIA_TRY_STATUS(note(expression->args[i].value, inner, what, is_used));
  }
  return Ok{};
}

std::vector<Feature> Inputs::features(
    const std::map<std::string, std::vector<std::string>>& levels_of_factor_of) const {
  std::vector<Feature> features;
  for (const Input& input : inputs_) {
    Feature feature{.name = input.name, .kind = FeatureKind::number, .levels = {}, .is_used = input.is_used};
    if (input.plain != nullptr) {
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
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (!is_read_[i]) continue;
    const Input& input = inputs_[i];
    ColumnPtr column = rows.find(input.name);
    SCORIA_CHECK(column != nullptr);
    const bool is_factor = input.plain != nullptr && !input.plain->levels.empty();
    if (is_factor && input.use != Use::number) {
      column = Column::factor(LevelCodes(input.plain->levels).of_column(*column),
                              std::make_shared<const std::vector<std::string>>(input.plain->levels),
                              input.plain->kind == FeatureKind::ordered);
    } else if (input.use == Use::number) {
      SCORIA_TRY_STATUS(require_numbers(*column, input.name, first_row));
      if (!holds_numbers(*column) && column->type() != Type::logical)
        column = Column::real(std::vector<double>(rows.rows(), na_real()));
    } else if (input.use == Use::any && column->type() == Type::text && has_no_value(*column)) {
      column = Column::real(std::vector<double>(rows.rows(), na_real()));
    }
    bound.add(input.name, std::move(column));
  }
  return bound;
}

}  // namespace scoria::model::terms
