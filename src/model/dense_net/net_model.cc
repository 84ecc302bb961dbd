#include "model/dense_net/net_model.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <string>

#include "base/na.h"
#include "model/class_columns.h"
#include "model/parameters.h"

namespace scoria::model::dense_net {
namespace {

// Which of a block's rows first holds an infinity, counted in the table; the greatest number there is where none does.
std::size_t first_infinite(const DesignBlock& block, const std::vector<bool>& incomplete) {
  std::size_t first = std::numeric_limits<std::size_t>::max();
  for (const double* column : block.columns) {
    for (std::size_t i = 0; i < block.count && block.first + i < first; ++i) {
      if (std::isinf(column[i]) && !incomplete[block.first + i]) first = block.first + i;
    }
  }
  return first;
}

void lower_to(std::atomic<std::size_t>& least, std::size_t value) {
  std::size_t seen = least.load();
  while (value < seen && !least.compare_exchange_weak(seen, value)) {
  }
}

}  // namespace

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
  std::atomic<std::size_t> infinite = std::numeric_limits<std::size_t>::max();
  rows.for_each_block(executor, [&](const DesignBlock& block) {
    lower_to(infinite, first_infinite(block, rows.incomplete()));
    network_.forward(block, outputs);
  });
  if (infinite < table.rows()) {
    return Error{Code::invalid, "row " + std::to_string(request.first_row + infinite) +
                                    ": an input of the network is Inf or -Inf, in the column or once the formula is "
                                    "worked out; a network takes finite numbers only, in R too"};
  }
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
