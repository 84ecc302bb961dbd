#include "model/distance/nearest_center.h"

#include <cmath>

#include "base/na.h"
#include "model/class_columns.h"
#include "model/parameters.h"

namespace scoria::model::distance {

NearestCenter::NearestCenter(Description description, Design design, RMatrix centers)
    : design_(std::move(design)), centers_(std::move(centers)) {
  description_ = std::move(description);
}

Result<Prediction> NearestCenter::score(const table::Table& table, const Request& request, Executor& executor) const {
  SCORIA_TRY(types, requested_types(description_, request));
  SCORIA_TRY(rows, design_.bind(table, request.first_row));
  NumberColumns squares(centers_.rows, std::vector<double>(table.rows()));
  rows.for_each_block(executor, [&](const DesignBlock& block) {
    for (std::size_t k = 0; k < centers_.rows; ++k) {
      double* const out = squares[k].data() + block.first;
      for (std::size_t j = 0; j < block.columns.size(); ++j) {
        const double center = centers_.at(k, j);
        for (std::size_t i = 0; i < block.count; ++i) {
          const double apart = block.columns[j][i] - center;
          out[i] += apart * apart;
        }
      }
    }
  });
  Prediction prediction{table::Table(table.rows()), rows.notes()};
  for (const std::string& type : types) {
    if (type == "cluster") {
      std::vector<std::int32_t> nearest(table.rows(), kNaInt);
      for (std::size_t row = 0; row < nearest.size(); ++row) {
        double best = 0;
        for (std::size_t k = 0; k < squares.size(); ++k) {
          const double square = squares[k][row];
          if (std::isnan(square) || (nearest[row] != kNaInt && !(square < best))) continue;
          best = square;
          nearest[row] = static_cast<std::int32_t>(k + 1);
        }
      }
      prediction.table.add(type, table::Column::integer(std::move(nearest)));
      continue;
    }
    NumberColumns distances = squares;
    for (std::vector<double>& column : distances) {
      for (double& value : column) value = std::sqrt(value);
    }
    add_numbers(type, description_.labels, std::move(distances), prediction.table);
  }
  return prediction;
}

}  // namespace scoria::model::distance
