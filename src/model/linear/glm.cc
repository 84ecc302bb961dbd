#include "model/linear/glm.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "model/parameters.h"

namespace scoria::model::linear {

Glm::Glm(Description description, Fit fit, Link link, Known<double> dispersion)
    : LinearModel(std::move(description), std::move(fit)), link_(std::move(link)), dispersion_(std::move(dispersion)) {
  const Fit& f = this->fit();
  const std::string no_terms = f.terms.has_intercept() ? f.means.absent : "";
  offer_type("link", "");
  offer_type("response", "");
  offer_type("terms", no_terms);
  offer_type("se.fit", f.r_inverse.absent);
  offer_type("se.response", f.r_inverse.absent);
  offer_type("se.terms", no_terms.empty() ? f.r_inverse.absent : no_terms);
  description_.parameters = {
      se_parameter(),
      terms_parameter(),
      {"dispersion", "for standard errors; default: what summary() takes, 1 or the estimate of the fit"}};
  if (dispersion_.absent.empty()) description_.details.emplace_back("dispersion", number_text(dispersion_.value));
}

std::string Glm::error_type(const std::string& type) const {
  if (type == "terms" || type == "se.terms") return "se.terms";
  return type == "response" || type == "se.response" ? "se.response" : "se.fit";
}

Result<Prediction> Glm::score(const table::Table& table, const Request& request, Executor& executor) const {
  SCORIA_TRY(types, types_of(request));
  SCORIA_TRY(picked, terms_of(request));
  SCORIA_TRY(dispersion, single_number(request, "dispersion"));
  if (dispersion && !(*dispersion >= 0)) {
    return Error{Code::invalid, "parameter 'dispersion': must be at least 0"};
  }
  const auto has = [&](std::string_view type) { return std::find(types.begin(), types.end(), type) != types.end(); };
  const bool errors = has("se.fit") || has("se.response") || has("se.terms");
  if (errors && !dispersion && !dispersion_.absent.empty()) {
    return Error{Code::unsupported, "standard errors need the dispersion, which this file does not tell: " +
                                        dispersion_.absent + "; give --param dispersion=NUMBER"};
  }
  SCORIA_TRY(frame, fit().terms.frame(table, request.first_row));

  // predict.glm() hands sqrt(dispersion) on as a scale, which is squared again.
  const double scale = std::sqrt(dispersion.value_or(dispersion_.value));
  Wanted wanted{.residual_variance = scale * scale};
  wanted.fit = has("link") || has("response") || has("se.response");
  wanted.variance = has("se.fit") || has("se.response");
  wanted.terms = has("terms");
  wanted.term_variance = has("se.terms");
  Products products = multiply(fit(), frame, wanted, executor);

  Prediction prediction{table::Table(table.rows()), {}};
  for (const std::string& type : types) {
    if (type == "terms") {
      add_terms(type, products.terms, picked, prediction.table);
    } else if (type == "se.terms") {
      std::vector<std::vector<double>> columns;
      for (const std::vector<double>& variance : products.term_variance) columns.push_back(standard_errors(variance));
      add_terms(type, std::move(columns), picked, prediction.table);
    } else {
      std::vector<double> values = type.starts_with("se.") ? standard_errors(products.variance) : products.fit[0];
      if (type == "response") link_.inverse(values);
      for (std::size_t i = 0; type == "se.response" && i < values.size(); ++i) {
        if (!std::isnan(values[i])) values[i] *= std::fabs(link_.derivative(products.fit[0][i]));
      }
      prediction.table.add(type, table::Column::real(std::move(values)));
    }
  }
  add_notes(types, prediction.notes);
  prediction.notes.insert(prediction.notes.end(), frame.notes.begin(), frame.notes.end());
  return prediction;
}

}  // namespace scoria::model::linear
