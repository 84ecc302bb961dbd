#include "model/preprocess/sklearn_scaler.h"

#include "model/pipeline/sklearn_steps.h"
#include "model/preprocess/scaler.h"

namespace scoria::model::preprocess {
namespace {

// Numbers of an attribute, one for each column; none where it is absent or None.
Status read_each(const pickle::Object& object, std::string_view attribute, std::vector<double>& out) {
  if (object.find(attribute) == nullptr) return Ok{};
  SCORIA_TRY(numbers, object.numbers(attribute));
  out = std::move(numbers);
  return Ok{};
}

// How many columns the scaler was fitted on: as many as its numbers, or what the file says where it has none.
Result<std::size_t> columns_of(const pickle::Object& object, const Scaling& scaling) {
  std::size_t count = 0;
  for (const auto* numbers : {&scaling.subtract, &scaling.divide, &scaling.multiply, &scaling.add}) {
    if (numbers->empty()) continue;
    if (count != 0 && numbers->size() != count) {
      return object.corrupt("scale_", "must have as many numbers as the others: " + std::to_string(count));
    }
    count = numbers->size();
  }
  if (count > 0) return count;
  SCORIA_TRY(features, object.integer("n_features_in_"));
  constexpr std::int64_t kMost = 1 << 20;
  if (features < 1 || features > kMost) return object.corrupt("n_features_in_", "is no number of columns");
  return static_cast<std::size_t>(features);
}

Result<pipeline::Step> make_step(const pickle::Object& object, Scaling scaling) {
  SCORIA_TRY(count, columns_of(object, scaling));
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, count, step));
  const std::string name = object.name();
  step.transformer = std::make_shared<Scaler>(std::move(scaling), name.substr(name.rfind('.') + 1));
  return step;
}

}  // namespace

Result<pipeline::Step> load_standard_scaler(const pickle::Object& object, pipeline::Loading& /*loading*/) {
  Scaling scaling;
  SCORIA_TRY(with_mean, object.is_on("with_mean"));
  SCORIA_TRY(with_std, object.is_on("with_std"));
  if (with_mean) SCORIA_TRY_STATUS(read_each(object, "mean_", scaling.subtract));
  if (with_std) SCORIA_TRY_STATUS(read_each(object, "scale_", scaling.divide));
  return make_step(object, std::move(scaling));
}

Result<pipeline::Step> load_min_max_scaler(const pickle::Object& object, pipeline::Loading& /*loading*/) {
  Scaling scaling;
  SCORIA_TRY_STATUS(read_each(object, "scale_", scaling.multiply));
  SCORIA_TRY_STATUS(read_each(object, "min_", scaling.add));
  SCORIA_TRY(clips, object.is_on("clip"));  // since 0.24
  if (clips) {
    SCORIA_TRY(range, object.numbers("feature_range"));
    if (range.size() != 2 || !(range[0] < range[1])) return object.corrupt("feature_range", "must be two numbers");
    scaling.least = range[0];
    scaling.most = range[1];
  }
  return make_step(object, std::move(scaling));
}

Result<pipeline::Step> load_robust_scaler(const pickle::Object& object, pipeline::Loading& /*loading*/) {
  Scaling scaling;
  SCORIA_TRY(with_centering, object.is_on("with_centering"));
  SCORIA_TRY(with_scaling, object.is_on("with_scaling"));
  if (with_centering) SCORIA_TRY_STATUS(read_each(object, "center_", scaling.subtract));
  if (with_scaling) SCORIA_TRY_STATUS(read_each(object, "scale_", scaling.divide));
  return make_step(object, std::move(scaling));
}

Result<pipeline::Step> load_max_abs_scaler(const pickle::Object& object, pipeline::Loading& /*loading*/) {
  Scaling scaling;
  SCORIA_TRY_STATUS(read_each(object, "scale_", scaling.divide));
  SCORIA_TRY(clips, object.is_on("clip"));  // since 1.8
  if (clips) {
    scaling.least = -1;
    scaling.most = 1;
  }
  return make_step(object, std::move(scaling));
}

}  // namespace scoria::model::preprocess
