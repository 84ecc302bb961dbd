#include "model/pipeline/sklearn_pipeline.h"

#include "model/pipeline/pipeline.h"
#include "model/pipeline/sklearn_steps.h"

namespace scoria::model::pipeline {
namespace {

bool is_passthrough(const pickle::Value& estimator) {
  return estimator.kind == pickle::Kind::none || pickle::is_text(estimator, "passthrough");
}

// What follows the transformers of a pipeline within another: its transformers and its predictor as one.
class Behind final : public Predictor {
 public:
  Behind(std::shared_ptr<const Transformer> before, std::shared_ptr<const Predictor> predictor)
      : before_(std::move(before)), predictor_(std::move(predictor)) {}

  void describe(Description& description) const override { predictor_->describe(description); }
  std::size_t best_rows() const override { return predictor_->best_rows(); }

  Result<Prediction> predict(const table::Table& columns, const Request& request, Executor& executor) const override {
    SCORIA_TRY(made, before_->transform(columns, request.first_row));
    return predictor_->predict(made, request, executor);
  }

 private:
  std::shared_ptr<const Transformer> before_;
  std::shared_ptr<const Predictor> predictor_;
};

Error does_not_fit(const Step& step, const std::string& name, std::size_t given) {
  return Error{Code::corrupt, name + " (" + step.class_name + ") was fitted on " + std::to_string(step.inputs.size()) +
                                  " columns, and the step before it makes " + std::to_string(given)};
}

// Steps that take any number of columns, before the first that knows: they take what that one takes.
void take_inputs(const Step& from, Step& step) {
  step.inputs = from.inputs;
  step.has_names = from.has_names;
  step.takes_any_count = from.takes_any_count;
}

// Behind one that knows: what was made before it.
void take_inputs(const std::vector<std::string>& names, Step& step) {
  step.inputs.clear();
  for (const std::string& name : names) step.inputs.push_back({.feature = {.name = name}});
  step.takes_any_count = false;
}

}  // namespace

Result<std::vector<Step>> load_pipeline_steps(const pickle::Object& object, Loading& loading) {
  SCORIA_TRY(listed, object.get("steps"));
  if (listed->kind != pickle::Kind::list && listed->kind != pickle::Kind::tuple) {
    return object.corrupt("steps", "must be a list of names and estimators");
  }
  std::vector<Step> steps;
  std::vector<std::string> names;  // of the columns so far
  for (const pickle::Value* pair : listed->items) {
    if (pair->kind != pickle::Kind::tuple || pair->items.size() != 2 || !pickle::is_text(*pair->items[0])) {
      return object.corrupt("steps", "must be a list of names and estimators");
    }
    if (is_passthrough(*pair->items[1])) continue;
    if (!steps.empty() && steps.back().transformer == nullptr) {
      return object.corrupt("steps", "has a " + steps.back().class_name + ", which transforms nothing, before its end");
    }
    const std::string name = "step '" + std::string(pair->items[0]->text) + "'";
    SCORIA_TRY(step, loading.step(*pair->items[1], name));
    const bool is_first = steps.empty() || steps.back().takes_any_count;
    if (is_first) {
      names.clear();
      for (const Input& input : step.inputs) names.push_back(input.feature.name);
      for (Step& before : steps) take_inputs(step, before);
    } else {
      names = steps.back().transformer->names_out(names);
      if (step.takes_any_count) take_inputs(names, step);
      if (names.size() != step.inputs.size()) return does_not_fit(step, name, names.size());
    }
    steps.push_back(std::move(step));
  }
  if (steps.empty()) return object.corrupt("steps", "has no step that does anything");
  return steps;
}

Result<Step> load_pipeline(const pickle::Object& object, Loading& loading) {
  SCORIA_TRY(steps, load_pipeline_steps(object, loading));
  Step whole;
  whole.class_name = "Pipeline";
  whole.inputs = steps.front().inputs;
  whole.has_names = steps.front().has_names;
  whole.takes_any_count = steps.front().takes_any_count;
  whole.predictor = steps.back().predictor;
  if (whole.predictor != nullptr && steps.size() > 1) {
    std::vector<Step> before(steps.begin(), steps.end() - 1);
    whole.predictor = std::make_shared<Behind>(chain(std::move(before)), whole.predictor);
  }
  if (steps.back().transformer != nullptr) whole.transformer = chain(std::move(steps));
  return whole;
}

Result<Step> load_search(const pickle::Object& object, Loading& loading) {
  const pickle::Value* best = object.find("best_estimator_");
  if (best == nullptr) {
    return Error{Code::unsupported, object.name() + " holds no fitted estimator: it was made with refit=False"};
  }
  SCORIA_TRY(step, loading.step(*best, "best_estimator_ of " + object.name()));
  return step;
}

}  // namespace scoria::model::pipeline
