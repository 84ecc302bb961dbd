// Each number's share of the numbers below it when fitted, between quantiles of its column, or the normal number of that share.
// Source: scikit-learn's QuantileTransformer; numpy.interp.
// Threads: immutable; transform() may run concurrently.
#pragma once

#include <string>
#include <vector>

#include "model/pipeline/step.h"
#include "pickle/object.h"

namespace scoria::model::preprocess {

class Quantiles final : public pipeline::Transformer {
 public:
  struct Options {
    bool is_normal = false;      // else uniform
    bool takes_missing = true;   // since scikit-learn 0.20
    bool clips_uniform = false;  // to 1e-7 from 0 and 1, as until 0.20
  };
  // `quantiles`: of each column, as many as `references`, and at least one. Whatever their order, every number has an answer.
  Quantiles(std::vector<std::vector<double>> quantiles, std::vector<double> references, Options options);

  std::vector<std::string> names_out(std::span<const std::string> names) const override;
  // Errors: invalid: texts, infinite values.
  Result<table::Table> transform(const table::Table& columns, std::size_t first_row) const override;

 private:
  double transformed(double x, std::size_t column) const;

  std::vector<std::vector<double>> quantiles_;
  std::vector<std::vector<double>> from_above_;  // the same, negative and backwards
  std::vector<double> references_;
  std::vector<double> references_from_above_;
  Options options_;
};

// Type: transform. Errors: corrupt, naming the attribute; unsupported: another distribution.
Result<pipeline::Step> load_quantile_transformer(const pickle::Object& object, int depth);

}  // namespace scoria::model::preprocess
