#include "model/discriminant/sklearn_discriminant.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "model/discriminant/quadratic_scores.h"
#include "model/linear/linear_predictor.h"
#include "model/linear/sklearn_affine.h"
#include "model/linear/sklearn_linear.h"
#include "model/pipeline/sklearn_steps.h"
#include "model/pipeline/sklearn_version.h"
#include "model/projection/components.h"

namespace scoria::model::discriminant {
namespace {

constexpr pipeline::Version kSoftmax{0, 21};        // of three classes and more; each class alone before
constexpr pipeline::Version kLogsAreFinite{0, 24};  // of LinearDiscriminantAnalysis
constexpr pipeline::Version kLogsOfScores{1, 6};    // of QuadraticDiscriminantAnalysis

Status require_size(const pickle::Object& object, std::string_view attribute, std::size_t given, std::size_t wanted) {
  if (given == wanted) return Ok{};
  return object.corrupt(attribute, "has " + std::to_string(given) + " numbers, must have " + std::to_string(wanted));
}

// The directions that tell classes apart: scalings_, a row for each column, of which the first _max_components count.
Result<std::shared_ptr<const pipeline::Transformer>> read_directions(const pickle::Object& object, std::size_t inputs) {
  SCORIA_TRY(solver, object.text("solver"));
  if (solver != "svd" && solver != "eigen") return std::shared_ptr<const pipeline::Transformer>{};
  SCORIA_TRY(scalings, linear::read_weights(object, "scalings_"));
  if (scalings.rows != inputs) return object.corrupt("scalings_", "must have " + std::to_string(inputs) + " rows");
  SCORIA_TRY(most, object.integer("_max_components"));
  if (most < 1) return object.corrupt("_max_components", "is " + std::to_string(most) + ", must be at least 1");
  const std::size_t count = std::min(scalings.columns, static_cast<std::size_t>(most));
  linear::Affine directions{inputs, count, std::vector<double>(inputs * count), std::vector<double>(count)};
  for (std::size_t j = 0; j < inputs; ++j) {
    for (std::size_t k = 0; k < count; ++k)
      directions.weights[k * inputs + j] = scalings.values[j * scalings.columns + k];
  }
  std::vector<double> mean;
  if (solver == "svd") {
    SCORIA_TRY(kept, object.numbers("xbar_"));
    mean = std::move(kept);
    SCORIA_TRY_STATUS(require_size(object, "xbar_", mean.size(), inputs));
  }
  return std::shared_ptr<const pipeline::Transformer>(
      std::make_shared<projection::Components>(std::move(directions), std::move(mean), std::vector<double>{},
                                               "lineardiscriminantanalysis", pipeline::short_name(object)));
}

// One array for each class.
Result<std::vector<const pickle::Value*>> read_list(const pickle::Object& object, std::string_view attribute,
                                                    std::size_t classes) {
  SCORIA_TRY(value, object.get(attribute));
  const bool is_array = value->kind == pickle::Kind::array;
  const auto items = is_array ? value->array->objects : value->items;
  const bool is_list = is_array || value->kind == pickle::Kind::list || value->kind == pickle::Kind::tuple;
  if (!is_list || items.size() != classes)
    return object.corrupt(attribute, "must be a list of " + std::to_string(classes) + " arrays, one for each class");
  return std::vector<const pickle::Value*>(items.begin(), items.end());
}

Result<ClassAxes> read_axes(const pickle::Object& object, const pickle::Value& rotation, const pickle::Value& scaling,
                            std::vector<double> mean, double prior) {
  const std::size_t inputs = mean.size();
  auto directions = pickle::to_numbers(rotation);
  auto variances = pickle::to_numbers(scaling);
  if (!directions.ok()) return object.corrupt("rotations_", directions.error().message);
  if (!variances.ok()) return object.corrupt("scalings_", variances.error().message);
  const std::size_t count = variances.value().size();
  if (rotation.kind != pickle::Kind::array || rotation.array->shape.size() != 2 || rotation.array->shape[0] != inputs ||
      rotation.array->shape[1] != count)
    return object.corrupt("rotations_", "must have " + std::to_string(inputs) + " rows and " + std::to_string(count) +
                                            " columns, as 'means_' and 'scalings_' say");
  ClassAxes axes{std::move(mean), {inputs, count, std::vector<double>(inputs * count), std::vector<double>(count)}, 0};
  double logs = 0;
  for (std::size_t k = 0; k < count; ++k) {
    const double variance = variances.value()[k];
    const double scale = std::pow(variance, -0.5);
    logs += std::log(variance);
    for (std::size_t j = 0; j < inputs; ++j) {
      axes.axes.weights[k * inputs + j] = directions.value()[j * count + k] * scale;
    }
  }
  axes.start = std::log(prior) - 0.5 * logs;
  return axes;
}

}  // namespace

Result<pipeline::Step> load_linear_discriminant(const pickle::Object& object, pipeline::Loading& /*loading*/) {
  SCORIA_TRY(labels, pipeline::ClassLabels::read(object));
  const pipeline::Version version = pipeline::version_of(object);
  const bool is_each_alone = labels.size() == 2 || version < kSoftmax;
  const auto zero = version < kLogsAreFinite ? linear::LogOfZero::infinite : linear::LogOfZero::finite;
  SCORIA_TRY(
      step, linear::make_classifier(object, is_each_alone ? linear::Probability::sigmoid : linear::Probability::softmax,
                                    std::move(labels), zero));
  SCORIA_TRY(directions, read_directions(object, step.inputs.size()));
  step.transformer = std::move(directions);
  step.offers_transform = step.transformer != nullptr;
  return step;
}

Result<pipeline::Step> load_quadratic_discriminant(const pickle::Object& object, pipeline::Loading& /*loading*/) {
  SCORIA_TRY(labels, pipeline::ClassLabels::read(object));
  SCORIA_TRY(means, linear::read_weights(object, "means_"));
  SCORIA_TRY(priors, object.numbers("priors_"));
  if (means.rows != labels.size())
    return object.corrupt("means_", "must have " + std::to_string(labels.size()) + " rows, one for each class");
  SCORIA_TRY_STATUS(require_size(object, "priors_", priors.size(), labels.size()));
  SCORIA_TRY(rotations, read_list(object, "rotations_", labels.size()));
  SCORIA_TRY(scalings, read_list(object, "scalings_", labels.size()));
  std::vector<ClassAxes> classes;
  for (std::size_t k = 0; k < labels.size(); ++k) {
    const auto first = means.values.begin() + static_cast<std::ptrdiff_t>(k * means.columns);
    std::vector<double> mean(first, first + static_cast<std::ptrdiff_t>(means.columns));
    SCORIA_TRY(axes, read_axes(object, *rotations[k], *scalings[k], std::move(mean), priors[k]));
    classes.push_back(std::move(axes));
  }
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, means.columns, step));
  step.predictor =
      std::make_shared<QuadraticScores>(std::move(classes), std::move(labels),
                                        pipeline::version_of(object) >= kLogsOfScores, pipeline::short_name(object));
  return step;
}

}  // namespace scoria::model::discriminant
