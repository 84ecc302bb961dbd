// Several transformers beside one another, each over columns of its own; what they make stands side by side, in their order.
// Source: scikit-learn's ColumnTransformer and FeatureUnion.
// Threads: immutable; transform() may run concurrently. Ownership: owns or shares its transformers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/pipeline/step.h"

namespace scoria::model::preprocess {

struct Branch {
  std::string prefix;                // of the names of its columns; empty: they keep their names
  std::vector<std::size_t> columns;  // positions in the input, as its transformer takes them
  std::shared_ptr<const pipeline::Transformer> transformer;  // none: the columns pass
  double weight = 1;                                         // what numbers are multiplied with
};

class Branches final : public pipeline::Transformer {
 public:
  // Precondition: positions are below `count`, the number of input columns.
  Branches(std::vector<Branch> branches, std::size_t count);

  std::vector<std::string> names_out(std::span<const std::string> names) const override;
  // Truth values beside numbers become numbers, as in numpy's hstack(). Errors: the transformers' own; invalid: a text in a column
  // that is to be weighted.
  Result<table::Table> transform(const table::Table& columns, std::size_t first_row) const override;

 private:
  std::vector<Branch> branches_;
  std::size_t count_;
};

}  // namespace scoria::model::preprocess
