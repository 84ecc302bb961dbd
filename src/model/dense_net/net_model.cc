#include "model/dense_net/net_model.h"

#include <algorithm>

#include "base/na.h"
#include "model/class_columns.h"
#include "model/parameters.h"

namespace scoria::model::dense_net {

NetModel::NetModel(Description description, Design design, Network network, std::vector<std::string> output_names,
                   MissingRow missing)
    : design_(std::move(design)),
      network_(std::move(network)),
      output_names_(std::move(output_names)),
      missing_(missing) {
  description_ = std::move(description);
}

Status NetModel::require_complete(const DesignRows& rows, std::size_t first_row) const {
  const auto found = std::find(rows.incomplete().begin(), rows.incomplete().end(), true);
  if (found == rows.incomplete().end()) return Ok{};
  const auto row = static_cast<std::size_t>(found - rows.incomplete().begin());
  return Error{Code::invalid, "row " + std::to_string(first_row + row) +
                                  " has a missing value; a network fitted with x and y takes none"};
}

Result<Prediction> NetModel::score(const table::Table& table, const Request& request, Executor& executor) const {
  SCORIA_TRY(types, requested_types(description_, request));
  SCORIA_TRY(rows, design_.bind(table, request.first_row));
  if (missing_ == MissingRow::refuse) SCORIA_TRY_STATUS(require_complete(rows, request.first_row));
  NumberColumns outputs(network_.outputs(), std::vector<double>(table.rows()));
  rows.for_each_block(executor, [&](const DesignBlock& block) { network_.forward(block, outputs); });
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (!rows.incomplete()[row]) continue;
    for (std::vector<double>& column : outputs) column[row] = na_real();
  }
  Prediction prediction{table::Table(table.rows()), rows.notes()};
  for (const std::string& type : types) {
    if (type != "class") {
      add_numbers(type, output_names_, outputs, prediction.table);
    } else if (outputs.size() == 1) {
      prediction.table.add(type, second_above_half(outputs[0], description_.labels));
    } else {
      prediction.table.add(type, most_probable(outputs, description_.labels, prediction.notes));
    }
  }
  return prediction;
}

}  // namespace scoria::model::dense_net
