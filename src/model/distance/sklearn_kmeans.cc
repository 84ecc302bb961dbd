#include "model/distance/sklearn_kmeans.h"

#include <memory>

#include "model/distance/centers.h"
#include "model/linear/sklearn_affine.h"
#include "model/pipeline/sklearn_steps.h"
#include "model/pipeline/sklearn_version.h"

namespace scoria::model::distance {

Result<pipeline::Step> load_kmeans(const pickle::Object& object, int /*depth*/) {
  SCORIA_TRY(centers, linear::read_weights(object, "cluster_centers_"));
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, centers.columns, step));
  auto shared = std::make_shared<Centers>(centers.columns, std::move(centers.values), pipeline::short_name(object));
  step.transformer = shared;
  step.predictor = std::move(shared);
  return step;
}

}  // namespace scoria::model::distance
