#include "model/pipeline/class_answers.h"

#include <algorithm>
#include <cmath>

namespace scoria::model::pipeline {

Prediction class_prediction(const std::vector<std::string>& types, const ClassLabels& labels,
                            const std::vector<std::int32_t>& winners,
                            const std::function<NumberColumns(const std::string& type)>& values) {
  Prediction prediction{table::Table(winners.size()), {}};
  for (const std::string& type : types) {
    if (type == "predict") {
      prediction.table.add(type, labels.column(winners));
      continue;
    }
    NumberColumns columns = values(type);
    const std::vector<std::string> names = columns.size() == 1 ? std::vector<std::string>{} : labels.names();
    add_numbers(type, names, std::move(columns), prediction.table);
  }
  return prediction;
}

bool is_asked(const std::vector<std::string>& types, std::string_view type) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

NumberColumns logarithms(NumberColumns values) {
  for (std::vector<double>& column : values) {
    for (double& x : column) x = std::log(x);
  }
  return values;
}

void softmax(NumberColumns& values, std::size_t first, std::size_t count) {
  for (std::size_t row = first; row < first + count; ++row) {
    double largest = values[0][row];
    for (const std::vector<double>& column : values) largest = std::max(largest, column[row]);
    double sum = 0;
    for (std::vector<double>& column : values) sum += column[row] = std::exp(column[row] - largest);
    for (std::vector<double>& column : values) column[row] /= sum;
  }
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace scoria::model::pipeline
