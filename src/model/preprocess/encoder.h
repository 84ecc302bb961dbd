// Columns of categories as numbers: a column for each category, or one number for each.
// Source: scikit-learn's OneHotEncoder and OrdinalEncoder.
// Threads: immutable; transform() may run concurrently. Ownership: each owns its categories.
#pragma once

#include <string>
#include <vector>

#include "model/pipeline/step.h"
#include "model/preprocess/categories.h"

namespace scoria::model::preprocess {

// One column of a OneHotEncoder.
struct OneHotColumn {
  static constexpr std::int32_t kNone = -1;  // no output is 1

  Categories categories;
  std::vector<std::int32_t> outputs;  // the output that is 1, for each category; kNone where it was dropped
  std::vector<std::string> names;     // of the outputs
  std::int32_t unknown = kNone;       // the output that is 1 for what is no category
  bool refuses_unknown = true;
  bool refuses_missing = false;  // where it is no category
};

class OneHot final : public pipeline::Transformer {
 public:
  // Precondition: outputs and unknown are kNone or below names.size().
  OneHot(std::vector<OneHotColumn> columns, std::string class_name);

  std::vector<std::string> names_out(std::span<const std::string> names) const override;
  // Errors: invalid: a cell that is no category, where such or missing ones are refused, naming the known ones; an
  // infinite number.
  Result<table::Table> transform(const table::Table& columns, std::size_t first_row) const override;

 private:
  std::vector<OneHotColumn> columns_;
  std::string class_name_;
};

// One column of an OrdinalEncoder.
struct OrdinalColumn {
  Categories categories;
  std::vector<double> codes;  // of each category
  double unknown = 0;
  bool refuses_unknown = true;
  bool refuses_missing = false;  // where it is no category
};

class Ordinal final : public pipeline::Transformer {
 public:
  // Precondition: as many codes as categories.
  Ordinal(std::vector<OrdinalColumn> columns, std::string class_name);

  std::vector<std::string> names_out(std::span<const std::string> names) const override;
  // Errors: as OneHot.
  Result<table::Table> transform(const table::Table& columns, std::size_t first_row) const override;

 private:
  std::vector<OrdinalColumn> columns_;
  std::string class_name_;
};

}  // namespace scoria::model::preprocess
