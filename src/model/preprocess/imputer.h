// Fills missing cells with a value of their column, and tells which cells were missing.
// Source: scikit-learn's SimpleImputer, Imputer and MissingIndicator.
// Threads: immutable; transform() may run concurrently. Ownership: each owns its values.
#pragma once

#include <string>
#include <vector>

#include "model/pipeline/step.h"
#include "model/preprocess/missing_mark.h"

namespace scoria::model::preprocess {

// What a missing cell of one column becomes.
struct Fill {
  enum class Kind : std::uint8_t {
    number,
    truth,  // number is 0 or 1
    text,
    dropped,  // the column had no value when the imputer was fitted: it is left out
  };
  Kind kind = Kind::number;
  double number = 0;
  std::string text;
};

class Imputer final : public pipeline::Transformer {
 public:
  struct Options {
    bool takes_objects = false;  // it was fitted on Python objects, texts among them: columns of texts pass
    bool takes_infinite = false;
    std::vector<std::size_t> indicated;  // columns of which a further output says which cells were missing
  };

  // Precondition: positions in options.indicated are below fills.size().
  Imputer(MissingMark mark, std::vector<Fill> fills, Options options, std::string class_name);

  std::vector<std::string> names_out(std::span<const std::string> names) const override;
  // Errors: invalid: texts where numbers are wanted, infinite values, missing ones where these are not what is filled.
  Result<table::Table> transform(const table::Table& columns, std::size_t first_row) const override;

 private:
  Result<table::ColumnPtr> filled(const table::ColumnPtr& column, const std::string& name, const Fill& fill,
                                  const std::vector<std::uint8_t>& marked, std::size_t first_row) const;

  MissingMark mark_;
  std::vector<Fill> fills_;
  Options options_;
  std::string class_name_;
};

class MissingIndicator final : public pipeline::Transformer {
 public:
  // `shown`: columns whose missing cells are told, below `count`. `only_these`: another one that has some is an error.
  MissingIndicator(MissingMark mark, std::size_t count, std::vector<std::size_t> shown, bool only_these);

  std::vector<std::string> names_out(std::span<const std::string> names) const override;
  // Columns of truth values. Errors: invalid: a missing cell in a column that had none, if only_these; as Imputer's.
  Result<table::Table> transform(const table::Table& columns, std::size_t first_row) const override;

 private:
  MissingMark mark_;
  std::size_t count_;
  std::vector<std::size_t> shown_;
  bool only_these_;
};

}  // namespace scoria::model::preprocess
