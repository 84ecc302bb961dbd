#include "model/tree/sklearn_hist_gradient_boosting.h"

#include <algorithm>

#include "model/pipeline/sklearn_steps.h"
#include "model/pipeline/sklearn_version.h"
#include "model/tree/hist_columns.h"
#include "model/tree/sklearn_boosting_facts.h"
#include "model/tree/sklearn_hist_trees.h"

namespace scoria::model::tree {
namespace {

using pipeline::Version;

// Losses by every name they have had, with what makes predictions of sums.
struct Loss {
  std::string_view name;
  Link link;
};
constexpr Loss kRegressionLosses[] = {
    {"squared_error", Link::identity},  {"least_squares", Link::identity},  // until 1.1
    {"absolute_error", Link::identity}, {"least_absolute_deviation", Link::identity},
    {"quantile", Link::identity},       {"poisson", Link::exponential},
    {"gamma", Link::exponential},
};
constexpr std::string_view kClassificationLosses[] = {"log_loss", "auto", "binary_crossentropy",
                                                      "categorical_crossentropy"};

Result<std::string> loss_name(const pickle::Object& object) {
  SCORIA_TRY(loss, object.get("loss"));
  if (loss->kind == pickle::Kind::record) {
    return Error{Code::unsupported, object.name() + ": attribute 'loss' is " + pickle::class_name(*loss) +
                                        ", must be the name of one of scikit-learn's losses"};
  }
  return object.text("loss");
}

// The sums' start: one number for each output.
Result<std::vector<double>> read_baseline(const pickle::Object& object, std::size_t outputs) {
  constexpr std::string_view kName = "_baseline_prediction";
  SCORIA_TRY(value, object.get(kName));
  const bool is_array = value->kind == pickle::Kind::array || value->kind == pickle::Kind::scalar;
  if (is_array && value->array->type->kind == pickle::ElementKind::real && value->array->type->item_size != 8) {
    return Error{Code::unsupported, object.name() + ": attribute '_baseline_prediction' is " +
                                        pickle::type_name(*value->array->type) + ", sums of doubles alone are done"};
  }
  if (is_array || value->kind == pickle::Kind::list) {
    SCORIA_TRY(numbers, object.numbers(kName));
    if (numbers.size() == outputs) return numbers;
    return object.corrupt(kName, "has " + std::to_string(numbers.size()) + " numbers, must have " +
                                     std::to_string(outputs) + ": one for each tree of a stage");
  }
  SCORIA_TRY(number, object.number(kName));
  if (outputs != 1) return object.corrupt(kName, "is one number, must be " + std::to_string(outputs));
  return std::vector<double>{number};
}

Result<pipeline::Step> load(const pickle::Object& object, BoostingParts parts) {
  const Version version = pipeline::version_of(object);
  SCORIA_TRY(trees, HistTrees::read(object, parts.outputs, version));
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, trees.categories.size(), step));
  for (std::size_t j = 0; j < trees.categories.size(); ++j) {
    if (trees.categories[j].by != Categories::By::text) continue;
    step.inputs[j].feature.kind = FeatureKind::factor;
    step.inputs[j].feature.levels = trees.categories[j].texts;
  }
  SCORIA_TRY(baseline, read_baseline(object, parts.outputs));
  auto ensemble = Ensemble::build(trees.source);
  if (!ensemble.ok()) {
    if (ensemble.error().code != Code::corrupt) return ensemble.error();
    return object.corrupt("_predictors", ensemble.error().message);
  }
  const std::string class_name = pipeline::short_name(object);
  parts.start = std::make_shared<ConstantStart>(std::move(baseline));
  parts.details.emplace_back("trees", std::to_string(ensemble.value().trees()));
  parts.details.emplace_back("nodes", std::to_string(ensemble.value().nodes()));
  parts.title =
      class_name + ": " + std::to_string(ensemble.value().trees()) + " boosted trees, " + parts.details[0].second;
  parts.columns = std::make_shared<HistColumns>(class_name, pickle::sklearn_version(object.value()),
                                                std::move(trees.categories), trees.takes_missing);
  step.predictor = std::make_shared<Boosting>(Sums(std::move(ensemble).value()), std::move(parts));
  return step;
}

}  // namespace

Result<pipeline::Step> load_hist_gradient_boosting_regressor(const pickle::Object& object,
                                                             pipeline::Loading& /*loading*/) {
  SCORIA_TRY(name, loss_name(object));
  const auto* loss = std::find_if(std::begin(kRegressionLosses), std::end(kRegressionLosses),
                                  [&](const Loss& known) { return known.name == name; });
  if (loss == std::end(kRegressionLosses)) return unknown_loss(object, name);
  BoostingParts parts;
  parts.link = loss->link;
  parts.details.emplace_back("loss", name);
  return load(object, std::move(parts));
}

Result<pipeline::Step> load_hist_gradient_boosting_classifier(const pickle::Object& object,
                                                              pipeline::Loading& /*loading*/) {
  SCORIA_TRY(name, loss_name(object));
  if (std::find(std::begin(kClassificationLosses), std::end(kClassificationLosses), name) ==
      std::end(kClassificationLosses)) {
    return unknown_loss(object, name);
  }
  SCORIA_TRY(classes, pipeline::ClassLabels::read(object));
  SCORIA_TRY(outputs, object.integer("n_trees_per_iteration_"));
  if (classes.size() < 2) {
    return Error{Code::unsupported,
                 object.name() + ": attribute 'classes_' has one class; a classifier of at least two is read"};
  }
  // Two classes need one sum; with loss 'categorical_crossentropy' they had two.
  const bool is_binary = classes.size() == 2 && outputs == 1;
  if (!is_binary && (outputs < 2 || static_cast<std::uint64_t>(outputs) != classes.size())) {
    return object.corrupt("n_trees_per_iteration_", "is " + std::to_string(outputs) + ", which does not fit " +
                                                        std::to_string(classes.size()) + " classes");
  }
  BoostingParts parts;
  parts.outputs = static_cast<std::uint32_t>(outputs);
  parts.link = is_binary                                      ? Link::logistic
               : pipeline::version_of(object) < Version{1, 1} ? Link::softmax_by_logarithm
                                                              : Link::softmax;
  parts.classes = std::move(classes);
  parts.decision = pipeline::version_of(object) >= Version{1, 5} ? Decision::above_zero : Decision::most_probable;
  parts.details.emplace_back("loss", name);
  return load(object, std::move(parts));
}

}  // namespace scoria::model::tree
