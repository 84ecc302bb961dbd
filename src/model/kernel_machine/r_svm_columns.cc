#include "model/kernel_machine/r_svm_columns.h"

#include <charconv>
#include <string_view>

#include "model/kernel_machine/r_svm_names.h"
#include "model/r_matrix.h"

namespace scoria::model::kernel_machine {
namespace {

using rdata::Kind;
using rdata::Value;

// Ways tried to share columns out among factors whose names begin alike.
constexpr std::size_t kMostSteps = 1'000'000;

std::vector<double> attribute_numbers(const Value& terms, std::string_view name) {
  const Value* attribute = terms.attribute(name);
  return attribute == nullptr ? std::vector<double>{} : to_numbers(*attribute);
}

}  // namespace

FormulaColumns FormulaColumns::read(const Value& terms, bool are_valid) {
  FormulaColumns formula;
  const Value* factors = terms.attribute("factors");
  if (factors == nullptr || factors->kind != Kind::integer) return formula;
  const std::vector<std::size_t> sizes = dimensions(*factors, factors->integers.size());
  const std::vector<std::string> names = dimension_names(*factors, 0);
  if (sizes.size() != 2 || sizes[0] != names.size()) return formula;
  const std::vector<TermVariable> recorded = term_variables(terms);
  for (const std::string& name : names) formula.variables.push_back(variable(name, recorded, are_valid));
  const std::vector<double> response = attribute_numbers(terms, "response");
  for (std::size_t t = 0; t < sizes[1]; ++t) {
    FormulaTerm& term = formula.terms.emplace_back();
    for (std::size_t v = 0; v < names.size(); ++v) {
      const std::int32_t code = factors->integers[t * names.size() + v];
      const bool is_response = !response.empty() && response[0] == static_cast<double>(v + 1);
      if (code > 0 && !is_response) term.variables.emplace_back(v, code);
    }
  }
  if (attribute_numbers(terms, "intercept") == std::vector<double>{0}) formula.code_first_factor_fully();
  formula.find_main_terms(are_valid);
  return formula;
}

FormulaVariable FormulaColumns::variable(const std::string& name, const std::vector<TermVariable>& recorded,
                                         bool are_valid) {
  std::string r_class = recorded_class(recorded, name);
  if (r_class.empty()) r_class = recorded_class(recorded, unquoted(name));
  FormulaVariable made{
      .name = name, .prefix = are_valid ? valid_name(name) : name, .suffix = {}, .before = {}, .after = {}};
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
void FormulaColumns::code_first_factor_fully() {
  for (FormulaTerm& term : terms) {
    for (auto& [v, code] : term.variables) {
      if (!variables[v].is_factor && !variables[v].is_logical) continue;
      code = 2;
      return;
    }
  }
}

void FormulaColumns::find_main_terms(bool are_valid) {
  for (std::size_t t = 0; t < terms.size(); ++t) {
    FormulaVariable* factor = nullptr;
    std::string before;
    std::string after;
    bool is_plain = true;
    for (const auto& [v, code] : terms[t].variables) {
      FormulaVariable& variable = variables[v];
      if (variable.is_factor && factor == nullptr) {
        factor = &variable;
        continue;
      }
      is_plain = is_plain && !variable.is_factor && !variable.is_logical && variable.columns == 1;
      if (factor == nullptr) {
        before += variable.name + ":";
      } else {
        after += ":" + variable.name;
      }
    }
    if (factor == nullptr || !is_plain || factor->is_told) continue;
    factor->is_told = true;
    factor->main_term = t;
    factor->before = before;
    factor->after = after;
    const std::string label = before + factor->name;
    factor->prefix = are_valid ? valid_name(label) : label;
    factor->suffix = are_valid ? valid_name("x" + after).substr(1) : after;
  }
}

std::pair<std::size_t, std::int32_t> FormulaColumns::factor_of(std::size_t term) const {
  for (const auto& variable : terms[term].variables)
    if (variables[variable.first].is_factor) return variable;
  return {0, 0};
}

bool FormulaColumns::is_choice(std::size_t term) const {
  const auto [v, code] = factor_of(term);
  return code != 0 && variables[v].is_told && variables[v].main_term == term;
}

bool ColumnSharing::find() {
  std::size_t term = 0;
  for (std::size_t step = 0; step < kMostSteps; ++step) {
    const bool is_end = term == formula_.terms.size();
    if (is_end && start_[term] == columns_.size()) return true;
    if (!is_end) {
      if (formula_.is_choice(term)) chosen_[term] = run(term);
      const std::size_t own = width(term);
      if (own > 0 && own <= columns_.size() - start_[term]) {
        start_[term + 1] = start_[term] + own;
        ++term;
        continue;
      }
    }
    // Back to the last factor that can do with a column less.
    do {
      if (term-- == 0) return false;
    } while (!formula_.is_choice(term) || chosen_[term] < 2);
    --chosen_[term];
    start_[term + 1] = start_[term] + chosen_[term];
    ++term;
  }
  return false;
}

// The columns from start_[term] on whose names begin and end as the factor's do, up to one that the next variable's name fits better.
std::size_t ColumnSharing::run(std::size_t term) const {
  const FormulaVariable& factor = formula_.variables[formula_.factor_of(term).first];
  const std::string* next = nullptr;
  if (term + 1 < formula_.terms.size() && formula_.terms[term + 1].variables.size() == 1) {
    const std::string& following = formula_.variables[formula_.terms[term + 1].variables[0].first].prefix;
    if (following.size() > factor.prefix.size() && following.starts_with(factor.prefix)) next = &following;
  }
  const std::size_t around = factor.prefix.size() + factor.suffix.size();
  std::size_t count = 0;
  for (std::size_t i = start_[term]; i < columns_.size(); ++i, ++count) {
    const std::string& name = columns_[i];
    if (name.size() < around || !name.starts_with(factor.prefix) || !name.ends_with(factor.suffix)) break;
    if (next != nullptr && name.starts_with(*next)) break;
  }
  return count;
}

// 0 where it is not known, or more than there are.
std::size_t ColumnSharing::width(std::size_t term) const {
  if (formula_.is_choice(term)) return chosen_[term];
  std::size_t product = 1;
  for (const auto& [v, code] : formula_.terms[term].variables) {
    const FormulaVariable& variable = formula_.variables[v];
    std::size_t levels = variable.is_logical ? 2 : 0;
    if (variable.is_factor) {
      if (!variable.is_told || variable.main_term >= term) return 0;
      levels = chosen_[variable.main_term] + (formula_.factor_of(variable.main_term).second == 2 ? 0 : 1);
    }
    const std::size_t own = levels == 0 ? variable.columns : code == 2 ? levels : levels - 1;
    if (own == 0 || own > columns_.size() / product) return 0;
    product *= own;
  }
  return product;
}

}  // namespace scoria::model::kernel_machine
