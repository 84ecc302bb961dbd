#include "model/design.h"

#include <algorithm>

namespace scoria::model {
namespace {

constexpr std::size_t kBlockRows = 256;

// Whether R made these names for a matrix that had none.
bool are_positions(const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] != std::to_string(i + 1)) return false;
  }
  return true;
}

}  // namespace

void DesignRows::for_each_block(Executor& executor, const std::function<void(const DesignBlock&)>& body) const {
  executor.parallel_for((rows_ + kBlockRows - 1) / kBlockRows, [&](std::size_t i) {
    DesignBlock block{.first = i * kBlockRows, .count = std::min(kBlockRows, rows_ - i * kBlockRows)};
    for (const double* column : matrix_.columns) block.columns.push_back(column + block.first);
    body(block);
  });
}

Design Design::of_columns(std::vector<std::string> names, std::size_t count) {
  Design design;
  design.by_position_ = are_positions(names);
  design.names_ = std::move(names);
  if (design.by_position_) {
    design.names_.clear();
    for (std::size_t i = 0; i < count; ++i) design.names_.push_back("V" + std::to_string(i + 1));
  }
  SCORIA_CHECK(design.names_.size() == count);
  for (const std::string& name : design.names_) design.features_.push_back({.name = name});
  return design;
}

void Design::describe(Description& description) const {
  description.features = features_;
  description.by_position = by_position_;
}

Result<DesignRows> Design::bind(const table::Table& rows, std::size_t first_row) const {
  DesignRows bound;
  bound.rows_ = rows.rows();
  const bool renamed = by_position_ && !absent_columns(features_, rows.names()).empty();
  if (renamed && rows.columns() != names_.size()) {
    return Error{Code::invalid, "the input has " + std::to_string(rows.columns()) + " columns and the model " +
                                    std::to_string(names_.size()) +
                                    ", whose names its file does not keep: give just these in the model's order, or "
                                    "call them " +
                                    listed(names_)};
  }
  std::vector<Feature> features = features_;
  if (renamed) {
    for (std::size_t i = 0; i < features.size(); ++i) features[i].name = rows.names()[i];
  }
  SCORIA_TRY(matrix, bind_features(rows, features, UnseenLevel::refuse, first_row));
  bound.incomplete_ = incomplete_rows(matrix);
  bound.notes_ = matrix.notes;
  if (renamed) {
    bound.notes_.push_back("the model's file keeps no names of its columns: the input's are taken in their order");
  }
  bound.matrix_ = std::move(matrix);
  return bound;
}

}  // namespace scoria::model
