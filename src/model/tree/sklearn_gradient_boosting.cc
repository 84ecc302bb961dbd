#include "model/tree/sklearn_gradient_boosting.h"

#include <algorithm>
#include <set>
#include <span>

#include "model/pipeline/numbers.h"
#include "model/pipeline/sklearn_steps.h"
#include "model/pipeline/sklearn_version.h"
#include "model/tree/boosting.h"
#include "model/tree/sklearn_boosting_facts.h"
#include "model/tree/sklearn_gradient_boosting_init.h"
#include "model/tree/sklearn_tree_arrays.h"

namespace scoria::model::tree {
namespace {

using pipeline::Version;

// Numbers as they are: thresholds were moved so that no number need be rounded to 32 bits (float32_cut.h).
class PlainColumns final : public SplitColumns {
 public:
  explicit PlainColumns(std::string class_name) : class_name_(std::move(class_name)) {}

  Result<FeatureMatrix> matrix(const table::Table& columns, std::size_t first_row) const override {
    return pipeline::to_numbers(columns, {.only_float32 = true}, class_name_, first_row);
  }

 private:
  std::string class_name_;
};

// The trees of all stages, their leaves times the learning rate: scikit-learn rounds that product too before it adds it.
Result<Ensemble> read_trees(const pickle::Object& object, std::uint32_t features, std::uint32_t outputs) {
  SCORIA_TRY(rate, object.number("learning_rate"));
  SCORIA_TRY(estimators, object.array("estimators_"));
  const bool has_shape = estimators->type->kind == pickle::ElementKind::object && estimators->shape.size() == 2 &&
                         estimators->shape[1] == outputs && estimators->objects.size() == estimators->count;
  if (!has_shape) {
    return object.corrupt("estimators_", "is an array of " + pickle::type_name(*estimators->type) + " " +
                                             pickle::shape_text(estimators->shape) + ", must have " +
                                             std::to_string(outputs) + " trees in each row");
  }
  EnsembleSource source;
  source.comparison = Comparison::less_equal;
  source.features = features;
  source.levels.assign(features, 0);
  source.keeps_positions = true;
  std::set<const pickle::Value*> met;
  for (std::size_t i = 0; i < estimators->objects.size(); ++i) {
    const std::string at = at_tree(i / outputs, i % outputs);
    const auto wrong = [&](const Error& error) {
      return error.code == Code::corrupt ? object.corrupt("estimators_", at + error.message) : error;
    };
    auto estimator = pickle::Object::of(*estimators->objects[i], "the tree");
    if (!estimator.ok()) return wrong(estimator.error());
    auto tree = estimator.value().object("tree_");
    if (!tree.ok()) return wrong(tree.error());
    // No two trees are one object; a file in which they are could be far smaller than what it describes.
    if (!met.insert(&tree.value().value()).second) return object.corrupt("estimators_", at + "is another tree again");
    auto arrays = read_sklearn_tree(tree.value());
    if (!arrays.ok()) return wrong(arrays.error());
    const SklearnTree& read = arrays.value();
    if (read.features != features || read.outputs() != 1 || read.most_classes != 1) {
      return object.corrupt("estimators_",
                            at + "is no regression tree of one output and " + std::to_string(features) + " features");
    }
    std::vector<double> leaves(read.values.size());
    std::transform(read.values.begin(), read.values.end(), leaves.begin(),
                   [rate](double value) { return rate * value; });
    source.trees.push_back(source_nodes(read, leaves));
  }
  auto built = Ensemble::build(source);
  if (!built.ok() && built.error().code == Code::corrupt) {
    return object.corrupt("estimators_", built.error().message);
  }
  return built;
}

Result<pipeline::Step> load(const pickle::Object& object, BoostingParts parts, pipeline::Loading& loading) {
  SCORIA_TRY(features, object.integer("n_features_in_"));
  if (features < 1 || features > kMostFeatures) {
    return object.corrupt("n_features_in_",
                          "is " + std::to_string(features) + ", must be 1 to " + std::to_string(kMostFeatures));
  }
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, static_cast<std::size_t>(features), step));
  SCORIA_TRY(ensemble, read_trees(object, static_cast<std::uint32_t>(features), parts.outputs));
  SCORIA_TRY(start, read_initial(object,
                                 {.features = static_cast<std::uint32_t>(features),
                                  .outputs = parts.outputs,
                                  .is_classifier = parts.classes.has_value(),
                                  .link = parts.link,
                                  .version = pipeline::version_of(object)},
                                 loading));
  const std::string class_name = pipeline::short_name(object);
  parts.start = std::move(start);
  parts.columns = std::make_shared<PlainColumns>(class_name);
  parts.has_apply = true;
  parts.details.emplace_back("trees", std::to_string(ensemble.trees()));
  parts.details.emplace_back("nodes", std::to_string(ensemble.nodes()));
  parts.title = class_name + ": " + std::to_string(ensemble.trees()) + " boosted trees, " + parts.details[0].second;
  step.predictor = std::make_shared<Boosting>(Sums(std::move(ensemble)), std::move(parts));
  return step;
}

bool is_one_of(const std::string& name, std::span<const std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Result<pipeline::Step> load_gradient_boosting_regressor(const pickle::Object& object, pipeline::Loading& loading) {
  constexpr std::string_view kLosses[] = {"squared_error", "ls", "absolute_error", "lad", "huber", "quantile"};
  SCORIA_TRY(loss, object.text("loss"));
  if (!is_one_of(loss, kLosses)) return unknown_loss(object, loss);
  BoostingParts parts;
  parts.details.emplace_back("loss", loss);
  return load(object, std::move(parts), loading);
}

Result<pipeline::Step> load_gradient_boosting_classifier(const pickle::Object& object, pipeline::Loading& loading) {
  constexpr std::string_view kLosses[] = {"log_loss", "deviance"};  // the latter until 1.2
  SCORIA_TRY(loss, object.text("loss"));
  const bool is_exponential = loss == "exponential";
  if (!is_exponential && !is_one_of(loss, kLosses)) return unknown_loss(object, loss);
  SCORIA_TRY(classes, pipeline::ClassLabels::read(object));
  if (classes.size() < 2 || (is_exponential && classes.size() > 2)) {
    return object.corrupt("classes_", "has " + std::to_string(classes.size()) + " labels, must have " +
                                          (is_exponential ? "2" : "at least 2"));
  }
  BoostingParts parts;
  parts.outputs = classes.size() == 2 ? 1 : static_cast<std::uint32_t>(classes.size());
  parts.link = is_exponential ? Link::double_logistic : parts.outputs == 1 ? Link::logistic : Link::softmax;
  const bool is_old = pipeline::version_of(object) < Version{1, 4};
  if (is_old && parts.link == Link::softmax) parts.link = Link::softmax_by_logarithm;
  parts.classes = std::move(classes);
  parts.decision = is_exponential || !is_old ? Decision::zero_and_above : Decision::most_probable;
  parts.has_log_proba = true;
  parts.details.emplace_back("loss", loss);
  return load(object, std::move(parts), loading);
}

}  // namespace scoria::model::tree
