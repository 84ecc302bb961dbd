#include "model/discriminant/quadratic_scores.h"

#include <algorithm>
#include <cmath>

#include "model/pipeline/class_answers.h"
#include "model/pipeline/numbers.h"

namespace scoria::model::discriminant {
namespace {

// Logarithms of probabilities from logarithms of what they are proportional to.
NumberColumns log_shares(NumberColumns scores) {
  for (std::size_t row = 0; row < scores[0].size(); ++row) {
    double largest = scores[0][row];
    for (const std::vector<double>& column : scores) largest = std::max(largest, column[row]);
    double sum = 0;
    for (std::vector<double>& column : scores) {
      column[row] -= largest;
      sum += std::exp(column[row]);
    }
    for (std::vector<double>& column : scores) column[row] -= std::log(sum);
  }
  return scores;
}

}  // namespace

QuadraticScores::QuadraticScores(std::vector<ClassAxes> classes, pipeline::ClassLabels labels, bool keeps_logs,
                                 std::string class_name)
    : classes_(std::move(classes)),
      labels_(std::move(labels)),
      keeps_logs_(keeps_logs),
      class_name_(std::move(class_name)) {
  SCORIA_CHECK(!classes_.empty() && classes_.size() == labels_.size());
}

void QuadraticScores::describe(Description& description) const {
  description.types = {"predict", "proba", "log_proba", "decision"};
  description.labels = labels_.names();
}

void QuadraticScores::add_scores(const FeatureMatrix& x, std::size_t first, std::size_t count,
                                 NumberColumns& scores) const {
  FeatureMatrix centered;
  centered.rows = count;
  centered.converted.assign(x.columns.size(), std::vector<double>(count));
  for (const std::vector<double>& column : centered.converted) centered.columns.push_back(column.data());
  for (std::size_t k = 0; k < classes_.size(); ++k) {
    const ClassAxes& one = classes_[k];
    for (std::size_t j = 0; j < x.columns.size(); ++j) {
      for (std::size_t i = 0; i < count; ++i) centered.converted[j][i] = x.columns[j][first + i] - one.mean[j];
    }
    NumberColumns along(one.axes.outputs, std::vector<double>(count));
    one.axes.apply(centered, 0, count, along);
    double* const out = scores[k].data() + first;
    for (const std::vector<double>& axis : along) {
      for (std::size_t i = 0; i < count; ++i) out[i] += axis[i] * axis[i];
    }
    for (std::size_t i = 0; i < count; ++i) out[i] = one.start - 0.5 * out[i];
  }
}

Result<Prediction> QuadraticScores::predict(const table::Table& columns, const Request& request,
                                            Executor& executor) const {
  SCORIA_TRY(x, pipeline::to_numbers(columns, {}, class_name_, request.first_row));
  NumberColumns scores(classes_.size(), std::vector<double>(x.rows));
  linear::for_each_block(x.rows, executor,
                         [&](std::size_t first, std::size_t count) { add_scores(x, first, count, scores); });
  const auto proba = [&] {
    NumberColumns values = scores;
    pipeline::softmax(values, 0, x.rows);
    return values;
  };
  return pipeline::class_prediction(request.types, labels_, pipeline::first_largest(scores),
                                    [&](const std::string& type) -> NumberColumns {
                                      if (type == "proba") return proba();
                                      if (type == "log_proba")
                                        return keeps_logs_ ? log_shares(scores) : pipeline::logarithms(proba());
                                      if (scores.size() != 2) return scores;
                                      NumberColumns difference{scores[1]};
                                      for (std::size_t row = 0; row < x.rows; ++row)
                                        difference[0][row] -= scores[0][row];
                                      return difference;
                                    });
}

}  // namespace scoria::model::discriminant
