#include "model/preprocess/normalizer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/pipeline/numbers.h"
#include "model/preprocess/sklearn_function.h"

namespace scoria::model::preprocess {

std::vector<std::string> Normalizer::names_out(std::span<const std::string> names) const {
  return {names.begin(), names.end()};
}

Result<table::Table> Normalizer::transform(const table::Table& columns, std::size_t first_row) const {
  SCORIA_TRY(x, pipeline::to_numbers(columns, {}, "Normalizer", first_row));
  double least = 0;
  if (norm_ == Norm::largest && !x.columns.empty()) least = -std::numeric_limits<double>::infinity();
  std::vector<double> norms(x.rows, least);
  for (const double* column : x.columns) {
    for (std::size_t row = 0; row < x.rows; ++row) {
      const double value = column[row];
      switch (norm_) {
        case Norm::l1: norms[row] += std::fabs(value); break;
        case Norm::l2: norms[row] += value * value; break;
        case Norm::largest: norms[row] = std::max(norms[row], value); break;
        case Norm::largest_size: norms[row] = std::max(norms[row], std::fabs(value)); break;
      }
    }
  }
  for (double& norm : norms) {
    if (norm_ == Norm::l2) norm = std::sqrt(norm);
    if (norm == 0) norm = 1;
  }
  table::Table out(columns.rows());
  for (std::size_t j = 0; j < x.columns.size(); ++j) {
    std::vector<double> values(x.rows);
    for (std::size_t row = 0; row < x.rows; ++row) values[row] = x.columns[j][row] / norms[row];
    out.add(columns.names()[j], table::Column::real(std::move(values)));
  }
  return out;
}

Result<pipeline::Step> load_normalizer(const pickle::Object& object, pipeline::Loading& /*loading*/) {
  SCORIA_TRY(name, object.text("norm"));
  Normalizer::Norm norm = Normalizer::Norm::l2;
  if (name == "l1") {
    norm = Normalizer::Norm::l1;
  } else if (name == "max") {
    // Until 0.23 the largest number, whatever the sizes of those below zero.
    norm = object.find("n_features_in_") == nullptr ? Normalizer::Norm::largest : Normalizer::Norm::largest_size;
  } else if (name != "l2") {
    return Error{Code::unsupported, object.name() + ": norm is '" + name + "'; those that are known: l1, l2, max"};
  }
  pipeline::Step step;
  SCORIA_TRY_STATUS(set_any_inputs(object, step));
  step.transformer = std::make_shared<Normalizer>(norm);
  return step;
}

}  // namespace scoria::model::preprocess
