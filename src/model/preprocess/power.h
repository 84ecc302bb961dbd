// Each number raised to a power of its column's, so that a skewed column becomes more normal.
// Source: Box & Cox (1964); Yeo & Johnson (2000); scikit-learn's PowerTransformer.
// Threads: immutable; transform() may run concurrently.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/pipeline/step.h"
#include "pickle/object.h"

namespace scoria::model::preprocess {

class Power final : public pipeline::Transformer {
 public:
  enum class Method : std::uint8_t {
    box_cox,
    yeo_johnson,         // by expm1() and log1p(), as scipy; scikit-learn 1.8 on
    yeo_johnson_by_pow,  // by pow(); before
  };
  Power(Method method, std::vector<double> lambdas) : method_(method), lambdas_(std::move(lambdas)) {}

  std::vector<std::string> names_out(std::span<const std::string> names) const override;
  // A missing value stays missing. Errors: invalid: texts, infinite values, with box_cox what is not above 0.
  Result<table::Table> transform(const table::Table& columns, std::size_t first_row) const override;

 private:
  Method method_;
  std::vector<double> lambdas_;
};

// Type: transform. Errors: corrupt, naming the attribute; unsupported: another method.
Result<pipeline::Step> load_power_transformer(const pickle::Object& object, int depth);

}  // namespace scoria::model::preprocess
