// Coordinates along components, as a step: ((x - subtract) * components + shifts) / divide.
// Threads: immutable; transform() may run concurrently. Ownership: owns its numbers.
#pragma once

#include <string>
#include <vector>

#include "model/linear/affine.h"
#include "model/pipeline/step.h"

namespace scoria::model::projection {

class Components final : public pipeline::Transformer {
 public:
  // `subtract` is one number for each input and `divide` one for each component; either is empty where nothing is done. Columns are
  // called `prefix`0, `prefix`1, ...; `class_name` is for messages.
  Components(linear::Affine components, std::vector<double> subtract, std::vector<double> divide, std::string prefix,
             std::string class_name);

  std::vector<std::string> names_out(std::span<const std::string> names) const override;
  // Errors: invalid: texts, missing and infinite values.
  Result<table::Table> transform(const table::Table& columns, std::size_t first_row) const override;

 private:
  linear::Affine components_;
  std::vector<double> subtract_;
  std::vector<double> divide_;
  std::string prefix_;
  std::string class_name_;
};

}  // namespace scoria::model::projection
