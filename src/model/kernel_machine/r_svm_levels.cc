#include "model/kernel_machine/r_svm_levels.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>

#include "expr/ast.h"
#include "model/features.h"
#include "model/kernel_machine/r_svm_names.h"
#include "model/level_codes.h"
#include "model/parameters.h"
#include "model/r_matrix.h"
#include "model/r_object.h"
#include "model/terms/language.h"
#include "table/number_text.h"

namespace scoria::model::kernel_machine {
namespace {

using rdata::Kind;
using rdata::Value;
using table::Column;
using table::ColumnPtr;

constexpr std::string_view kFirst = "(first)";
// Ways tried to share columns out among factors whose names begin alike.
constexpr std::size_t kMostSteps = 1'000'000;

// A variable of the formula, as far as the width of its columns goes.
struct FormulaVariable {
  std::string name;
  std::string prefix;  // of its columns
  bool is_factor = false;
  bool is_ordered = false;
  bool is_logical = false;
  std::size_t columns = 1;    // of a number or a matrix
  std::size_t main_term = 0;  // of a factor: the term that is this variable alone
  bool has_main_term = false;
};

struct FormulaTerm {
  std::vector<std::pair<std::size_t, std::int32_t>> variables;  // and R's code: 1 contrasts, 2 all levels
};

// What is needed of a terms object; whatever is wrong with it is for terms::Terms to say.
class Formula {
 public:
  static Formula read(const Value& terms, bool are_valid) {
    Formula formula;
    const Value* factors = terms.attribute("factors");
    if (factors == nullptr || factors->kind != Kind::integer) return formula;
    const std::vector<std::size_t> sizes = dimensions(*factors, factors->integers.size());
    const std::vector<std::string> names = dimension_names(*factors, 0);
    if (sizes.size() != 2 || sizes[0] != names.size()) return formula;
    const std::vector<TermVariable> recorded = term_variables(terms);
    for (const std::string& name : names) formula.variables.push_back(variable(name, recorded, are_valid));
    const Value* response = terms.attribute("response");
    const std::vector<double> response_at = response == nullptr ? std::vector<double>{} : to_numbers(*response);
    for (std::size_t t = 0; t < sizes[1]; ++t) {
      FormulaTerm& term = formula.terms.emplace_back();
      for (std::size_t v = 0; v < names.size(); ++v) {
        const std::int32_t code = factors->integers[t * names.size() + v];
        const bool is_response = !response_at.empty() && response_at[0] == static_cast<double>(v + 1);
        if (code > 0 && !is_response) term.variables.emplace_back(v, code);
      }
    }
    const Value* intercept = terms.attribute("intercept");
    if (intercept != nullptr && to_numbers(*intercept) == std::vector<double>{0}) formula.code_first_factor_fully();
    for (std::size_t t = 0; t < formula.terms.size(); ++t) {
      if (formula.terms[t].variables.size() != 1) continue;
      FormulaVariable& alone = formula.variables[formula.terms[t].variables[0].first];
      if (alone.has_main_term) continue;
      alone.main_term = t;
      alone.has_main_term = true;
    }
    return formula;
  }

  bool is_choice(std::size_t term) const {
    if (terms[term].variables.size() != 1) return false;
    const FormulaVariable& alone = variables[terms[term].variables[0].first];
    return alone.is_factor && alone.main_term == term;
  }

  std::vector<FormulaVariable> variables;
  std::vector<FormulaTerm> terms;

 private:
  static FormulaVariable variable(const std::string& name, const std::vector<TermVariable>& recorded, bool are_valid) {
    std::string r_class = recorded_class(recorded, name);
    if (r_class.empty()) r_class = recorded_class(recorded, unquoted(name));
    FormulaVariable made{.name = name, .prefix = are_valid ? valid_name(name) : name};
    made.is_ordered = r_class == "ordered";
    made.is_factor = made.is_ordered || r_class == "factor" || r_class == "character";
    made.is_logical = r_class == "logical";
    constexpr std::string_view kMatrix = "nmatrix.";
    if (r_class.starts_with(kMatrix)) {
      std::from_chars(r_class.data() + kMatrix.size(), r_class.data() + r_class.size(), made.columns);
    }
    return made;
  }

  // Without an intercept R codes the first factor that it meets by all its levels.
  void code_first_factor_fully() {
    for (FormulaTerm& term : terms) {
      for (auto& [v, code] : term.variables) {
        if (!variables[v].is_factor && !variables[v].is_logical) continue;
        code = 2;
        return;
      }
    }
  }
};

// Shares the columns out among the terms: how many belong to each factor follows from their names and from the total.
class Sharing {
 public:
  Sharing(const Formula& formula, const std::vector<std::string>& columns)
      : formula_(formula), columns_(columns), chosen_(formula.terms.size()), start_(formula.terms.size() + 1) {}

  // False where nothing fits.
  bool find() {
    std::size_t term = 0;
    for (std::size_t step = 0; step < kMostSteps; ++step) {
      const bool is_end = term == formula_.terms.size();
      if (is_end && start_[term] == columns_.size()) return true;
      if (!is_end) {
        if (formula_.is_choice(term)) chosen_[term] = run(term);
        const std::size_t width = this->width(term);
        if (width > 0 && width <= columns_.size() - start_[term]) {
          start_[term + 1] = start_[term] + width;
          ++term;
          continue;
        }
      }
      do {
        if (term-- == 0) return false;
      } while (!formula_.is_choice(term) || chosen_[term] < 2);
      --chosen_[term];
      start_[term + 1] = start_[term] + chosen_[term];
      ++term;
    }
    return false;
  }

  std::span<const std::string> columns_of(std::size_t term) const {
    return std::span(columns_).subspan(start_[term], chosen_[term]);
  }

 private:
  // The columns from start_[term] on whose names begin as the factor's do, up to one that the next variable's name fits better.
  std::size_t run(std::size_t term) const {
    const std::string& prefix = formula_.variables[formula_.terms[term].variables[0].first].prefix;
    const std::string* next = nullptr;
    if (term + 1 < formula_.terms.size() && formula_.terms[term + 1].variables.size() == 1) {
      const std::string& following = formula_.variables[formula_.terms[term + 1].variables[0].first].prefix;
      if (following.size() > prefix.size() && following.starts_with(prefix)) next = &following;
    }
    std::size_t count = 0;
    for (std::size_t i = start_[term]; i < columns_.size() && columns_[i].starts_with(prefix); ++i, ++count) {
      if (next != nullptr && columns_[i].starts_with(*next)) break;
    }
    return count;
  }

  // 0 where it is not known, or more than there are.
  std::size_t width(std::size_t term) const {
    if (formula_.is_choice(term)) return chosen_[term];
    std::size_t product = 1;
    for (const auto& [v, code] : formula_.terms[term].variables) {
      const FormulaVariable& variable = formula_.variables[v];
      std::size_t levels = variable.is_logical ? 2 : 0;
      if (variable.is_factor) {
        if (!variable.has_main_term || variable.main_term >= term) return 0;
        levels = chosen_[variable.main_term] + (code_of(variable.main_term) == 2 ? 0 : 1);
      }
      const std::size_t own = levels == 0 ? variable.columns : code == 2 ? levels : levels - 1;
      if (own == 0 || own > columns_.size() / product) return 0;
      product *= own;
    }
    return product;
  }

  std::int32_t code_of(std::size_t term) const { return formula_.terms[term].variables[0].second; }

  const Formula& formula_;
  const std::vector<std::string>& columns_;
  std::vector<std::size_t> chosen_;
  std::vector<std::size_t> start_;
};

// What the formula's variables are made of, as far as it can be read.
class Expressions {
 public:
  explicit Expressions(const Value& terms) {
    const Value* language = terms.attribute("predvars");
    if (language == nullptr || language->kind != Kind::language) language = terms.attribute("variables");
    if (language == nullptr || language->kind != Kind::language || language->cells.empty()) return;
    const Value* response = terms.attribute("response");
    const std::vector<double> response_at = response == nullptr ? std::vector<double>{} : to_numbers(*response);
    for (const rdata::Named& cell : language->cells.subspan(1)) {
      auto expression = terms::to_expression(*cell.value);
      std::optional<expr::Expression>& own = variables_.emplace_back();
      if (!expression.ok()) continue;
      own = std::move(expression).value();
      // What the response is made of is not computed.
      if (response_at == std::vector<double>{static_cast<double>(variables_.size())}) continue;
      std::set<std::string> names;
      add_names(*own, names);
      for (const std::string& name : names) ++readers_[name];
    }
  }

  // The column of a table whose cells are the factor's levels, where nothing else reads it; else empty.
  std::string own_column(std::size_t variable) const {
    if (variable >= variables_.size() || !variables_[variable]) return {};
    expr::Expression made = *variables_[variable];
    for (const std::string_view call : {"factor", "as.factor", "ordered", "as.ordered"}) {
      if (!made->is_call(call) || made->args.size() != 1) continue;
      made = expr::Expression(made->args[0].value);
      break;
    }
    if (made->kind != expr::Kind::name) return {};
    const auto readers = readers_.find(made->text);
    return readers != readers_.end() && readers->second == 1 ? std::string(made->text) : std::string();
  }

 private:
  // to_expression() bounds the depth.
  static void add_names(const expr::Expression& expression, std::set<std::string>& names) {
    if (expression->kind == expr::Kind::name) names.insert(std::string(expression->text));
    for (const expr::Argument& arg : expression->args) add_names(expr::Expression(arg.value), names);
  }

  std::vector<std::optional<expr::Expression>> variables_;
  std::map<std::string, std::size_t> readers_;
};

FactorLevels levels_of(const FormulaVariable& variable, std::int32_t code, std::span<const std::string> columns) {
  FactorLevels factor{.variable = unquoted(variable.name), .column = {}, .levels = {}, .names = {}};
  if (code != 2 && variable.is_ordered && columns[0] == variable.prefix + ".L") {
    factor.known = FactorLevels::Known::number;
    for (std::size_t i = 0; i <= columns.size(); ++i) factor.levels.push_back(std::to_string(i + 1));
    factor.names.resize(factor.levels.size());
    return factor;
  }
  if (code != 2) {
    factor.known = FactorLevels::Known::all_but_first;
    factor.levels.emplace_back(kFirst);
    factor.names.emplace_back();
  }
  for (const std::string& column : columns) {
    factor.levels.push_back(column.substr(variable.prefix.size()));
    factor.names.push_back(column);
  }
  return factor;
}

}  // namespace

Result<SvmLevels> SvmLevels::read(const Value& terms, const std::vector<std::string>& columns, bool are_valid) {
  SvmLevels levels;
  levels.are_valid_ = are_valid;
  const Formula formula = Formula::read(terms, are_valid);
  std::string first_factor;
  for (const FormulaTerm& term : formula.terms) {
    for (const auto& [v, code] : term.variables) {
      const FormulaVariable& variable = formula.variables[v];
      if (!variable.is_factor) continue;
      if (first_factor.empty()) first_factor = variable.name;
      if (variable.has_main_term) continue;
      return Error{Code::unsupported, "svm object: it does not keep the levels of its factors, and '" + variable.name +
                                          "' is only part of an interaction, whose columns do not tell them; add it "
                                          "to the formula as a term of its own"};
    }
  }
  if (first_factor.empty()) return levels;
  Sharing sharing(formula, columns);
  if (!sharing.find()) {
    return Error{Code::unsupported, "svm object: it does not keep the levels of its factors ('" + first_factor +
                                        "' is one), and the columns of slot 'SV' do not tell them"};
  }
  const Expressions expressions(terms);
  for (std::size_t t = 0; t < formula.terms.size(); ++t) {
    if (!formula.is_choice(t)) continue;
    const auto& [v, code] = formula.terms[t].variables[0];
    levels.factors_.push_back(levels_of(formula.variables[v], code, sharing.columns_of(t)));
    FactorLevels& factor = levels.factors_.back();
    factor.label = formula.variables[v].name;
    factor.column = expressions.own_column(v);
    if (!factor.column.empty() || factor.known == FactorLevels::Known::all) continue;
    return Error{Code::unsupported,
                 "svm object: it does not keep all levels of its factor '" + factor.variable +
                     "', which the formula computes, or whose column it reads elsewhere too; make the "
                     "factor a column of its own before fitting"};
  }
  return levels;
}

void SvmLevels::describe(Description& description) const {
  for (const FactorLevels& factor : factors_) {
    if (factor.column.empty()) continue;
    const std::string count = std::to_string(factor.levels.size());
    std::string text = "the " + count + " levels of the factor in the fit's order, separated by commas; ";
    switch (factor.known) {
      case FactorLevels::Known::all: text += "default: as the names of the model's columns tell them"; break;
      case FactorLevels::Known::all_but_first:
        text +=
            "default: as the names of the model's columns tell them, and for the first, which they do not tell, the "
            "one value of the column that is none of the others";
        break;
      case FactorLevels::Known::number:
        text += "the file does not keep them: without, the column holds 1 to " + count;
        break;
    }
    description.parameters.push_back({factor.parameter(), std::move(text)});
  }
}

std::string SvmLevels::name_of(const FactorLevels& factor, std::string_view text) const {
  std::string name = factor.label + std::string(text);
  return are_valid_ ? valid_name(name) : name;
}

Result<std::vector<std::string>> SvmLevels::given_levels(const FactorLevels& factor, const Request& request) const {
  std::vector<std::string> given = parameter_values(request, factor.parameter());
  if (given.empty()) return given;
  const std::set<std::string_view> distinct(given.begin(), given.end());
  if (given.size() != factor.levels.size() || distinct.size() != given.size()) {
    return Error{Code::invalid, "parameter '" + factor.parameter() + "' must give " +
                                    std::to_string(factor.levels.size()) + " different levels, gives " + listed(given)};
  }
  for (std::size_t i = 0; i < given.size(); ++i) {
    // data.frame() appends a number to a name that it has already.
    if (factor.names[i].empty() || factor.names[i].starts_with(name_of(factor, given[i]))) continue;
    return Error{Code::invalid, "parameter '" + factor.parameter() + "': level " + std::to_string(i + 1) + " is '" +
                                    given[i] + "', and the model's column for it is called '" + factor.names[i] + "'"};
  }
  return given;
}

Result<ColumnPtr> SvmLevels::match(const FactorLevels& factor, const Column& column, const Request& request,
                                   std::vector<std::string>& notes) const {
  SCORIA_TRY(given, given_levels(factor, request));
  const auto position = [](const std::vector<std::string>& in, const std::string& what) {
    const auto found = std::find(in.begin(), in.end(), what);
    return found == in.end() ? LevelCodes::kNone : static_cast<std::int32_t>(found - in.begin());
  };
  std::string first;  // the text that stands for a first level without a name
  const auto refuse = [&](std::size_t row, const std::string& text, const std::string& why) {
    return Error{Code::invalid, "row " + std::to_string(request.first_row + row) + ", column '" + factor.column +
                                    "': '" + text + "' " + why};
  };
  const auto find = [&](std::size_t row, const std::string& text) -> Result<std::int32_t> {
    if (!given.empty()) {
      const std::int32_t code = position(given, text);
      if (code != LevelCodes::kNone) return code;
      return refuse(row, text, "is not a level of this model; levels: " + listed(given));
    }
    if (factor.known == FactorLevels::Known::number) {
      const std::int32_t code = position(factor.levels, text);
      if (code != LevelCodes::kNone) return code;
      return refuse(row, text,
                    "is no number from 1 to " + factor.levels.back() +
                        ": the model's file keeps only how many levels this ordered factor has; give them with "
                        "the parameter '" +
                        factor.parameter() + "'");
    }
    std::int32_t code = position(factor.names, name_of(factor, text));
    if (code == LevelCodes::kNone) {
      // R writes the level 100000 as 1e+05.
      const auto number = table::parse_real(text);
      if (number) code = position(factor.names, name_of(factor, cell_text(*Column::real({*number}), 0)));
    }
    if (code != LevelCodes::kNone) {
      if (are_valid_ &&
          position(factor.names, factor.names[static_cast<std::size_t>(code)] + ".1") != LevelCodes::kNone)
        return refuse(row, text,
                      "may be one of several levels, as the model's columns have lost how they differ; give them "
                      "with the parameter '" +
                          factor.parameter() + "'");
      return code;
    }
    if (factor.known == FactorLevels::Known::all_but_first && !table::is_blank(text) &&
        (first.empty() || first == text)) {
      first = text;
      return 0;
    }
    std::string why = "is not a level of this model; levels: " + listed(factor.levels);
    if (!first.empty()) {
      why += ", of which '" + first +
             "' was taken for the first, as the model's file does not name it; give them with the "
             "parameter '" +
             factor.parameter() + "'";
    }
    return refuse(row, text, why);
  };
  std::unordered_map<std::string, std::int32_t> known;
  std::vector<std::int32_t> codes(column.size(), -1);
  for (std::size_t row = 0; row < codes.size(); ++row) {
    if (column.is_null(row)) continue;
    const std::string text = cell_text(column, row);
    auto at = known.find(text);
    if (at == known.end()) {
      SCORIA_TRY(code, find(row, text));
      at = known.emplace(text, code).first;
    }
    codes[row] = at->second;
  }
  if (!first.empty()) {
    notes.push_back("the model's file does not name the first level of factor '" + factor.variable + "': '" + first +
                    "' is taken for it; the parameter '" + factor.parameter() + "' gives the levels");
  }
  return Column::factor(std::move(codes), std::make_shared<const std::vector<std::string>>(factor.levels));
}

Result<table::Table> SvmLevels::apply(const table::Table& rows, const Request& request,
                                      std::vector<std::string>& notes) const {
  table::Table matched(rows.rows());
  for (std::size_t i = 0; i < rows.columns(); ++i) {
    ColumnPtr column = rows.column(i);
    for (const FactorLevels& factor : factors_) {
      if (factor.column.empty() || factor.column != rows.names()[i]) continue;
      SCORIA_TRY(codes, match(factor, *rows.column(i), request, notes));
      column = std::move(codes);
    }
    matched.add(rows.names()[i], std::move(column));
  }
  return matched;
}

}  // namespace scoria::model::kernel_machine
