// Each row divided by its own norm. Source: scikit-learn's Normalizer.
// Threads: immutable; transform() may run concurrently.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/pipeline/step.h"
#include "pickle/object.h"

namespace scoria::model::preprocess {

class Normalizer final : public pipeline::Transformer {
 public:
  enum class Norm : std::uint8_t { l1, l2, largest, largest_size };  // of numbers, or of their sizes
  explicit Normalizer(Norm norm) : norm_(norm) {}

  std::vector<std::string> names_out(std::span<const std::string> names) const override;
  // A row of zeros stays. Errors: invalid: texts, missing and infinite values.
  Result<table::Table> transform(const table::Table& columns, std::size_t first_row) const override;

 private:
  Norm norm_;
};

// Type: transform. Errors: corrupt; unsupported: another norm.
Result<pipeline::Step> load_normalizer(const pickle::Object& object, int depth);

}  // namespace scoria::model::preprocess
