#include "model/projection/projection.h"

#include "model/class_columns.h"
#include "model/parameters.h"

namespace scoria::model::projection {

Projection::Projection(Description description, Design design, std::vector<double> center, std::vector<double> scale,
                       RMatrix rotation)
    : design_(std::move(design)), center_(std::move(center)), scale_(std::move(scale)), rotation_(std::move(rotation)) {
  description_ = std::move(description);
}

Result<Prediction> Projection::score(const table::Table& table, const Request& request, Executor& executor) const {
  SCORIA_TRY(types, requested_types(description_, request));
  SCORIA_TRY(rows, design_.bind(table, request.first_row));
  NumberColumns out(rotation_.columns, std::vector<double>(table.rows()));
  rows.for_each_block(executor, [&](const DesignBlock& block) {
    std::vector<double> scaled(block.count);
    for (std::size_t j = 0; j < block.columns.size(); ++j) {
      scaled.assign(block.columns[j], block.columns[j] + block.count);
      for (double& x : scaled) {
        if (!center_.empty()) x -= center_[j];
        if (!scale_.empty()) x /= scale_[j];
      }
      for (std::size_t k = 0; k < rotation_.columns; ++k) {
        const double weight = rotation_.at(j, k);
        double* const sums = out[k].data() + block.first;
        for (std::size_t i = 0; i < block.count; ++i) sums[i] += scaled[i] * weight;
      }
    }
  });
  Prediction prediction{table::Table(table.rows()), rows.notes()};
  add_numbers(types[0], rotation_.column_names, std::move(out), prediction.table);
  return prediction;
}

}  // namespace scoria::model::projection
