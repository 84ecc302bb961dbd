#include "model/class_columns.h"

#include <algorithm>
#include <cmath>

#include "base/result.h"

namespace scoria::model {
namespace {

// Numbers closer than this, relative to the row's largest, are one number to max.col().
constexpr double kNear = 1e-5;

table::ColumnPtr label_column(std::vector<std::int32_t> codes, const std::vector<std::string>& labels) {
  return table::Column::factor(std::move(codes), std::make_shared<const std::vector<std::string>>(labels));
}

}  // namespace

void add_numbers(const std::string& type, const std::vector<std::string>& labels, NumberColumns values,
                 table::Table& out) {
  SCORIA_CHECK(labels.empty() || labels.size() == values.size());
  for (std::size_t k = 0; k < values.size(); ++k) {
    std::string name = type;
    if (!labels.empty()) {
      name += ":" + labels[k];
    } else if (values.size() > 1) {
      name += ":" + std::to_string(k + 1);
    }
    out.add(std::move(name), table::Column::real(std::move(values[k])));
  }
}

table::ColumnPtr most_probable(const NumberColumns& values, const std::vector<std::string>& labels,
                               std::vector<std::string>& notes) {
  SCORIA_CHECK(!values.empty() && labels.size() == values.size());
  std::vector<std::int32_t> codes(values[0].size(), -1);
  std::size_t ties = 0;
  for (std::size_t row = 0; row < codes.size(); ++row) {
    double largest = 0;
    bool is_missing = false;
    for (const std::vector<double>& column : values) {
      is_missing = is_missing || std::isnan(column[row]);
      if (std::isfinite(column[row])) largest = std::max(largest, std::fabs(column[row]));
    }
    if (is_missing) continue;
    std::size_t best = 0;
    bool is_tied = false;
    for (std::size_t k = 1; k < values.size(); ++k) {
      const double value = values[k][row];
      if (value > values[best][row] + kNear * largest) {
        best = k;
        is_tied = false;
      } else if (value >= values[best][row] - kNear * largest) {
        is_tied = true;
      }
    }
    codes[row] = static_cast<std::int32_t>(best);
    if (is_tied) ++ties;
  }
  if (ties > 0) {
    notes.push_back(
        std::to_string(ties) +
        " rows have classes that are equally probable: R draws one at random, the first in level order is given");
  }
  return label_column(std::move(codes), labels);
}

table::ColumnPtr second_above_half(std::span<const double> values, const std::vector<std::string>& labels) {
  SCORIA_CHECK(labels.size() == 2);
  std::vector<std::int32_t> codes(values.size(), -1);
  for (std::size_t row = 0; row < codes.size(); ++row) {
    if (!std::isnan(values[row])) codes[row] = values[row] > 0.5 ? 1 : 0;
  }
  return label_column(std::move(codes), labels);
}

}  // namespace scoria::model
