#include "model/bayes/sklearn_naive_bayes.h"

#include <cmath>
#include <numbers>

#include "model/bayes/class_logs.h"
#include "model/linear/sklearn_affine.h"
#include "model/pipeline/sklearn_steps.h"
#include "model/pipeline/sklearn_version.h"

namespace scoria::model::bayes {
namespace {

// Normal densities: start - sum((x - mean)^2 / variance) / 2.
class NormalLogs final : public ClassLogs {
 public:
  NormalLogs(std::vector<double> starts, linear::Weights means, linear::Weights variances)
      : starts_(std::move(starts)), means_(std::move(means)), variances_(std::move(variances)) {}

  void add(const FeatureMatrix& x, std::size_t first, std::size_t count, NumberColumns& logs) const override {
    for (std::size_t k = 0; k < starts_.size(); ++k) {
      double* const out = logs[k].data() + first;
      for (std::size_t j = 0; j < means_.columns; ++j) {
        const double mean = means_.values[k * means_.columns + j];
        const double variance = variances_.values[k * means_.columns + j];
        const double* const column = x.columns[j] + first;
        for (std::size_t i = 0; i < count; ++i) out[i] += (column[i] - mean) * (column[i] - mean) / variance;
      }
      for (std::size_t i = 0; i < count; ++i) out[i] = starts_[k] - 0.5 * out[i];
    }
  }

 private:
  std::vector<double> starts_;
  linear::Weights means_;
  linear::Weights variances_;
};

// Weighted sums of counts, or of whether a value is above a threshold.
class WeightedLogs final : public ClassLogs {
 public:
  explicit WeightedLogs(linear::Affine sums) : sums_(std::move(sums)) {}
  WeightedLogs(linear::Affine sums, double threshold)
      : sums_(std::move(sums)), threshold_(threshold), is_binary_(true) {}

  void add(const FeatureMatrix& x, std::size_t first, std::size_t count, NumberColumns& logs) const override {
    if (!is_binary_) return sums_.apply(x, first, count, logs);
    FeatureMatrix binary;
    binary.rows = count;
    binary.converted.assign(sums_.inputs, std::vector<double>(count));
    for (std::size_t j = 0; j < sums_.inputs; ++j) {
      for (std::size_t i = 0; i < count; ++i) binary.converted[j][i] = x.columns[j][first + i] > threshold_ ? 1.0 : 0.0;
      binary.columns.push_back(binary.converted[j].data());
    }
    NumberColumns sums(sums_.outputs, std::vector<double>(count));
    sums_.apply(binary, 0, count, sums);
    for (std::size_t k = 0; k < sums.size(); ++k) {
      std::copy(sums[k].begin(), sums[k].end(), logs[k].begin() + static_cast<std::ptrdiff_t>(first));
    }
  }

 private:
  linear::Affine sums_;
  double threshold_ = 0;
  bool is_binary_ = false;
};

// A matrix with a row for each class.
Result<linear::Weights> read_table(const pickle::Object& object, std::string_view attribute, std::size_t classes) {
  SCORIA_TRY(table, linear::read_weights(object, attribute));
  if (table.rows != classes)
    return object.corrupt(attribute, "has " + std::to_string(table.rows) + " rows, must have " +
                                         std::to_string(classes) + ", one for each class");
  return table;
}

Result<std::vector<double>> read_each(const pickle::Object& object, std::string_view attribute, std::size_t classes) {
  SCORIA_TRY(numbers, object.numbers(attribute));
  if (numbers.size() != classes)
    return object.corrupt(attribute, "has " + std::to_string(numbers.size()) + " numbers, must have " +
                                         std::to_string(classes) + ", one for each class");
  return numbers;
}

Result<pipeline::Step> make_step(const pickle::Object& object, std::size_t inputs, std::unique_ptr<ClassLogs> logs,
                                 pipeline::ClassLabels labels) {
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, inputs, step));
  step.predictor = std::make_shared<LogClassifier>(std::move(logs), std::move(labels), pipeline::short_name(object));
  return step;
}

linear::Affine as_affine(linear::Weights table, std::vector<double> shifts) {
  return {table.columns, table.rows, std::move(table.values), std::move(shifts)};
}

}  // namespace

Result<pipeline::Step> load_gaussian_nb(const pickle::Object& object, int /*depth*/) {
  SCORIA_TRY(labels, pipeline::ClassLabels::read(object));
  SCORIA_TRY(means, read_table(object, "theta_", labels.size()));
  SCORIA_TRY(variances, read_table(object, "var_", labels.size()));
  SCORIA_TRY(starts, read_each(object, "class_prior_", labels.size()));
  if (variances.columns != means.columns) return object.corrupt("var_", "must have the shape of 'theta_'");
  for (std::size_t k = 0; k < starts.size(); ++k) {
    double logs = 0;
    for (std::size_t j = 0; j < means.columns; ++j) {
      logs += std::log(2.0 * std::numbers::pi * variances.values[k * means.columns + j]);
    }
    starts[k] = std::log(starts[k]) - 0.5 * logs;
  }
  const std::size_t inputs = means.columns;
  auto logs = std::make_unique<NormalLogs>(std::move(starts), std::move(means), std::move(variances));
  return make_step(object, inputs, std::move(logs), std::move(labels));
}

Result<pipeline::Step> load_multinomial_nb(const pickle::Object& object, int /*depth*/) {
  SCORIA_TRY(labels, pipeline::ClassLabels::read(object));
  SCORIA_TRY(table, read_table(object, "feature_log_prob_", labels.size()));
  SCORIA_TRY(priors, read_each(object, "class_log_prior_", labels.size()));
  const std::size_t inputs = table.columns;
  auto logs = std::make_unique<WeightedLogs>(as_affine(std::move(table), std::move(priors)));
  return make_step(object, inputs, std::move(logs), std::move(labels));
}

Result<pipeline::Step> load_complement_nb(const pickle::Object& object, int /*depth*/) {
  SCORIA_TRY(labels, pipeline::ClassLabels::read(object));
  SCORIA_TRY(table, read_table(object, "feature_log_prob_", labels.size()));
  std::vector<double> priors(labels.size());
  if (labels.size() == 1) {  // only then does it count
    SCORIA_TRY(prior, read_each(object, "class_log_prior_", 1));
    priors = std::move(prior);
  }
  const std::size_t inputs = table.columns;
  auto logs = std::make_unique<WeightedLogs>(as_affine(std::move(table), std::move(priors)));
  return make_step(object, inputs, std::move(logs), std::move(labels));
}

Result<pipeline::Step> load_bernoulli_nb(const pickle::Object& object, int /*depth*/) {
  SCORIA_TRY(labels, pipeline::ClassLabels::read(object));
  SCORIA_TRY(table, read_table(object, "feature_log_prob_", labels.size()));
  SCORIA_TRY(starts, read_each(object, "class_log_prior_", labels.size()));
  for (std::size_t k = 0; k < table.rows; ++k) {
    double absent = 0;  // the logarithm of the chance that nothing occurs
    for (std::size_t j = 0; j < table.columns; ++j) {
      double& weight = table.values[k * table.columns + j];
      const double is_not = std::log(1 - std::exp(weight));
      weight -= is_not;
      absent += is_not;
    }
    starts[k] += absent;
  }
  const std::size_t inputs = table.columns;
  linear::Affine sums = as_affine(std::move(table), std::move(starts));
  std::unique_ptr<ClassLogs> logs;
  if (object.find("binarize") == nullptr) {
    logs = std::make_unique<WeightedLogs>(std::move(sums));
  } else {
    SCORIA_TRY(threshold, object.number("binarize"));
    logs = std::make_unique<WeightedLogs>(std::move(sums), threshold);
  }
  return make_step(object, inputs, std::move(logs), std::move(labels));
}

}  // namespace scoria::model::bayes
