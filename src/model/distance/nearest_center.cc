#include "model/distance/nearest_center.h"

#include <algorithm>
#include <cmath>

#include "base/na.h"
#include "model/class_columns.h"
#include "model/parameters.h"

namespace scoria::model::distance {

NearestCenter::NearestCenter(Description description, Design design, RMatrix centers)
    : design_(std::move(design)), centers_(std::move(centers)) {
  description_ = std::move(description);
}

std::vector<double> NearestCenter::squares(std::size_t center, const DesignBlock& block) const {
  std::vector<double> sums(block.count, 0.0);
  for (std::size_t j = 0; j < block.columns.size(); ++j) {
    const double at = centers_.at(center, j);
    for (std::size_t i = 0; i < block.count; ++i) {
      const double apart = block.columns[j][i] - at;
      sums[i] += apart * apart;
    }
  }
  return sums;
}

Result<Prediction> NearestCenter::score(const table::Table& table, const Request& request, Executor& executor) const {
  SCORIA_TRY(types, requested_types(description_, request));
  SCORIA_TRY(rows, design_.bind(table, request.first_row));
  const bool wants_distances = std::find(types.begin(), types.end(), "distance") != types.end();
  std::vector<std::int32_t> nearest(table.rows(), kNaInt);
  std::vector<double> least(table.rows());
  NumberColumns distances(wants_distances ? centers_.rows : 0, std::vector<double>(table.rows()));
  rows.for_each_block(executor, [&](const DesignBlock& block) {
    for (std::size_t k = 0; k < centers_.rows; ++k) {
      const std::vector<double> apart = squares(k, block);
      for (std::size_t i = 0; i < block.count; ++i) {
        const std::size_t row = block.first + i;
        if (wants_distances) distances[k][row] = std::sqrt(apart[i]);
        if (std::isnan(apart[i]) || (nearest[row] != kNaInt && !(apart[i] < least[row]))) continue;
        least[row] = apart[i];
        nearest[row] = static_cast<std::int32_t>(k + 1);
      }
    }
  });
  Prediction prediction{table::Table(table.rows()), rows.notes()};
  for (const std::string& type : types) {
    if (type == "cluster") {
      prediction.table.add(type, table::Column::integer(nearest));
    } else {
      add_numbers(type, centers_.row_names, distances, prediction.table);
    }
  }
  return prediction;
}

}  // namespace scoria::model::distance
