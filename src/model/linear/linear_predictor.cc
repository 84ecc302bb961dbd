#include "model/linear/linear_predictor.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/pipeline/class_answers.h"
#include "model/pipeline/numbers.h"

namespace scoria::model::linear {
namespace {

using pipeline::is_asked;

NumberColumns empty_columns(std::size_t columns, std::size_t rows) { return {columns, std::vector<double>(rows)}; }

std::vector<std::string> counted(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t k = 0; k < count && count > 1; ++k) names.push_back(std::to_string(k));
  return names;
}

// Each row over the sum of its columns.
void normalise(NumberColumns& values, std::size_t first, std::size_t count, bool none_is_even) {
  for (std::size_t row = first; row < first + count; ++row) {
    double sum = 0;
    for (const std::vector<double>& column : values) sum += column[row];
    if (none_is_even && sum == 0) {
      for (std::vector<double>& column : values) column[row] = 1;
      sum = static_cast<double>(values.size());
    }
    for (std::vector<double>& column : values) column[row] /= sum;
  }
}

double probability_of(Probability probability, double sum) {
  return probability == Probability::modified_huber ? (std::clamp(sum, -1.0, 1.0) + 1) / 2 : pipeline::sigmoid(sum);
}

// Of two classes, from the second one's sums.
void two_probabilities(Probability probability, const std::vector<double>& sums, std::size_t first, std::size_t count,
                       NumberColumns& out) {
  for (std::size_t row = first; row < first + count; ++row) {
    const bool is_softmax = probability == Probability::softmax;
    out[1][row] = is_softmax ? sums[row] : probability_of(probability, sums[row]);
    out[0][row] = is_softmax ? -sums[row] : 1 - out[1][row];
  }
  if (probability == Probability::softmax) pipeline::softmax(out, first, count);
}

void probabilities(Probability probability, const NumberColumns& sums, std::size_t first, std::size_t count,
                   NumberColumns& out) {
  if (sums.size() == 1) return two_probabilities(probability, sums[0], first, count, out);
  for (std::size_t k = 0; k < sums.size(); ++k) {
    for (std::size_t row = first; row < first + count; ++row) {
      out[k][row] = probability == Probability::softmax ? sums[k][row] : probability_of(probability, sums[k][row]);
    }
  }
  if (probability == Probability::softmax) {
    pipeline::softmax(out, first, count);
  } else {
    normalise(out, first, count, probability != Probability::sigmoid);
  }
}

}  // namespace

void LinearRegressor::describe(Description& description) const {
  description.types = {"predict"};
  if (sums_.outputs > 1) description.details.emplace_back("outputs", std::to_string(sums_.outputs));
}

Result<Prediction> LinearRegressor::predict(const table::Table& columns, const Request& request,
                                            Executor& executor) const {
  SCORIA_TRY(x, pipeline::to_numbers(columns, {}, class_name_, request.first_row));
  NumberColumns sums = empty_columns(sums_.outputs, x.rows);
  for_each_block(x.rows, executor, [&](std::size_t first, std::size_t count) {
    sums_.apply(x, first, count, sums);
    if (inverse_ == Inverse::identity) return;
    for (std::vector<double>& column : sums) {
      for (std::size_t row = first; row < first + count; ++row) column[row] = std::exp(column[row]);
    }
  });
  Prediction prediction{table::Table(x.rows), {}};
  add_numbers("predict", counted(sums_.outputs), std::move(sums), prediction.table);
  return prediction;
}

LinearClassifier::LinearClassifier(Affine sums, Probability probability, pipeline::ClassLabels labels,
                                   std::string class_name, LogOfZero zero)
    : sums_(std::move(sums)),
      probability_(probability),
      labels_(std::move(labels)),
      class_name_(std::move(class_name)),
      zero_(zero) {
  SCORIA_CHECK(sums_.outputs == (labels_.size() == 2 ? 1 : labels_.size()));
}

void LinearClassifier::describe(Description& description) const {
  description.types = {"predict", "decision"};
  if (probability_ != Probability::none) description.types = {"predict", "proba", "log_proba", "decision"};
  description.labels = labels_.names();
}

Result<Prediction> LinearClassifier::predict(const table::Table& columns, const Request& request,
                                             Executor& executor) const {
  SCORIA_TRY(x, pipeline::to_numbers(columns, {}, class_name_, request.first_row));
  const bool wants_proba = is_asked(request.types, "proba") || is_asked(request.types, "log_proba");
  NumberColumns sums = empty_columns(sums_.outputs, x.rows);
  NumberColumns proba = empty_columns(wants_proba ? labels_.size() : 0, x.rows);
  for_each_block(x.rows, executor, [&](std::size_t first, std::size_t count) {
    sums_.apply(x, first, count, sums);
    if (wants_proba) probabilities(probability_, sums, first, count, proba);
  });
  std::vector<std::int32_t> winners;
  if (sums.size() > 1) {
    winners = pipeline::first_largest(sums);
  } else {
    for (const double d : sums[0]) winners.push_back(d > 0 ? 1 : 0);
  }
  return pipeline::class_prediction(request.types, labels_, winners, [&](const std::string& type) {
    if (type == "decision") return sums;
    if (type == "proba") return proba;
    NumberColumns held = proba;
    for (std::vector<double>& column : held) {
      for (double& p : column) {
        if (p == 0 && zero_ == LogOfZero::finite) p = std::numeric_limits<double>::min();
      }
    }
    return pipeline::logarithms(std::move(held));
  });
}

void LinearOneClass::describe(Description& description) const {
  description.types = {"predict", "decision", "score"};
  description.details.emplace_back("prediction", "1 inside, -1 outside");
}

Result<Prediction> LinearOneClass::predict(const table::Table& columns, const Request& request,
                                           Executor& executor) const {
  SCORIA_TRY(x, pipeline::to_numbers(columns, {}, class_name_, request.first_row));
  NumberColumns sums = empty_columns(1, x.rows);
  for_each_block(x.rows, executor, [&](std::size_t first, std::size_t count) { sums_.apply(x, first, count, sums); });
  std::vector<double> decision = sums[0];
  for (double& d : decision) d -= offset_;
  Prediction prediction{table::Table(x.rows), {}};
  for (const std::string& type : request.types) {
    if (type == "predict") {
      std::vector<std::int32_t> sides;
      for (const double d : decision) sides.push_back(d >= 0 ? 1 : -1);
      prediction.table.add(type, table::Column::integer(std::move(sides)));
      continue;
    }
    std::vector<double> values = decision;
    // As score_samples() rounds: back from the decision.
    if (type == "score") {
      for (double& d : values) d += offset_;
    }
    prediction.table.add(type, table::Column::real(std::move(values)));
  }
  return prediction;
}

}  // namespace scoria::model::linear
