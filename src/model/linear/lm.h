// R's linear models: lm (and aov), with standard errors and intervals, and mlm, several responses at once.
// Method: X beta with R's model matrix; variances through the R factor of the fit's QR decomposition, as predict.lm() has it.
// Threads: immutable after loading; score() may run concurrently.
#pragma once

#include "model/linear/linear_model.h"

namespace scoria::model::linear {

class Lm final : public LinearModel {
 public:
  Lm(Description description, Fit fit);

  Result<Prediction> score(const table::Table& table, const Request& request, Executor& executor) const override;

 private:
  struct Interval;
  Result<Interval> interval_of(const Request& request, const std::vector<std::string>& types,
                               std::vector<std::string>& notes) const;
  std::string error_type(const std::string& type) const override;
};

// Several columns of coefficients, one answer each: mlm, and rq with its quantiles.
class LinearAnswers final : public Model {
 public:
  // `refused`: parameters that R's predict() has and this cannot answer, with the reason.
  using Refusals = std::vector<std::pair<std::string_view, std::string_view>>;
  LinearAnswers(Description description, Fit fit, Refusals refused);

  Result<Prediction> score(const table::Table& table, const Request& request, Executor& executor) const override;

 private:
  Fit fit_;
  Refusals refused_;
};

}  // namespace scoria::model::linear
