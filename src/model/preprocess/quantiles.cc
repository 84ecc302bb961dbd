#include "model/preprocess/quantiles.h"

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <limits>
#include <numbers>

#include "model/pipeline/numbers.h"
#include "model/pipeline/sklearn_steps.h"
#include "pickle/array.h"

namespace scoria::model::preprocess {
namespace {

constexpr double kThreshold = 1e-7;  // scikit-learn's BOUNDS_THRESHOLD

// numpy.interp.
double interpolated(double x, const std::vector<double>& from, const std::vector<double>& to) {
  if (x > from.back()) return to.back();
  if (x < from.front()) return to.front();
  const auto above = std::upper_bound(from.begin(), from.end(), x);
  if (above == from.end()) return to.back();
  if (above == from.begin()) return to.front();  // of quantiles that do not increase
  const auto j = static_cast<std::size_t>(above - from.begin()) - 1;
  if (from[j] == x) return to[j];
  const double slope = (to[j + 1] - to[j]) / (from[j + 1] - from[j]);
  return slope * (x - from[j]) + to[j];
}

std::vector<double> negative_backwards(const std::vector<double>& values) {
  std::vector<double> out(values.rbegin(), values.rend());
  for (double& value : out) value = -value;
  return out;
}

double within_threshold(double share) {
  constexpr double kLeast = kThreshold - std::numeric_limits<double>::epsilon();
  return std::clamp(share, kLeast, 1 - kLeast);
}

double normal_number(double share) {
  const double p = within_threshold(share);
  // Of the nearer tail, where the share has all its digits.
  const double size = std::numbers::sqrt2 * boost::math::erfc_inv(2 * std::min(p, 1 - p));
  return p < 0.5 ? -size : size;
}

}  // namespace

Quantiles::Quantiles(std::vector<std::vector<double>> quantiles, std::vector<double> references, Options options)
    : quantiles_(std::move(quantiles)), references_(std::move(references)), options_(options) {
  references_from_above_ = negative_backwards(references_);
  for (const std::vector<double>& column : quantiles_) {
    SCORIA_CHECK(!column.empty() && column.size() == references_.size());
    from_above_.push_back(negative_backwards(column));
  }
}

std::vector<std::string> Quantiles::names_out(std::span<const std::string> names) const {
  return {names.begin(), names.end()};
}

double Quantiles::transformed(double x, std::size_t column) const {
  if (std::isnan(x)) return x;
  const std::vector<double>& quantiles = quantiles_[column];
  const bool is_wide = options_.is_normal || options_.clips_uniform;
  double share =
      0.5 * (interpolated(x, quantiles, references_) - interpolated(-x, from_above_[column], references_from_above_));
  if (is_wide ? x + kThreshold > quantiles.back() : x == quantiles.back()) share = 1;
  if (is_wide ? x - kThreshold < quantiles.front() : x == quantiles.front()) share = 0;
  if (options_.is_normal) return normal_number(share);
  return options_.clips_uniform ? within_threshold(share) : share;
}

Result<table::Table> Quantiles::transform(const table::Table& columns, std::size_t first_row) const {
  SCORIA_CHECK(columns.columns() == quantiles_.size());
  SCORIA_TRY(x, pipeline::to_numbers(columns, {.missing = options_.takes_missing}, "QuantileTransformer", first_row));
  table::Table out(columns.rows());
  for (std::size_t j = 0; j < quantiles_.size(); ++j) {
    std::vector<double> values(x.columns[j], x.columns[j] + x.rows);
    for (double& value : values) value = transformed(value, j);
    out.add(columns.names()[j], table::Column::real(std::move(values)));
  }
  return out;
}

Result<pipeline::Step> load_quantile_transformer(const pickle::Object& object, int /*depth*/) {
  SCORIA_TRY(distribution, object.text("output_distribution"));
  if (distribution != "uniform" && distribution != "normal") {
    return Error{Code::unsupported, object.name() + ": output_distribution is '" + distribution +
                                        "'; those that are known: uniform, normal"};
  }
  SCORIA_TRY(references, object.numbers("references_"));
  SCORIA_TRY(array, object.array("quantiles_"));
  if (references.empty() || array->shape.size() != 2 || array->shape[0] != references.size() || array->shape[1] == 0) {
    return object.corrupt("quantiles_", "must have a row for each of references_ and a column for each column");
  }
  SCORIA_TRY(all, object.numbers("quantiles_"));
  for (const auto* numbers : {&references, &all}) {
    for (const double number : *numbers) {
      if (!std::isfinite(number)) return object.corrupt("quantiles_", "and references_ must be finite numbers");
    }
  }
  const auto count = static_cast<std::size_t>(array->shape[1]);
  std::vector<std::vector<double>> quantiles(count);
  for (std::size_t i = 0; i < all.size(); ++i) quantiles[i % count].push_back(all[i]);
  const bool is_old = object.find("n_quantiles_") == nullptr;  // 0.19 and 0.20
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, count, step));
  step.transformer = std::make_shared<Quantiles>(
      std::move(quantiles), std::move(references),
      Quantiles::Options{.is_normal = distribution == "normal", .takes_missing = !is_old, .clips_uniform = is_old});
  return step;
}

}  // namespace scoria::model::preprocess
