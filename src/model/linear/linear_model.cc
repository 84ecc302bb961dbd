#include "model/linear/linear_model.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "model/features.h"
#include "model/parameters.h"

namespace scoria::model::linear {
namespace {

// The parts of a list of term labels: commas within parentheses belong to a label, as in poly(x, 2).
std::vector<std::string> split_labels(std::string_view text) {
  std::vector<std::string> labels(1);
  int depth = 0;
  for (const char c : text) {
    if (c == '(' || c == '[') ++depth;
    if (c == ')' || c == ']') --depth;
    if (c == ',' && depth == 0) {
      labels.emplace_back();
    } else {
      labels.back() += c;
    }
  }
  for (std::string& label : labels) {
    label.erase(0, label.find_first_not_of(' '));
    label.erase(label.find_last_not_of(' ') + 1);
  }
  return labels;
}

}  // namespace

LinearModel::LinearModel(Description description, Fit fit) : fit_(std::move(fit)) {
  description_ = std::move(description);
  description_.features = fit_.terms.features();
  auto& details = description_.details;
  details.emplace_back("coefficients", std::to_string(fit_.used.size() + fit_.aliased));
  if (fit_.aliased > 0) details.emplace_back("aliased coefficients", std::to_string(fit_.aliased));
  if (fit_.terms.has_offset()) details.emplace_back("offset", "yes");
  if (!fit_.terms.has_intercept() || !fit_.means.absent.empty() || fit_.outputs.size() != 1) return;
  long double constant = 0;
  for (std::size_t k = 0; k < fit_.used.size(); ++k) constant += fit_.means.value[fit_.used[k]] * fit_.coefficients[k];
  terms_constant_ = static_cast<double>(constant);
}

void LinearModel::offer_type(std::string type, std::string reason) {
  if (reason.empty()) {
    description_.types.push_back(std::move(type));
  } else {
    refused_.emplace_back(std::move(type), std::move(reason));
  }
}

Result<std::vector<std::string>> LinearModel::types_of(const Request& request) const {
  const auto refusal = [&](const std::string& type) -> const std::string* {
    for (const auto& [name, reason] : refused_) {
      if (name == type) return &reason;
    }
    return nullptr;
  };
  const auto refused = [&](const std::string& type, const std::string& reason) {
    return Error{Code::unsupported, "prediction type '" + type + "' cannot be answered from this file: " + reason};
  };
  for (const std::string& type : request.types) {
    if (const std::string* reason = refusal(type)) return refused(type, *reason);
  }
  SCORIA_TRY(types, requested_types(description_, request));
  SCORIA_TRY(with_errors, flag_parameter(request, "se.fit", false));
  if (!with_errors) return types;
  std::vector<std::string> all;
  for (const std::string& type : types) {
    const std::string errors = error_type(type);
    if (std::find(all.begin(), all.end(), type) == all.end()) all.push_back(type);
    if (const std::string* reason = refusal(errors)) return refused(errors, *reason);
    if (std::find(all.begin(), all.end(), errors) == all.end()) all.push_back(errors);
  }
  return all;
}

Result<std::vector<std::size_t>> LinearModel::terms_of(const Request& request) const {
  const std::vector<std::string>& labels = fit_.terms.labels();
  std::vector<std::size_t> picked;
  const auto parameter = request.parameters.find("terms");
  if (parameter == request.parameters.end()) {
    for (std::size_t i = 0; i < labels.size(); ++i) picked.push_back(i);
    return picked;
  }
  for (const std::string& name : split_labels(parameter->second)) {
    const auto found = std::find(labels.begin(), labels.end(), name);
    const auto position = static_cast<std::size_t>(found - labels.begin());
    if (found == labels.end()) {
      return Error{Code::invalid, "parameter 'terms': the model has no term '" + name + "'; it has " + listed(labels)};
    }
    if (std::find(picked.begin(), picked.end(), position) != picked.end()) {
      return Error{Code::invalid, "parameter 'terms': '" + name + "' is named twice"};
    }
    picked.push_back(position);
  }
  return picked;
}

void LinearModel::add_terms(const std::string& type, std::vector<std::vector<double>> columns,
                            const std::vector<std::size_t>& picked, table::Table& out) const {
  for (const std::size_t term : picked) {
    out.add(type + ":" + fit_.terms.labels()[term], table::Column::real(std::move(columns[term])));
  }
}

void LinearModel::add_notes(const std::vector<std::string>& types, std::vector<std::string>& notes) const {
  if (fit_.aliased > 0) {
    notes.push_back("the fit is rank-deficient: " + std::to_string(fit_.aliased) +
                    " coefficients are not known and were left out; predictions may be misleading, as R warns");
  }
  if (std::find(types.begin(), types.end(), "terms") != types.end()) {
    notes.push_back("terms add up to the fit with R's attribute 'constant', " + number_text(terms_constant_) +
                    (fit_.terms.has_offset() ? ", and the offset" : ""));
  }
}

std::vector<double> standard_errors(std::vector<double> variances) {
  for (double& value : variances) {
    if (!std::isnan(value)) value = std::sqrt(value);
  }
  return variances;
}

Result<std::optional<double>> single_number(const Request& request, std::string_view name) {
  SCORIA_TRY(numbers, number_parameter(request, name));
  if (numbers.empty()) return std::optional<double>{};
  if (numbers.size() > 1 || std::isnan(numbers[0])) {
    return Error{Code::invalid, "parameter '" + std::string(name) + "': must be one number"};
  }
  return std::optional<double>{numbers[0]};
}

std::string number_text(double value) {
  char text[32];
  const auto [end, error] = std::to_chars(std::begin(text), std::end(text), value);
  return {std::begin(text), end};
}

Parameter se_parameter() {
  return {"se.fit", "TRUE: standard errors behind the predictions, in columns of their own; default FALSE"};
}

Parameter terms_parameter() {
  return {"terms", "for type terms: which ones, as labels separated by commas; default: all"};
}

}  // namespace scoria::model::linear
