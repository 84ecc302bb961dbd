#include "model/linear/lm.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "model/features.h"
#include "model/linear/distribution.h"
#include "model/parameters.h"

namespace scoria::model::linear {
namespace {

bool has(const std::vector<std::string>& types, std::string_view type) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

// fit + half and fit - half, where `half` is negative: lower and upper bounds as R computes them.
struct Bounds {
  std::vector<double> lower;
  std::vector<double> upper;
};

constexpr double kDefaultLevel = 0.95;

}  // namespace

// What the parameters interval, level, scale, df, weights and pred.var come to.
struct Lm::Interval {
  bool wanted = false;
  double residual_variance = 0;  // of standard errors too
  double extra_variance = 0;     // of a future response
  double quantile = 0;           // of Student's t; negative

  Bounds bounds(const std::vector<double>& fit, const std::vector<double>& variance) const {
    Bounds bounds{fit, fit};
    for (std::size_t i = 0; i < fit.size(); ++i) {
      if (std::isnan(fit[i])) continue;
      const double half = quantile * std::sqrt(variance[i] + extra_variance);
      bounds.lower[i] += half;
      bounds.upper[i] -= half;
    }
    return bounds;
  }
};

Lm::Lm(Description description, Fit fit) : LinearModel(std::move(description), std::move(fit)) {
  const Fit& f = this->fit();
  const std::string no_errors = !f.r_inverse.absent.empty() ? f.r_inverse.absent : f.residual_sum.absent;
  const std::string no_terms = f.terms.has_intercept() ? f.means.absent : "";
  offer_type("response", "");
  offer_type("terms", no_terms);
  offer_type("se.fit", no_errors);
  offer_type("se.terms", no_terms.empty() ? no_errors : no_terms);
  description_.parameters = {
      {"interval", "none, confidence or prediction: the response comes as fit, lwr and upr; default none"},
      {"level", "of the interval, from 0 to 1; default 0.95"},
      se_parameter(),
      terms_parameter(),
      {"scale", "residual standard deviation for standard errors and intervals; default: the fit's"},
      {"df", "degrees of freedom where scale is given; default Inf"},
      {"weights", "of future responses, one number for all; default 1"},
      {"pred.var", "variance of future responses about their mean; default: residual variance / weights"}};
  if (f.is_weighted) description_.details.emplace_back("weights", "yes");
  if (no_errors.empty()) {
    const double variance = f.residual_sum.value / f.df_residual;
    description_.details.emplace_back("residual.scale", number_text(std::sqrt(variance)));
    description_.details.emplace_back("df", number_text(f.df_residual));
  }
}

std::string Lm::error_type(const std::string& type) const {
  return type == "terms" || type == "se.terms" ? "se.terms" : "se.fit";
}

Result<Lm::Interval> Lm::interval_of(const Request& request, const std::vector<std::string>& types,
                                     std::vector<std::string>& notes) const {
  SCORIA_TRY(level, single_number(request, "level"));
  SCORIA_TRY(scale, single_number(request, "scale"));
  SCORIA_TRY(df, single_number(request, "df"));
  SCORIA_TRY(weights, single_number(request, "weights"));
  SCORIA_TRY(pred_var, single_number(request, "pred.var"));
  const std::vector<std::string> kinds = parameter_values(request, "interval");
  const std::string kind = kinds.empty() ? "none" : kinds.size() == 1 ? kinds[0] : "";
  if (kind != "none" && kind != "confidence" && kind != "prediction") {
    return Error{Code::invalid, "parameter 'interval': must be none, confidence or prediction"};
  }
  if (level && !(*level >= 0 && *level <= 1)) {
    return Error{Code::invalid, "parameter 'level': " + number_text(*level) + " is not from 0 to 1"};
  }
  if (weights && !(*weights > 0)) return Error{Code::invalid, "parameter 'weights': must be above 0"};
  if (pred_var && !(*pred_var >= 0)) return Error{Code::invalid, "parameter 'pred.var': must be at least 0"};
  if (df && !scale) notes.emplace_back("parameter 'df' counts only where scale is given, as in R");

  Interval interval;
  interval.wanted = kind != "none" && (has(types, "response") || has(types, "terms"));
  const Fit& f = fit();
  if (interval.wanted) {
    const std::string& reason = !f.r_inverse.absent.empty() ? f.r_inverse.absent : f.residual_sum.absent;
    if (!reason.empty()) {
      return Error{Code::unsupported, "an interval cannot be answered from this file: " + reason};
    }
  }
  interval.residual_variance = scale ? *scale * *scale : f.residual_sum.value / f.df_residual;
  const double degrees = scale ? df.value_or(std::numeric_limits<double>::infinity()) : f.df_residual;
  if (interval.wanted) interval.quantile = qt((1 - level.value_or(kDefaultLevel)) / 2, degrees);
  if (kind != "prediction") return interval;
  interval.extra_variance = pred_var.value_or(interval.residual_variance / weights.value_or(1));
  if (interval.wanted && f.is_weighted && !weights && !pred_var) {
    notes.emplace_back(
        "the fit is weighted and the interval takes a constant variance of 1 / weights for new rows, as R does; "
        "see the parameters weights and pred.var");
  }
  return interval;
}

Result<Prediction> Lm::score(const table::Table& table, const Request& request, Executor& executor) const {
  SCORIA_TRY(types, types_of(request));
  SCORIA_TRY(picked, terms_of(request));
  Prediction prediction{table::Table(table.rows()), {}};
  SCORIA_TRY(interval, interval_of(request, types, prediction.notes));
  SCORIA_TRY(frame, fit().terms.frame(table, request.first_row));

  Wanted wanted{.residual_variance = interval.residual_variance};
  wanted.fit = has(types, "response");
  wanted.terms = has(types, "terms");
  wanted.variance = has(types, "se.fit") || (wanted.fit && interval.wanted);
  wanted.term_variance = has(types, "se.terms") || (wanted.terms && interval.wanted);
  Products products = multiply(fit(), frame, wanted, executor);

  table::Table& out = prediction.table;
  const auto add = [&](const std::string& name, std::vector<double> values) {
    out.add(name, table::Column::real(std::move(values)));
  };
  for (const std::string& type : types) {
    if (type == "se.fit") add(type, standard_errors(products.variance));
    if (type == "se.terms") {
      std::vector<std::vector<double>> errors;
      for (const std::vector<double>& variance : products.term_variance) errors.push_back(standard_errors(variance));
      add_terms(type, std::move(errors), picked, out);
    }
    if (type == "response") {
      if (!interval.wanted) {
        add(type, std::move(products.fit[0]));
        continue;
      }
      Bounds bounds = interval.bounds(products.fit[0], products.variance);
      add("response:fit", std::move(products.fit[0]));
      add("response:lwr", std::move(bounds.lower));
      add("response:upr", std::move(bounds.upper));
    }
    if (type != "terms") continue;
    std::vector<std::vector<double>> lower;
    std::vector<std::vector<double>> upper;
    for (std::size_t i = 0; interval.wanted && i < products.terms.size(); ++i) {
      Bounds bounds = interval.bounds(products.terms[i], products.term_variance[i]);
      lower.push_back(std::move(bounds.lower));
      upper.push_back(std::move(bounds.upper));
    }
    add_terms(type, std::move(products.terms), picked, out);
    if (!interval.wanted) continue;
    add_terms("terms.lwr", std::move(lower), picked, out);
    add_terms("terms.upr", std::move(upper), picked, out);
  }
  add_notes(types, prediction.notes);
  prediction.notes.insert(prediction.notes.end(), frame.notes.begin(), frame.notes.end());
  return prediction;
}

LinearAnswers::LinearAnswers(Description description, Fit fit, Refusals refused)
    : fit_(std::move(fit)), refused_(std::move(refused)) {
  description_ = std::move(description);
  description_.features = fit_.terms.features();
  description_.types = {"response"};
  const std::size_t columns = fit_.used.size() + fit_.aliased;
  description_.details.emplace_back("coefficients",
                                    std::to_string(columns) + (fit_.outputs.size() > 1 ? " for each column" : ""));
  if (!fit_.outputs[0].empty()) description_.details.emplace_back("columns", listed(fit_.outputs));
}

Result<Prediction> LinearAnswers::score(const table::Table& table, const Request& request, Executor& executor) const {
  for (const auto& [name, reason] : refused_) {
    if (!request.parameters.contains(name)) continue;
    return Error{Code::unsupported, "parameter '" + std::string(name) + "' cannot be answered: " + std::string(reason)};
  }
  SCORIA_TRY(types, requested_types(description_, request));
  SCORIA_TRY(frame, fit_.terms.frame(table, request.first_row));
  Products products = multiply(fit_, frame, {.fit = true}, executor);
  Prediction prediction{table::Table(table.rows()), std::move(frame.notes)};
  for (std::size_t i = 0; i < fit_.outputs.size(); ++i) {
    const std::string name = fit_.outputs[i].empty() ? "response" : "response:" + fit_.outputs[i];
    prediction.table.add(name, table::Column::real(std::move(products.fit[i])));
  }
  if (fit_.aliased > 0) {
    prediction.notes.push_back("the fit is rank-deficient: " + std::to_string(fit_.aliased) +
                               " coefficients are not known and were left out, as R does");
  }
  return prediction;
}

}  // namespace scoria::model::linear
