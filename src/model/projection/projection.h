// Coordinates along components: (x - center) / scale, times a matrix.
// Threads: immutable after construction; score() may run concurrently.
// Ownership: owns its numbers.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/design.h"
#include "model/model.h"
#include "model/r_matrix.h"

namespace scoria::model::projection {

class Projection final : public Model {
 public:
  // `center` and `scale` are empty where there is none. Precondition: they and the rows of `rotation` are the design's columns.
  Projection(Description description, Design design, std::vector<double> center, std::vector<double> scale,
             RMatrix rotation);

  Result<Prediction> score(const table::Table& table, const Request& request, Executor& executor) const override;

 private:
  Design design_;
  std::vector<double> center_;
  std::vector<double> scale_;
  RMatrix rotation_;
};

}  // namespace scoria::model::projection
