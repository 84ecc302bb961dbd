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
#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/result.h"
#include "model/features.h"
#include "model/model.h"
#include "model/r_object.h"
#include "model/terms/terms.h"
#include "table/table.h"

namespace scoria::model {

// Some consecutive rows.
struct DesignBlock {
  std::size_t first = 0;  // in the table
  std::size_t count = 0;
  std::vector<const double*> columns;  // `count` numbers each; NA is na_real(), NaN stays
  std::vector<double> filled;          // what columns points into, where they are not the table's own
};

// Whether the column "(Intercept)" of a model matrix is one of the design's.
enum class Intercept : std::uint8_t { drop, keep };

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
  const Design* design_ = nullptr;
  FeatureMatrix matrix_;     // of columns
  terms::ModelFrame frame_;  // of a formula
  std::vector<std::string> notes_;
  std::vector<bool> incomplete_;
};

class Design {
 public:
  // Columns found by name. Where the names are none, or are R's 1, 2, ... for a matrix that had none, the model was fitted
  // with columns that only their position tells apart: the input then has columns V1, V2, ..., as R's as.data.frame() and
  // read.csv(header = FALSE) call them, or 1, 2, ... where the model has these names, or exactly as many columns as the model, in its order.
  // Precondition: names is empty or has `count` elements.
  static Design of_columns(std::vector<std::string> names, std::size_t count);

  // Columns that R takes by their position, called `names` or, all of them, V1, V2, ...; else exactly as many columns, in this order.
  // Precondition: names has `count` elements or none, which are V1, V2, ...
  static Design of_positions(std::vector<std::string> names, std::size_t count);

  // The model matrix of the object's slot `terms`, with its xlevels, contrasts and call; `xlevels` stand in where an object has
  // none.
  // Errors: corrupt, unsupported: what Terms::parse() refuses.
  static Result<Design> of_formula(const RObject& object, Intercept intercept, const rdata::Value* xlevels = nullptr);

  std::size_t columns() const { return names_.size(); }
  const std::vector<std::string>& names() const { return names_; }

  // Whether the formula has an offset. It is no column of the design.
  bool has_offset() const { return terms_ != nullptr && terms_->has_offset(); }

  // Adds the columns that a table must have.
  void describe(Description& description) const;

  // Errors: invalid, naming column and row: what bind_features() refuses.
  Result<DesignRows> bind(const table::Table& rows, std::size_t first_row) const;

 private:
  struct Found {
    std::vector<Feature> features;  // by the names that they have in a table
    bool by_order = false;          // and these say nothing
  };
  Result<Found> find_in(const table::Table& rows) const;

  std::vector<std::string> names_;
  std::vector<std::string> other_names_;  // by_position_: what the columns may be called instead, or none
  std::vector<Feature> features_;
  bool by_position_ = false;
  std::shared_ptr<const terms::Terms> terms_;  // of a formula
  std::vector<std::size_t> kept_;              // the model matrix's columns that are the design's

  friend class DesignRows;
};

}  // namespace scoria::model
