#include "model/projection/sklearn_pca.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "model/linear/sklearn_affine.h"
#include "model/pipeline/sklearn_steps.h"
#include "model/pipeline/sklearn_version.h"
#include "model/projection/components.h"

namespace scoria::model::projection {
namespace {

constexpr pipeline::Version kCentersAfter{1, 5};

Status require_size(const pickle::Object& object, std::string_view attribute, std::size_t given, std::size_t wanted) {
  if (given == wanted) return Ok{};
  return object.corrupt(attribute, "has " + std::to_string(given) + " numbers, must have " + std::to_string(wanted) +
                                       " to fit 'components_'");
}

Result<pipeline::Step> make_step(const pickle::Object& object, linear::Affine components, std::vector<double> subtract,
                                 std::vector<double> divide) {
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, components.inputs, step));
  const std::string class_name = pipeline::short_name(object);
  std::string prefix = class_name;
  std::transform(prefix.begin(), prefix.end(), prefix.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  step.transformer =
      std::make_shared<Components>(std::move(components), std::move(subtract), std::move(divide), prefix, class_name);
  return step;
}

Result<linear::Affine> read_components(const pickle::Object& object) {
  SCORIA_TRY(weights, linear::read_weights(object, "components_"));
  return linear::Affine{weights.columns, weights.rows, std::move(weights.values), std::vector<double>(weights.rows)};
}

// Standard deviations of the components, where they are to be divided by them.
Result<std::vector<double>> read_scale(const pickle::Object& object, std::size_t components, bool is_held_off_zero) {
  if (object.find("whiten") == nullptr) return std::vector<double>{};
  SCORIA_TRY(whitens, object.truth("whiten"));
  if (!whitens) return std::vector<double>{};
  SCORIA_TRY(array, object.array("explained_variance_"));
  SCORIA_TRY(variance, object.numbers("explained_variance_"));
  SCORIA_TRY_STATUS(require_size(object, "explained_variance_", variance.size(), components));
  const bool is_single = array->type->kind == pickle::ElementKind::real && array->type->item_size == 4;
  const double least = is_single ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
  for (double& x : variance) {
    x = is_single ? std::sqrt(static_cast<float>(x)) : std::sqrt(x);
    if (is_held_off_zero && x < least) x = least;
  }
  return variance;
}

}  // namespace

Result<pipeline::Step> load_pca(const pickle::Object& object, int /*depth*/) {
  SCORIA_TRY(components, read_components(object));
  const bool centers_after = pipeline::version_of(object) >= kCentersAfter;
  SCORIA_TRY(divide, read_scale(object, components.outputs, centers_after));
  std::vector<double> mean;
  if (object.find("mean_") != nullptr) {
    SCORIA_TRY(kept, object.numbers("mean_"));
    mean = std::move(kept);
    SCORIA_TRY_STATUS(require_size(object, "mean_", mean.size(), components.inputs));
  }
  if (centers_after && !mean.empty()) {
    for (std::size_t k = 0; k < components.outputs; ++k) {
      double sum = 0;
      for (std::size_t j = 0; j < components.inputs; ++j)
        sum += components.weights[k * components.inputs + j] * mean[j];
      components.shifts[k] = -sum;
    }
    mean.clear();
  }
  return make_step(object, std::move(components), std::move(mean), std::move(divide));
}

Result<pipeline::Step> load_truncated_svd(const pickle::Object& object, int /*depth*/) {
  SCORIA_TRY(components, read_components(object));
  return make_step(object, std::move(components), {}, {});
}

}  // namespace scoria::model::projection
