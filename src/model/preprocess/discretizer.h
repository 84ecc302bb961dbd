// Numbers as the bin of their column that they are in. Source: scikit-learn's KBinsDiscretizer.
// Threads: immutable; transform() may run concurrently.
#pragma once

#include <string>
#include <vector>

#include "model/pipeline/step.h"
#include "pickle/object.h"

namespace scoria::model::preprocess {

class Discretizer final : public pipeline::Transformer {
 public:
  // `inner_edges`: between the bins of each column. `leans_up`: a number that is only just below an edge counts as above it, as
  // until scikit-learn 1.0.
  Discretizer(std::vector<std::vector<double>> inner_edges, bool leans_up)
      : inner_edges_(std::move(inner_edges)), leans_up_(leans_up) {}

  std::vector<std::string> names_out(std::span<const std::string> names) const override;
  // Errors: invalid: texts, missing and infinite values.
  Result<table::Table> transform(const table::Table& columns, std::size_t first_row) const override;

 private:
  std::vector<std::vector<double>> inner_edges_;
  bool leans_up_;
};

// Type: transform; the columns are bins, or one for each bin. Errors: corrupt, naming the attribute.
Result<pipeline::Step> load_discretizer(const pickle::Object& object, int depth);

}  // namespace scoria::model::preprocess
