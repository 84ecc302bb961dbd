#include "model/preprocess/scaler.h"

#include <algorithm>

#include "model/pipeline/numbers.h"

namespace scoria::model::preprocess {

std::vector<std::string> Scaler::names_out(std::span<const std::string> names) const {
  return {names.begin(), names.end()};
}

Result<table::Table> Scaler::transform(const table::Table& columns, std::size_t first_row) const {
  SCORIA_TRY(x, pipeline::to_numbers(columns, {.missing = true}, class_name_, first_row));
  const bool is_limited = scaling_.least > -std::numeric_limits<double>::infinity() ||
                          scaling_.most < std::numeric_limits<double>::infinity();
  table::Table scaled(columns.rows());
  for (std::size_t j = 0; j < x.columns.size(); ++j) {
    std::vector<double> values;
    const auto apply = [&](const std::vector<double>& numbers, auto&& operation) {
      if (numbers.empty()) return;
      const double number = numbers[j];
      for (double& value : values) value = operation(value, number);
    };
    if (!scaling_.subtract.empty() && !scaling_.divide.empty()) {  // the common pair, in one pass
      const double center = scaling_.subtract[j];
      const double scale = scaling_.divide[j];
      values.resize(x.rows);
      std::transform(x.columns[j], x.columns[j] + x.rows, values.begin(),
                     [=](double value) { return (value - center) / scale; });
    } else {
      values.assign(x.columns[j], x.columns[j] + x.rows);
      apply(scaling_.subtract, [](double value, double number) { return value - number; });
      apply(scaling_.divide, [](double value, double number) { return value / number; });
    }
    apply(scaling_.multiply, [](double value, double number) { return value * number; });
    apply(scaling_.add, [](double value, double number) { return value + number; });
    if (is_limited) {
      for (double& value : values) value = std::clamp(value, scaling_.least, scaling_.most);  // NaN stays NaN
    }
    scaled.add(columns.names()[j], table::Column::real(std::move(values)));
  }
  return scaled;
}

}  // namespace scoria::model::preprocess
