// What the sums of GradientBoosting start with: its attribute init_, a constant or the answer of any estimator that is read.
// Source: behaviour of scikit-learn 0.19 to 1.9; the link functions of its losses.
// Threads: free functions.
#pragma once

#include <cstdint>
#include <memory>

#include "model/pipeline/sklearn_version.h"
#include "model/tree/boosting.h"
#include "pickle/object.h"

namespace scoria::model::tree {

// `features` and `outputs`: of the estimator, which `version` wrote; `link`: of its loss; `depth`: its own.
struct InitialAnswer {
  std::uint32_t features = 0;
  std::uint32_t outputs = 1;
  bool is_classifier = false;
  Link link = Link::identity;
  pipeline::Version version;
  int depth = 0;
};

// Errors: corrupt, naming class and attribute; unsupported, naming an estimator that is not read, or whose answers are random or
// computed in 32 bits.
Result<std::shared_ptr<const Start>> read_initial(const pickle::Object& boosting, const InitialAnswer& answer);

}  // namespace scoria::model::tree
