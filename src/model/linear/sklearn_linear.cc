#include "model/linear/sklearn_linear.h"

#include <memory>
#include <string>

#include "model/linear/linear_predictor.h"
#include "model/linear/sklearn_affine.h"
#include "model/pipeline/sklearn_steps.h"
#include "model/pipeline/sklearn_version.h"

namespace scoria::model::linear {
namespace {

// A text attribute; `otherwise` where it is absent.
Result<std::string> text_or(const pickle::Object& object, std::string_view attribute, std::string otherwise) {
  if (object.find(attribute) == nullptr) return otherwise;
  return object.text(attribute);
}

Result<pipeline::Step> make_regressor(const pickle::Object& object, Inverse inverse) {
  SCORIA_TRY(sums, read_affine(object));
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, sums.inputs, step));
  step.predictor = std::make_shared<LinearRegressor>(std::move(sums), inverse, pipeline::short_name(object));
  return step;
}

Result<pipeline::Step> make_classifier(const pickle::Object& object, Probability probability,
                                       pipeline::ClassLabels labels) {
  SCORIA_TRY(sums, read_affine(object));
  if (labels.size() < 2) return object.corrupt("classes_", "must have at least two labels");
  const std::size_t wanted = labels.size() == 2 ? 1 : labels.size();
  if (sums.outputs != wanted) {
    return object.corrupt("coef_", "has " + std::to_string(sums.outputs) + " rows, must have " +
                                       std::to_string(wanted) + " for " + std::to_string(labels.size()) + " classes");
  }
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, sums.inputs, step));
  step.predictor =
      std::make_shared<LinearClassifier>(std::move(sums), probability, std::move(labels), pipeline::short_name(object));
  return step;
}

// How LogisticRegression.predict_proba() of the version that wrote the file decides between its two ways.
Result<Probability> logistic_probability(const pickle::Object& object, std::size_t classes) {
  constexpr pipeline::Version kTwoClassSoftmax{0,
                                               20};  // since then multinomial of two classes is the softmax of -d and d
  constexpr pipeline::Version kCholeskySoftmax{1, 6};  // newton-cholesky fitted one class against the rest before
  const bool is_two = classes == 2;
  // Absent since 1.8: two classes by the logistic function, more by softmax.
  SCORIA_TRY(multi_class, text_or(object, "multi_class", "deprecated"));
  if (multi_class == "ovr" || multi_class == "warn") return Probability::sigmoid;
  if (multi_class == "multinomial") {
    return is_two && pipeline::version_of(object) < kTwoClassSoftmax ? Probability::sigmoid : Probability::softmax;
  }
  if (multi_class != "auto" && multi_class != "deprecated") {
    return object.corrupt("multi_class",
                          "is '" + multi_class + "', must be 'auto', 'ovr', 'multinomial', 'warn' or 'deprecated'");
  }
  SCORIA_TRY(solver, text_or(object, "solver", "lbfgs"));
  const bool is_each_alone =
      solver == "liblinear" || (solver == "newton-cholesky" && pipeline::version_of(object) < kCholeskySoftmax);
  return is_two || is_each_alone ? Probability::sigmoid : Probability::softmax;
}

}  // namespace

Result<pipeline::Step> load_linear_regressor(const pickle::Object& object, int /*depth*/) {
  return make_regressor(object, Inverse::identity);
}

Result<pipeline::Step> load_log_regressor(const pickle::Object& object, int /*depth*/) {
  return make_regressor(object, Inverse::exponential);
}

Result<pipeline::Step> load_tweedie_regressor(const pickle::Object& object, int /*depth*/) {
  SCORIA_TRY(link, text_or(object, "link", "auto"));
  if (link == "auto") {
    SCORIA_TRY(power, object.number("power"));
    link = power <= 0 ? "identity" : "log";
  }
  if (link != "identity" && link != "log") {
    return Error{Code::unsupported, object.corrupt("link", "is '" + link + "'; 'identity' and 'log' are read").message};
  }
  return make_regressor(object, link == "log" ? Inverse::exponential : Inverse::identity);
}

Result<pipeline::Step> load_ransac_regressor(const pickle::Object& object, int depth) {
  SCORIA_TRY(found, object.get("estimator_"));
  SCORIA_TRY(step, pipeline::load_step(*found, "estimator_", depth + 1));
  if (step.predictor == nullptr)
    return object.corrupt("estimator_", "is " + step.class_name + ", which predicts nothing");
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, step.inputs.size(), step));
  step.class_name = pipeline::short_name(object);
  step.transformer = nullptr;
  return step;
}

Result<pipeline::Step> load_linear_classifier(const pickle::Object& object, int /*depth*/) {
  SCORIA_TRY(labels, pipeline::ClassLabels::read(object));
  return make_classifier(object, Probability::none, std::move(labels));
}

Result<pipeline::Step> load_logistic_regression(const pickle::Object& object, int /*depth*/) {
  SCORIA_TRY(labels, pipeline::ClassLabels::read(object));
  SCORIA_TRY(probability, logistic_probability(object, labels.size()));
  return make_classifier(object, probability, std::move(labels));
}

Result<pipeline::Step> load_sgd_classifier(const pickle::Object& object, int /*depth*/) {
  SCORIA_TRY(labels, pipeline::ClassLabels::read(object));
  SCORIA_TRY(loss, object.text("loss"));
  const Probability probability = loss == "log_loss" || loss == "log" ? Probability::sigmoid
                                  : loss == "modified_huber"          ? Probability::modified_huber
                                                                      : Probability::none;
  return make_classifier(object, probability, std::move(labels));
}

Result<pipeline::Step> load_ridge_classifier(const pickle::Object& object, int /*depth*/) {
  SCORIA_TRY(binarizer, object.object("_label_binarizer"));
  SCORIA_TRY(target, text_or(binarizer, "y_type_", "multiclass"));
  if (target.starts_with("multilabel")) {
    return Error{Code::unsupported,
                 object.corrupt("_label_binarizer", "is of several labels a row, which is not read").message};
  }
  SCORIA_TRY(labels, pipeline::ClassLabels::read(binarizer));
  return make_classifier(object, Probability::none, std::move(labels));
}

Result<pipeline::Step> load_sgd_one_class(const pickle::Object& object, int /*depth*/) {
  SCORIA_TRY(weights, read_weights(object, "coef_"));
  if (weights.rows != 1) return object.corrupt("coef_", "must have one row");
  SCORIA_TRY(offset, object.number("offset_"));
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, weights.columns, step));
  step.predictor = std::make_shared<LinearOneClass>(Affine{weights.columns, 1, std::move(weights.values), {0.0}},
                                                    offset, pipeline::short_name(object));
  return step;
}

}  // namespace scoria::model::linear
