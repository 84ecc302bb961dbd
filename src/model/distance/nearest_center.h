// The nearest of a few centers, by Euclidean distance.
// Threads: immutable after construction; score() may run concurrently.
// Ownership: owns its centers.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/design.h"
#include "model/model.h"
#include "model/r_matrix.h"

namespace scoria::model::distance {

class NearestCenter final : public Model {
 public:
  // Precondition: a row of `centers` is a center and has a name, its columns are the design's.
  NearestCenter(Description description, Design design, RMatrix centers);

  Result<Prediction> score(const table::Table& table, const Request& request, Executor& executor) const override;

 private:
  // The squared distance of each of the block's rows from a center.
  std::vector<double> squares(std::size_t center, const DesignBlock& block) const;

  Design design_;
  RMatrix centers_;
};

}  // namespace scoria::model::distance
