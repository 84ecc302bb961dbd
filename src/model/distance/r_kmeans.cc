#include "model/distance/r_kmeans.h"

#include "model/distance/nearest_center.h"

namespace scoria::model::distance {

Result<ModelPtr> load_r_kmeans(const rdata::Value& value) {
  const RObject object(value, "kmeans object");
  SCORIA_TRY(centers, read_matrix(object, "centers"));
  if (centers.rows == 0 || centers.columns == 0) return object.corrupt("centers", "must hold at least one center");
  Design design = Design::of_columns(centers.column_names, centers.columns);
  Description description;
  description.family = "kmeans";
  description.title = "kmeans: nearest of " + std::to_string(centers.rows) + " centers";
  description.package = "stats";
  description.classes = rdata::classes(value);
  description.types = {"cluster", "distance"};
  description.details = {{"clusters", std::to_string(centers.rows)}, {"variables", std::to_string(centers.columns)}};
  for (std::size_t k = centers.row_names.size(); k < centers.rows; ++k) {
    centers.row_names.push_back(std::to_string(k + 1));
  }
  design.describe(description);
  return ModelPtr(std::make_shared<NearestCenter>(std::move(description), std::move(design), std::move(centers)));
}

}  // namespace scoria::model::distance
