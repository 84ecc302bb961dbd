// Boosted trees as scikit-learn adds them up: a start for each row and output, the leaves of every stage in order, then what the
// loss makes of the sums.
// Threads: immutable after construction; predict() may run concurrently.
// Ownership: owns its trees, columns and start.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/pipeline/class_labels.h"
#include "model/pipeline/step.h"
#include "model/tree/sums.h"

namespace scoria::model::tree {

// What the trees split on, made of the columns of a table.
class SplitColumns {
 public:
  virtual ~SplitColumns() = default;

  // Borrows columns of doubles for as long as `columns` lives.
  // Errors: invalid, naming row and column: a cell that scikit-learn refuses.
  virtual Result<FeatureMatrix> matrix(const table::Table& columns, std::size_t first_row) const = 0;
};

// What the sums of each row start with.
class Start {
 public:
  virtual ~Start() = default;

  // Fills sums[k][row]. Errors: as SplitColumns::matrix().
  virtual Status fill(const table::Table& columns, std::size_t first_row, Executor& executor,
                      NumberColumns& sums) const = 0;
};

// From sums to predictions of a regression or to probabilities: of the second class, or of each.
enum class Link : std::uint8_t {
  identity,
  exponential,
  logistic,
  double_logistic,
  softmax,
  softmax_by_logarithm,  // exp(x - log(total)), as older versions take it: its rounding is what log_proba shows near 0
};

// How predict() finds a class. The versions of scikit-learn differ where two classes are equally probable.
enum class Decision : std::uint8_t {
  most_probable,   // the first of the most probable classes
  above_zero,      // the second of two classes where the sum is above 0; of more, the first with the largest sum
  zero_and_above,  // the second of two classes also where the sum is 0
};

struct BoostingParts {
  Link link = Link::identity;
  std::uint32_t outputs = 1;  // trees of a stage
  std::shared_ptr<const SplitColumns> columns;
  std::shared_ptr<const Start> start;
  std::optional<pipeline::ClassLabels> classes;  // of a classifier: two where there is one output, else one for each
  Decision decision = Decision::most_probable;
  bool has_log_proba = false;
  bool has_apply = false;  // the ensemble keeps positions
  std::string title;
  std::vector<std::pair<std::string, std::string>> details;
};

class Boosting final : public pipeline::Predictor {
 public:
  Boosting(Sums sums, BoostingParts parts) : sums_(std::move(sums)), parts_(std::move(parts)) {}

  std::size_t best_rows() const override { return kRowsOfTrees; }
  void describe(Description& description) const override;
  Result<Prediction> predict(const table::Table& columns, const Request& request, Executor& executor) const override;

 private:
  NumberColumns probabilities(const NumberColumns& sums) const;
  table::ColumnPtr decide(const NumberColumns& sums) const;
  void add_leaves(const FeatureMatrix& x, Executor& executor, table::Table& out) const;

  Sums sums_;
  BoostingParts parts_;
};

// The same numbers for every row.
class ConstantStart final : public Start {
 public:
  explicit ConstantStart(std::vector<double> values) : values_(std::move(values)) {}

  Status fill(const table::Table& columns, std::size_t first_row, Executor& executor,
              NumberColumns& sums) const override;

 private:
  std::vector<double> values_;  // by output
};

}  // namespace scoria::model::tree
