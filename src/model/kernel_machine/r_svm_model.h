// e1071's support vector machines: rows scaled as the fit scaled them, libsvm's sums, and the answers of predict.svm().
// Source: predict.svm() and libsvm 3.23 of e1071 1.7-13.
// Threads: immutable after construction; score() may run concurrently.
// Ownership: owns its machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/class_columns.h"
#include "model/design.h"
#include "model/kernel_machine/r_svm_levels.h"
#include "model/kernel_machine/stored_machine.h"
#include "model/model.h"

namespace scoria::model::kernel_machine {

// What is subtracted from a number, and by what the difference is divided.
struct ColumnScale {
  double center = 0;
  double scale = 1;
};

struct RSvmParts {
  enum class Kind : std::uint8_t { classes, one_class, regression };

  Kind kind = Kind::classes;
  StoredMachine machine;
  std::vector<std::string> levels;    // of the response
  std::vector<std::uint32_t> labels;  // of each of the machine's classes: its position in levels
  std::vector<std::size_t> scaled;    // columns of the design
  std::vector<ColumnScale> scales;    // of each of them
  ColumnScale response;               // of a regression
  bool is_sparse = false;             // fitted to a sparse matrix: R takes no missing value then
  SvmLevels factors;                  // of a formula
};

class RSvmModel final : public Model {
 public:
  // Preconditions: kernel_machine::check(parts.machine.view()) passed, and the design has its dimensions as columns; every label is
  // below levels.size(), every scaled column below the dimensions.
  RSvmModel(Description description, Design design, RSvmParts parts);

  Result<Prediction> score(const table::Table& table, const Request& request, Executor& executor) const override;

 private:
  Result<NumberColumns> decide(const DesignRows& rows, const Request& request, Executor& executor) const;
  std::vector<bool> missing_rows(const DesignRows& rows, const table::Table& table) const;
  NumberColumns probabilities(const NumberColumns& decisions, const std::vector<bool>& missing) const;
  table::ColumnPtr voted(const NumberColumns& decisions, const std::vector<bool>& missing) const;
  table::ColumnPtr most_probable_class(const NumberColumns& probabilities, const std::vector<bool>& missing) const;
  std::vector<std::string> pair_names() const;
  std::vector<std::string> class_names() const;

  Design design_;
  RSvmParts parts_;
};

}  // namespace scoria::model::kernel_machine
