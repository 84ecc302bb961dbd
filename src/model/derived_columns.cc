#include "model/derived_columns.h"

#include <algorithm>
#include <set>

#include "base/na.h"
#include "expr/frame.h"
#include "expr/functions.h"
#include "expr/parse.h"
#include "model/terms/inputs.h"
#include "table/number_text.h"

namespace scoria::model {
namespace {

using expr::Argument;
using expr::Expression;
using table::Type;

Error not_understood(const std::string& label, const std::string& why) {
  return Error{Code::unsupported, "the model's formula has the term '" + label + "': " + why};
}

// a:b and a %in% b, which hold variables and are none.
bool is_interaction(const Expression& term) {
  return (term->is_call(":") || term->is_call("%in%")) && term->args.size() == 2;
}

void split_term(const Expression& term, std::vector<Expression>& variables) {
  if (!is_interaction(term)) {
    variables.push_back(term);
    return;
  }
  for (const Argument& part : term->args) split_term(part.value, variables);
}

bool makes_factor(const Expression& expression) {
  return expression->is_call("factor") || expression->is_call("as.factor") || expression->is_call("ordered") ||
         expression->is_call("as.ordered");
}

bool is_text_constant(const Expression& expression) {
  if (expression->kind == expr::Kind::text) return true;
  return expression->is_call("c") && !expression->args.empty() &&
         std::all_of(expression->args.begin(), expression->args.end(),
                     [](const Argument& arg) { return arg.value->kind == expr::Kind::text; });
}

bool is_comparison(const Expression& call) {
  return call->is_call("==") || call->is_call("!=") || call->is_call("%in%");
}

bool all_numbers(const std::vector<std::string>& levels) {
  return std::all_of(levels.begin(), levels.end(),
                     [](const auto& level) { return table::parse_real(level).has_value(); });
}

bool all_logicals(const std::vector<std::string>& levels) {
  return std::all_of(levels.begin(), levels.end(),
                     [](const auto& level) { return level == "TRUE" || level == "FALSE"; });
}

// A column that only factor(k) reads: its kind shows in the levels that came out.
FeatureKind kind_behind(const std::vector<std::string>& levels) {
  if (levels.empty() || all_numbers(levels)) return FeatureKind::number;
  return all_logicals(levels) ? FeatureKind::logical : FeatureKind::factor;
}

}  // namespace

Result<DerivedColumns> DerivedColumns::parse(std::span<const std::string> term_labels,
                                             std::span<const std::string> columns) {
  DerivedColumns derived;
  const std::set<std::string, std::less<>> plain(columns.begin(), columns.end());
  std::set<std::string> seen;
  for (const std::string& label : term_labels) {
    std::vector<Expression> parts;
    auto term = expr::parse(label);
    if (term.ok()) {
      split_term(term.value(), parts);
    } else if (plain.contains(label)) {
      parts.push_back(Expression::name(label));  // a name that R would quote, as it stands
    } else {
      return not_understood(label, term.error().message);
    }
    for (const Expression& part : parts) {
      // The part's text is the label itself where nothing was split off, so that names are what R calls them.
      std::string name = part->kind == expr::Kind::name ? part->text : parts.size() == 1 ? label : expr::deparse(part);
      if (!seen.insert(name).second) continue;
      SCORIA_TRY(variable, understand(label, part));
      if (variable.column.empty()) {
        SCORIA_TRY_STATUS(derived.note_uses(*variable.expression, Use::any, label));
      } else {
        SCORIA_TRY_STATUS(derived.note_uses(Expression::name(variable.column), Use::any, label));
      }
      derived.names_.push_back(std::move(name));
      derived.variables_.push_back(std::move(variable));
    }
  }
  return derived;
}

Result<DerivedColumns::Variable> DerivedColumns::understand(const std::string& label, const Expression& expression) {
  if (expression->kind == expr::Kind::name) return Variable{.column = expression->text};
  Variable variable{.expression = terms::without_i(expression)};
  if (makes_factor(*variable.expression)) {
    const std::vector<Argument>& args = (*variable.expression)->args;
    if (args.size() != 1 || !(args[0].name.empty() || args[0].name == "x")) {
      return not_understood(label, (*variable.expression)->text + "() is understood with one argument only");
    }
    variable.is_factor = true;
    variable.expression = Expression(args[0].value);
  }
  for (const std::string& name : expr::functions_used(*variable.expression)) {
    if (name == "(") continue;
    const expr::FunctionInfo* function = expr::find_function(name);
    if (function == nullptr)
      return not_understood(label, "the function '" + name + "' is not one that is evaluated here");
    if (function->kind != expr::FunctionKind::elementwise) {
      return not_understood(label, "the value of " + name + "() depends on which rows are scored together");
    }
  }
  if (!expr::table_references(*variable.expression).empty()) return not_understood(label, "it reads by `$`");
  return variable;
}

Status DerivedColumns::note_uses(const Expression& expression, Use use, const std::string& label) {
  if (expression->kind == expr::Kind::name) {
    const auto [at, is_new] = input_of_.emplace(expression->text, inputs_.size());
    if (is_new) {
      inputs_.push_back({expression->text, use});
      return Ok{};
    }
    Input& known = inputs_[at->second];
    if (known.use == Use::any) {
      known.use = use;
    } else if (use != Use::any && use != known.use) {
      return not_understood(label,
                            "it takes column '" + known.name + "' for a number in one place, for text in another");
    }
    return Ok{};
  }
  const bool compares_text =
      is_comparison(expression) && std::any_of(expression->args.begin(), expression->args.end(),
                                               [](const auto& a) { return is_text_constant(a.value); });
  for (const Argument& arg : expression->args) {
    const Use inner = compares_text ? Use::text : expression->is_call("is.na") ? Use::any : Use::number;
    SCORIA_TRY_STATUS(note_uses(arg.value, expression->is_call("(") ? use : inner, label));
  }
  return Ok{};
}

bool DerivedColumns::is_plain() const {
  return std::all_of(variables_.begin(), variables_.end(), [](const Variable& v) { return !v.column.empty(); });
}

Result<std::vector<Feature>> DerivedColumns::inputs(std::span<const Feature> features) const {
  SCORIA_CHECK(features.size() == variables_.size());
  // Which variable is a column as it stands, or a factor made of it.
  std::map<std::string_view, std::size_t> as_column;
  std::map<std::string_view, std::size_t> as_factor;
  for (std::size_t i = 0; i < variables_.size(); ++i) {
    const Variable& variable = variables_[i];
    if (!variable.expression) as_column.emplace(variable.column, i);
    if (variable.is_factor && (*variable.expression)->kind == expr::Kind::name) {
      as_factor.emplace((*variable.expression)->text, i);
    }
  }
  std::vector<Feature> result;
  table::Table example(0);
  for (const Input& input : inputs_) {
    Feature column{.name = input.name};
    column.kind = input.use == Use::text ? FeatureKind::factor : FeatureKind::number;
    const auto plain = as_column.find(input.name);
    const auto factor = as_factor.find(input.name);
    if (plain != as_column.end()) {
      column = features[plain->second];
    } else if (factor != as_factor.end() && input.use == Use::any) {
      column.kind = kind_behind(features[factor->second].levels);
    }
    const bool is_text = column.kind == FeatureKind::factor || column.kind == FeatureKind::ordered;
    if ((is_text && input.use == Use::number) || (!is_text && input.use == Use::text)) {
      return Error{Code::unsupported,
                   "the model's formula takes column '" + input.name + "' for a " +
                       std::string(is_text ? "number in one place, for a factor" : "text in one place, for a number") +
                       " in another"};
    }
    example.add(input.name, is_text ? table::Column::text(std::span<const std::string>{}) : table::Column::real({}));
    result.push_back(std::move(column));
  }
  const expr::Frame frame(std::move(example));
  for (std::size_t i = 0; i < variables_.size(); ++i) {
    if (!variables_[i].expression) continue;
    const auto type = frame.type_of(*variables_[i].expression);
    if (!type.ok()) return not_understood(names_[i], type.error().message);
    const bool gives_number = type.value() != Type::text && type.value() != Type::factor;
    if (!variables_[i].is_factor && !gives_number)
      return not_understood(names_[i], "it gives text, must give a number");
  }
  return result;
}

Result<table::Table> DerivedColumns::table(const table::Table& rows, std::size_t first_row) const {
  std::vector<std::string> absent;
  for (const Input& input : inputs_) {
    if (rows.find(input.name) == nullptr) absent.push_back(input.name);
  }
  if (!absent.empty()) return lacks_columns(absent);
  table::Table read(rows.rows());
  for (const Input& input : inputs_) {
    const table::ColumnPtr column = rows.find(input.name);
    if (input.use == Use::number) {
      SCORIA_TRY_STATUS(require_numbers(*column, input.name, first_row));
      const bool has_no_value = column->type() == Type::text || column->type() == Type::factor;
      read.add(input.name, has_no_value ? table::Column::real(std::vector<double>(rows.rows(), na_real())) : column);
    } else {
      read.add(input.name, column);
    }
  }
  const expr::Frame frame(read);
  table::Table result(rows.rows());
  for (std::size_t i = 0; i < variables_.size(); ++i) {
    if (!variables_[i].expression) {
      result.add(names_[i], read.find(variables_[i].column));
      continue;
    }
    auto column = frame.evaluate(*variables_[i].expression);
    if (!column.ok())
      return with_context("variable '" + names_[i] + "' of the model's formula", std::move(column).error());
    result.add(names_[i], std::move(column).value());
  }
  return result;
}

}  // namespace scoria::model
