// The numbers that a model multiplies: columns of the input by name or by position, or its formula's model matrix.
//
//   SCORIA_TRY(rows, design_.bind(table, request.first_row));
//   rows.for_each_block(executor, [&](const DesignBlock& block) { ... block.columns[j][i] ... });
//
// Threads: immutable once made; const members may run concurrently.
// Ownership: DesignRows borrows the Design and the table, a DesignBlock its DesignRows.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/result.h"
#include "model/features.h"
#include "model/model.h"
#include "table/table.h"

namespace scoria::model {

// Some consecutive rows.
struct DesignBlock {
  std::size_t first = 0;  // in the table
  std::size_t count = 0;
  std::vector<const double*> columns;  // `count` numbers each; NA is na_real(), NaN stays
};

class Design;

class DesignRows {
 public:
  std::size_t rows() const { return rows_; }
  const std::vector<std::string>& notes() const { return notes_; }
  // Rows with NA or NaN in some variable: what na.omit drops.
  const std::vector<bool>& incomplete() const { return incomplete_; }

  // Calls body for blocks that cover all rows, in any order, perhaps several at once.
  void for_each_block(Executor& executor, const std::function<void(const DesignBlock&)>& body) const;

 private:
  friend class Design;
  std::size_t rows_ = 0;
  FeatureMatrix matrix_;
  std::vector<std::string> notes_;
  std::vector<bool> incomplete_;
};

class Design {
 public:
  // Columns found by name. Where the names are none, or are R's 1, 2, ... for a matrix that had none, the model was fitted
  // with columns that only their position tells apart: the input then has columns V1, V2, ..., as R's as.data.frame() and
  // read.csv(header = FALSE) call them, or exactly as many columns as the model, in its order.
  // Precondition: names is empty or has `count` elements.
  static Design of_columns(std::vector<std::string> names, std::size_t count);

  std::size_t columns() const { return names_.size(); }
  const std::vector<std::string>& names() const { return names_; }

  // Adds the columns that a table must have.
  void describe(Description& description) const;

  // Errors: invalid, naming column and row: what bind_features() refuses.
  Result<DesignRows> bind(const table::Table& rows, std::size_t first_row) const;

 private:
  std::vector<std::string> names_;
  std::vector<Feature> features_;
  bool by_position_ = false;
};

}  // namespace scoria::model
