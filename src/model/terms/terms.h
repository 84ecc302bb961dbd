// The right-hand side of a fitted model's formula: from a table's columns to R's model frame, and on to its model matrix.
//
// What R does in predict(): delete.response(terms), model.frame(Terms, newdata, na.action = na.pass, xlev = xlevels), and
// model.matrix(Terms, frame, contrasts.arg = contrasts); R's own names, order and coding of columns.
// Variables are the terms' "predvars" (poly(x, 2, coefs = ...), ns(x, knots = ...)), evaluated by `expr` and, where a variable
// is a matrix, by basis.h. Only what gives a row's value from that row alone is taken.
//
//   auto terms = Terms::parse(*object.find("terms"), {.xlevels = object.find("xlevels"), ...});
//   auto frame = terms.value().frame(rows, first_row);
//   std::vector<double> block(256 * terms.value().columns().size());
//   terms.value().fill(frame.value(), 0, 256, block);
//
// Threads: immutable once parsed; const members may run concurrently.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/model.h"
#include "rdata/value.h"
#include "table/table.h"

namespace scoria::model::terms {

// One variable of a model frame.
struct Variable {
  std::string name;                        // as R's model frame names it: "log(p)", "poly(x, 2)"
  FeatureKind kind = FeatureKind::number;  // of the variable, after its expression: factor(cyl) is a factor
  std::vector<std::string> levels;         // factor and ordered
  std::vector<std::string> column_names;   // of a matrix: "1", "2"; empty for a plain vector
  // One per matrix column, else one; 0-based codes of a factor or logical; NA is na_real(), NaN stays. The frame keeps what
  // they point into, a column of the table where that is all the variable is.
  std::vector<std::span<const double>> columns;
};

struct ModelFrame {
  std::size_t rows = 0;
  std::vector<Variable> variables;  // in the order of Terms::variables(); offsets are not among them
  std::vector<double> offset;       // the sum of all offsets, empty where the model has none
  std::vector<bool> incomplete;     // rows with NA or NaN in some variable or offset: what na.omit drops
  std::vector<std::string> notes;

  ModelFrame() = default;
  ModelFrame(ModelFrame&&) = default;
  ModelFrame& operator=(ModelFrame&&) = default;
  ModelFrame(const ModelFrame&) = delete;  // variables point into what follows
  ModelFrame& operator=(const ModelFrame&) = delete;

  std::vector<table::ColumnPtr> shared;
  std::vector<std::vector<double>> computed;
};

// What a fitted object knows besides its terms; nullptr where it has no such slot.
struct Sources {
  const rdata::Value* xlevels = nullptr;
  const rdata::Value* contrasts = nullptr;
  const rdata::Value* call = nullptr;  // for an offset given as an argument, which R evaluates in newdata
  // Rows that it was fitted to, as they came and as its model frame: they tell which columns were factors where the formula
  // says as.numeric(f) only.
  const rdata::Value* data = nullptr;
  const rdata::Value* frame = nullptr;
  // False where only frame() is asked for: then there are no columns(), and nothing that only they need is refused.
  bool needs_matrix = true;
};

class Terms {
 public:
  // Errors: corrupt, naming the attribute that is wrong; unsupported, naming the term and what in it is not understood, or
  // what depends on other rows.
  static Result<Terms> parse(const rdata::Value& terms, const Sources& sources);

  Terms(Terms&&) noexcept;
  Terms& operator=(Terms&&) noexcept;
  ~Terms();

  // The columns that a table must have, offsets' columns included.
  const std::vector<Feature>& features() const;

  // Names of the frame's variables, and each one's kind and levels as known at load.
  const std::vector<std::string>& variables() const;

  // The model matrix's columns as R names them: "(Intercept)", "x", "fb", "x:fb"; and for each the number of its term
  // (0 the intercept, from 1 in the order of labels()), as attr(x, "assign").
  const std::vector<std::string>& columns() const;
  const std::vector<std::uint32_t>& assign() const;
  const std::vector<std::string>& labels() const;  // attr(terms, "term.labels")
  bool has_intercept() const;
  bool has_offset() const;

  // Errors: invalid, with R's meaning, naming column, row and what is allowed: "factor supp has new levels XX", "variable 'Age'
  // was fitted with type ...", a lacking column, a value that is not a number.
  Result<ModelFrame> frame(const table::Table& rows, std::size_t first_row) const;

  // Rows [first, first + count) of the model matrix, column-major: out[column * count + row].
  // Precondition: out.size() == count * columns().size(); the frame came from this object's frame().
  void fill(const ModelFrame& frame, std::size_t first, std::size_t count, std::span<double> out) const;

 private:
  struct State;
  explicit Terms(std::unique_ptr<const State> state);
  std::unique_ptr<const State> state_;
};

}  // namespace scoria::model::terms
