#include "model/bayes/class_logs.h"

#include <algorithm>
#include <cmath>

#include "model/linear/affine.h"
#include "model/pipeline/class_answers.h"
#include "model/pipeline/numbers.h"

namespace scoria::model::bayes {
namespace {

// Each row less the logarithm of the sum of its exponentials.
void normalise(NumberColumns& logs, std::size_t first, std::size_t count) {
  for (std::size_t row = first; row < first + count; ++row) {
    double largest = logs[0][row];
    for (const std::vector<double>& column : logs) largest = std::max(largest, column[row]);
    if (!std::isfinite(largest)) largest = 0;
    double sum = 0;
    for (const std::vector<double>& column : logs) sum += std::exp(column[row] - largest);
    const double total = std::log(sum) + largest;
    for (std::vector<double>& column : logs) column[row] -= total;
  }
}

}  // namespace

void LogClassifier::describe(Description& description) const {
  description.types = {"predict", "proba", "log_proba"};
  description.labels = labels_.names();
}

Result<Prediction> LogClassifier::predict(const table::Table& columns, const Request& request,
                                          Executor& executor) const {
  SCORIA_TRY(x, pipeline::to_numbers(columns, {}, class_name_, request.first_row));
  NumberColumns logs(labels_.size(), std::vector<double>(x.rows));
  linear::for_each_block(x.rows, executor,
                         [&](std::size_t first, std::size_t count) { logs_->add(x, first, count, logs); });
  std::vector<std::int32_t> winners = pipeline::first_largest(logs);
  normalise(logs, 0, x.rows);
  return pipeline::class_prediction(request.types, labels_, winners, [&](const std::string& type) {
    NumberColumns values = logs;
    if (type == "log_proba") return values;
    for (std::vector<double>& column : values) {
      for (double& value : column) value = std::exp(value);
    }
    return values;
  });
}

}  // namespace scoria::model::bayes
