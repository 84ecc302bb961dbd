// The parts that a fitted estimator of scikit-learn is made of: transformers that turn columns into columns, one after the
// other, and at the end a predictor. Columns go by position from step to step; their names serve messages and headers.
// Threads: immutable once made; const members may run concurrently.
// Ownership: each owns what it needs; the file it came from may go.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/result.h"
#include "model/model.h"
#include "table/table.h"

namespace scoria::model::pipeline {

class Loading;  // sklearn_steps.h: what loaders ask for the steps within theirs

class Transformer {
 public:
  virtual ~Transformer() = default;

  // Names of the columns made of columns with these names, as get_feature_names_out() gives them.
  virtual std::vector<std::string> names_out(std::span<const std::string> names) const = 0;

  // As many rows as `columns` has, and the columns that names_out() names. Messages call the first row `first_row`.
  // Errors: invalid, naming row and column: what scikit-learn's transform() refuses.
  virtual Result<table::Table> transform(const table::Table& columns, std::size_t first_row) const = 0;
};

class Predictor {
 public:
  virtual ~Predictor() = default;

  // Fills title, types (the first is predict()'s), parameters, labels and details.
  virtual void describe(Description& description) const = 0;

  // Of how many rows at once it makes the most. Few stay in the nearest memory from step to step.
  virtual std::size_t best_rows() const { return 1024; }

  // The columns T or T:label of each of request.types, in that order; these are known and never none.
  // Errors: invalid, naming row and column: what scikit-learn's predict() refuses.
  virtual Result<Prediction> predict(const table::Table& columns, const Request& request, Executor& executor) const = 0;
};

// A column that a step was fitted on.
struct Input {
  Feature feature;
  bool is_needed = true;  // false: nothing reads it, and it need not be there
};

// A fitted estimator. Some are transformer and predictor: KMeans.
struct Step {
  std::string class_name;     // "StandardScaler"
  std::vector<Input> inputs;  // in order
  bool has_names = false;     // the inputs' names were kept; else they are x0, x1, ...
  // It does the same to each column or row and keeps no number of columns, so that it takes any and makes as many: no `inputs`.
  bool takes_any_count = false;
  std::shared_ptr<const Transformer> transformer;
  std::shared_ptr<const Predictor> predictor;
  bool offers_transform = false;  // of both: what the transformer makes is a type of its own, beside the predictor's
};

}  // namespace scoria::model::pipeline
