#include "model/tree/rpart.h"

#include <algorithm>
#include <memory>

#include "model/parameters.h"

namespace scoria::model::tree {
namespace {

constexpr std::size_t kWalkedRows = 4096;  // rows; a block takes some hundred microseconds, far more than starting it

std::vector<double> picked(const std::vector<double>& of_nodes, const std::vector<std::int32_t>& ends) {
  std::vector<double> values(ends.size());
  for (std::size_t i = 0; i < ends.size(); ++i) values[i] = of_nodes[static_cast<std::size_t>(ends[i])];
  return values;
}

}  // namespace

Rpart::Rpart(Description description, terms::Terms terms, std::vector<RpartColumn> columns, SurrogateTree tree,
             RpartNodes nodes)
    : terms_(std::move(terms)), columns_(std::move(columns)), tree_(std::move(tree)), nodes_(std::move(nodes)) {
  description_ = std::move(description);
}

Result<Prediction> Rpart::score(const table::Table& rows, const Request& request, Executor& executor) const {
  SCORIA_TRY(types, requested_types(description_, request));
  SCORIA_TRY(frame, terms_.frame(rows, request.first_row));
  std::vector<const double*> columns;
  for (const RpartColumn& column : columns_) {
    // Which columns a variable has was checked at load, and the terms make the same ones of any input.
    const terms::Variable& variable = frame.variables.at(column.variable);
    SCORIA_CHECK(column.column < variable.columns.size());
    columns.push_back(variable.columns[column.column].data());
  }
  std::vector<std::int32_t> ends(rows.rows());
  const std::size_t blocks = (ends.size() + kWalkedRows - 1) / kWalkedRows;
  const auto walk = [&](std::size_t block) {
    const std::size_t first = block * kWalkedRows;
    tree_.walk(columns, first, std::span(ends).subspan(first, std::min(kWalkedRows, ends.size() - first)));
  };
  if (blocks > 1 && executor.concurrency() > 1) {
    executor.parallel_for(blocks, walk);
  } else {
    for (std::size_t block = 0; block < blocks; ++block) walk(block);
  }
  Prediction prediction{table::Table(rows.rows()), std::move(frame.notes)};
  for (const std::string& type : types) add(type, ends, prediction.table);
  return prediction;
}

void Rpart::add(const std::string& type, const std::vector<std::int32_t>& ends, table::Table& out) const {
  const std::vector<std::string>& labels = description_.labels;
  if (type == "prob") {
    for (std::size_t k = 0; k < labels.size(); ++k) {
      // A row of the matrix: the class, a count for each class, a share for each class, the share of all rows.
      out.add("prob:" + labels[k], table::Column::real(picked(nodes_.matrix[1 + labels.size() + k], ends)));
    }
  } else if (type == "class") {
    std::vector<std::int32_t> codes(ends.size());
    for (std::size_t i = 0; i < ends.size(); ++i) {
      codes[i] = static_cast<std::int32_t>(nodes_.value[static_cast<std::size_t>(ends[i])]) - 1;
    }
    out.add(type, table::Column::factor(std::move(codes), std::make_shared<const std::vector<std::string>>(labels)));
  } else if (type == "matrix" && !nodes_.matrix.empty()) {
    for (std::size_t k = 0; k < nodes_.matrix.size(); ++k) {
      out.add("matrix:" + std::to_string(k + 1), table::Column::real(picked(nodes_.matrix[k], ends)));
    }
  } else if (type == "where" || type == "node") {
    std::vector<std::int32_t> numbers(ends.size());
    for (std::size_t i = 0; i < ends.size(); ++i) {
      numbers[i] = type == "where" ? ends[i] + 1 : nodes_.numbers[static_cast<std::size_t>(ends[i])];
    }
    out.add(type, table::Column::integer(std::move(numbers)));
  } else {
    out.add(type, table::Column::real(picked(nodes_.value, ends)));
  }
}

}  // namespace scoria::model::tree
