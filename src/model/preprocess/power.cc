#include "model/preprocess/power.h"

#include <cmath>
#include <limits>

#include "model/pipeline/numbers.h"
#include "model/pipeline/pipeline.h"
#include "model/pipeline/sklearn_steps.h"

namespace scoria::model::preprocess {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

double yeo_johnson(double x, double lambda) {
  if (x >= 0) {
    return std::fabs(lambda) < kEpsilon ? std::log1p(x) : std::expm1(lambda * std::log1p(x)) / lambda;
  }
  return std::fabs(lambda - 2) > kEpsilon ? -std::expm1((2 - lambda) * std::log1p(-x)) / (2 - lambda) : -std::log1p(-x);
}

double yeo_johnson_by_pow(double x, double lambda) {
  if (x >= 0) return std::fabs(lambda) < kEpsilon ? std::log1p(x) : (std::pow(x + 1, lambda) - 1) / lambda;
  return std::fabs(lambda - 2) > kEpsilon ? -(std::pow(-x + 1, 2 - lambda) - 1) / (2 - lambda) : -std::log1p(-x);
}

// scipy.special.boxcox.
double box_cox(double x, double lambda) {
  return std::fabs(lambda) < 1e-19 ? std::log(x) : std::expm1(lambda * std::log(x)) / lambda;
}

}  // namespace

std::vector<std::string> Power::names_out(std::span<const std::string> names) const {
  return {names.begin(), names.end()};
}

Result<table::Table> Power::transform(const table::Table& columns, std::size_t first_row) const {
  SCORIA_CHECK(columns.columns() == lambdas_.size());
  SCORIA_TRY(x, pipeline::to_numbers(columns, {.missing = true}, "PowerTransformer", first_row));
  table::Table out(columns.rows());
  for (std::size_t j = 0; j < lambdas_.size(); ++j) {
    std::vector<double> values(x.columns[j], x.columns[j] + x.rows);
    for (std::size_t row = 0; row < values.size(); ++row) {
      double& value = values[row];
      if (std::isnan(value)) continue;
      if (method_ == Method::box_cox && value <= 0) {
        return Error{Code::invalid, "row " + std::to_string(first_row + row) + ", column '" + columns.names()[j] +
                                        "': the value is not above 0, as PowerTransformer with method 'box-cox' needs"};
      }
      switch (method_) {
        case Method::box_cox: value = box_cox(value, lambdas_[j]); break;
        case Method::yeo_johnson: value = yeo_johnson(value, lambdas_[j]); break;
        case Method::yeo_johnson_by_pow: value = yeo_johnson_by_pow(value, lambdas_[j]); break;
      }
    }
    out.add(columns.names()[j], table::Column::real(std::move(values)));
  }
  return out;
}

Result<pipeline::Step> load_power_transformer(const pickle::Object& object, int depth) {
  SCORIA_TRY(name, object.text("method"));
  SCORIA_TRY(lambdas, object.numbers("lambdas_"));
  if (lambdas.empty()) return object.corrupt("lambdas_", "must have a number for each column");
  if (name != "box-cox" && name != "yeo-johnson") {
    return Error{Code::unsupported,
                 object.name() + ": method is '" + name + "'; those that are known: yeo-johnson, box-cox"};
  }
  const std::string version = pickle::sklearn_version(object.value());
  const bool is_old = version.starts_with("0.") ||
                      (version.starts_with("1.") && version.size() > 3 && version[3] == '.' && version[2] < '8');
  const Power::Method method = name == "box-cox" ? Power::Method::box_cox
                               : is_old          ? Power::Method::yeo_johnson_by_pow
                                                 : Power::Method::yeo_johnson;
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, lambdas.size(), step));
  step.transformer = std::make_shared<Power>(method, lambdas);
  SCORIA_TRY(standardizes, object.truth("standardize"));
  if (!standardizes) return step;
  SCORIA_TRY(kept, object.get("_scaler"));
  SCORIA_TRY(scaler, pipeline::load_step(*kept, "'_scaler' of " + object.name(), depth + 1));
  if (scaler.transformer == nullptr || scaler.inputs.size() != lambdas.size()) {
    return object.corrupt("_scaler", "must scale as many columns as there are lambdas_");
  }
  step.transformer = pipeline::chain({step, std::move(scaler)});
  return step;
}

}  // namespace scoria::model::preprocess
