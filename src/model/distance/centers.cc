#include "model/distance/centers.h"

#include <algorithm>
#include <cmath>

#include "model/pipeline/class_answers.h"
#include "model/pipeline/class_labels.h"
#include "model/pipeline/numbers.h"

namespace scoria::model::distance {

Centers::Centers(std::size_t inputs, std::vector<double> centers, std::string class_name)
    : centers_(std::move(centers)), class_name_(std::move(class_name)) {
  SCORIA_CHECK(inputs > 0 && !centers_.empty() && centers_.size() % inputs == 0);
  nearness_ = {inputs, centers_.size() / inputs, centers_, {}};
  for (std::size_t k = 0; k < nearness_.outputs; ++k) {
    double square = 0;
    for (std::size_t j = 0; j < inputs; ++j) square += centers_[k * inputs + j] * centers_[k * inputs + j];
    nearness_.shifts.push_back(-square / 2);
  }
}

std::vector<std::string> Centers::names_out(std::span<const std::string> /*names*/) const {
  std::string prefix = class_name_;
  std::transform(prefix.begin(), prefix.end(), prefix.begin(),
                 [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); });
  std::vector<std::string> names;
  for (std::size_t k = 0; k < count(); ++k) names.push_back(prefix + std::to_string(k));
  return names;
}

NumberColumns Centers::distances(const FeatureMatrix& x, Executor& executor) const {
  NumberColumns out(count(), std::vector<double>(x.rows));
  linear::for_each_block(x.rows, executor, [&](std::size_t first, std::size_t block) {
    for (std::size_t k = 0; k < count(); ++k) {
      double* const sums = out[k].data() + first;
      for (std::size_t j = 0; j < nearness_.inputs; ++j) {
        const double* const column = x.columns[j] + first;
        const double center = centers_[k * nearness_.inputs + j];
        for (std::size_t i = 0; i < block; ++i) sums[i] += (column[i] - center) * (column[i] - center);
      }
      for (std::size_t i = 0; i < block; ++i) sums[i] = std::sqrt(sums[i]);
    }
  });
  return out;
}

std::vector<std::int32_t> Centers::nearest(const FeatureMatrix& x, Executor& executor) const {
  NumberColumns nearness(count(), std::vector<double>(x.rows));
  linear::for_each_block(x.rows, executor,
                         [&](std::size_t first, std::size_t block) { nearness_.apply(x, first, block, nearness); });
  return pipeline::first_largest(nearness);
}

Result<table::Table> Centers::transform(const table::Table& columns, std::size_t first_row) const {
  SCORIA_TRY(x, pipeline::to_numbers(columns, {}, class_name_, first_row));
  InlineExecutor inside;
  NumberColumns apart = distances(x, inside);
  const std::vector<std::string> names = names_out({});
  table::Table out(x.rows);
  for (std::size_t k = 0; k < apart.size(); ++k) out.add(names[k], table::Column::real(std::move(apart[k])));
  return out;
}

void Centers::describe(Description& description) const {
  description.types = {"predict", "distance"};
  description.details.emplace_back("centers", std::to_string(count()));
}

Result<Prediction> Centers::predict(const table::Table& columns, const Request& request, Executor& executor) const {
  SCORIA_TRY(x, pipeline::to_numbers(columns, {}, class_name_, request.first_row));
  std::vector<std::string> labels;
  for (std::size_t k = 0; k < count(); ++k) labels.push_back(std::to_string(k));
  Prediction prediction{table::Table(x.rows), {}};
  for (const std::string& type : request.types) {
    if (type == "predict") {
      prediction.table.add(type, table::Column::integer(nearest(x, executor)));
    } else {
      add_numbers(type, labels, distances(x, executor), prediction.table);
    }
  }
  return prediction;
}

}  // namespace scoria::model::distance
