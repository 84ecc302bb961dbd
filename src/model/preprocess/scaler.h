// Each column shifted and scaled by numbers of its own: what scikit-learn's scalers do.
// Threads: immutable; transform() may run concurrently. Ownership: owns its numbers.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "model/pipeline/step.h"

namespace scoria::model::preprocess {

// ((x - subtract) / divide) * multiply + add, each operation only where it is given, as each rounds; then held within limits.
struct Scaling {
  std::vector<double> subtract;  // one for each column, or none
  std::vector<double> divide;
  std::vector<double> multiply;
  std::vector<double> add;
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
};

class Scaler final : public pipeline::Transformer {
 public:
  // `class_name` is for messages.
  Scaler(Scaling scaling, std::string class_name) : scaling_(std::move(scaling)), class_name_(std::move(class_name)) {}

  std::vector<std::string> names_out(std::span<const std::string> names) const override;
  // Missing values stay missing. Errors: invalid: texts, infinite values.
  Result<table::Table> transform(const table::Table& columns, std::size_t first_row) const override;

  const Scaling& scaling() const { return scaling_; }
  const std::string& class_name() const { return class_name_; }

 private:
  Scaling scaling_;
  std::string class_name_;
};

}  // namespace scoria::model::preprocess
