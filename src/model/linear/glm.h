// R's generalized linear models: mu = inverse link of (X beta + offset), with standard errors as predict.glm() has them.
// Threads: immutable after loading; score() may run concurrently.
#pragma once

#include "model/linear/linear_model.h"
#include "model/linear/links.h"

namespace scoria::model::linear {

class Glm final : public LinearModel {
 public:
  // `dispersion`: what summary() takes where no other is asked for.
  Glm(Description description, Fit fit, Link link, Known<double> dispersion);

  Result<Prediction> score(const table::Table& table, const Request& request, Executor& executor) const override;

 private:
  std::string error_type(const std::string& type) const override;

  Link link_;
  Known<double> dispersion_;
};

}  // namespace scoria::model::linear
