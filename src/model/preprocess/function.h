// A known function of each number, column by column.
// Source: scikit-learn's FunctionTransformer and Binarizer.
// Threads: immutable; transform() may run concurrently.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/pipeline/numbers.h"
#include "model/pipeline/step.h"

namespace scoria::model::preprocess {

class Function final : public pipeline::Transformer {
 public:
  struct Options {
    pipeline::Accept accept;
    bool takes_truths = true;  // false: numpy would compute truth values in half precision, so they are refused
  };
  // `class_name` is for messages.
  Function(std::function<double(double)> function, Options options, std::string class_name);

  std::vector<std::string> names_out(std::span<const std::string> names) const override;
  // Errors: invalid: what `options` do not accept, texts.
  Result<table::Table> transform(const table::Table& columns, std::size_t first_row) const override;

 private:
  std::function<double(double)> function_;
  Options options_;
  std::string class_name_;
};

// Columns as they are.
class Identity final : public pipeline::Transformer {
 public:
  std::vector<std::string> names_out(std::span<const std::string> names) const override {
    return {names.begin(), names.end()};
  }
  Result<table::Table> transform(const table::Table& columns, std::size_t /*first_row*/) const override {
    return columns;
  }
};

}  // namespace scoria::model::preprocess
