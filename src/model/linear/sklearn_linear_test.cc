#include <gtest/gtest.h>

#include "base/executor.h"
#include "model/pipeline/pickled_for_tests.h"
#include "table/table.h"

namespace scoria::model::linear {
namespace {

using namespace pipeline;  // the builders of pickled values
using pickle::text;

Estimator ridge() {
  return {"sklearn.linear_model.ridge", "Ridge", {{"coef_", reals({3}, {1, 2, 3})}, {"intercept_", reals({}, {0.5})}}};
}

Estimator logistic() {
  return {"sklearn.linear_model.logistic",
          "LogisticRegression",
          {{"coef_", reals({3, 2}, {1, 2, 3, 4, 5, 6})},
           {"intercept_", reals({3}, {0.5, 1, 2})},
           {"classes_", wholes({1, 2, 5})},
           {"multi_class", text("auto")},
           {"solver", text("lbfgs")},
           {"_sklearn_version", text("0.24.2")}}};
}

std::string compressed(const std::string& kind, const Attributes& changes) {
  Attributes matrix{
      {"_shape", sizes({3, 2})},
      {"data", reals({3}, {1, 2, 3})},
      {"indices", wholes({0, 1, 1})},
      {"indptr", wholes(kind == "csr" ? std::vector<std::int64_t>{0, 1, 2, 3} : std::vector<std::int64_t>{0, 1, 3})}};
  for (const auto& [key, value] : changes) matrix[key] = value;
  return object("scipy.sparse." + kind, kind + "_matrix", matrix);
}

Prediction answer(const Estimator& estimator, const std::vector<double>& row, const std::string& type = {}) {
  const auto model = load(estimator.module, estimator.name, estimator.attributes);
  EXPECT_TRUE(model.ok()) << model.error().message;
  table::Table rows(1);
  for (std::size_t j = 0; j < row.size(); ++j) rows.add("x" + std::to_string(j), table::Column::real({row[j]}));
  InlineExecutor executor;
  Request request;
  if (!type.empty()) request.types = {type};
  auto prediction = model.value()->score(rows, request, executor);
  EXPECT_TRUE(prediction.ok()) << prediction.error().message;
  return std::move(prediction).value();
}

TEST(SklearnLinear, RefusesRegressionsThatDoNotFitTogether) {
  ridge().expect_refuses({{"coef_", "", "attribute 'coef_' is absent"},
                          {"coef_", reals({0}, {}), "attribute 'coef_' has no numbers"},
                          {"coef_", reals({0, 3}, {}), "attribute 'coef_' has no numbers"},
                          {"coef_", reals({1, 1, 3}, {1, 2, 3}), "must have one or two dimensions"},
                          {"coef_", text("abc"), "attribute 'coef_'"},
                          {"coef_", object("sklearn.linear_model.ridge", "Ridge", {}), "must be an array of numbers"},
                          {"intercept_", reals({2}, {1, 2}), "has 2 numbers, must have one or 1"},
                          {"intercept_", "", "attribute 'intercept_' is absent"},
                          {"intercept_", text("x"), "attribute 'intercept_'"},
                          {"n_features_in_", whole(4), "is 4, must be 3"},
                          {"n_features_in_", whole(-1), "is -1, must be 3"}});
}

TEST(SklearnLinear, RefusesClassifiersThatDoNotFitTogether) {
  logistic().expect_refuses({{"classes_", wholes({1}), "must have at least two labels"},
                             {"classes_", wholes({1, 2}), "'coef_' has 3 rows, must have 1 for 2 classes"},
                             {"classes_", wholes({1, 2, 3, 4}), "'coef_' has 3 rows, must have 4 for 4 classes"},
                             {"classes_", reals({0}, {}), "attribute 'classes_' must be an array of labels"},
                             {"intercept_", reals({2}, {1, 2}), "has 2 numbers, must have one or 3"},
                             {"multi_class", text("other"), "is 'other', must be 'auto'"},
                             {"multi_class", whole(3), "attribute 'multi_class'"},
                             {"solver", whole(3), "attribute 'solver'"}});
}

TEST(SklearnLinear, RefusesSparseCoefficientsThatPointBeyondTheirShape) {
  for (const std::string kind : {"csr", "csc"}) {
    logistic().expect_refuses({
        {"coef_", compressed(kind, {{"indices", wholes({0, 1, 7})}}), "has 7, which is beyond the shape"},
        {"coef_", compressed(kind, {{"indices", wholes({0, -1, 1})}}), "has -1, which is beyond the shape"},
        {"coef_", compressed(kind, {{"indices", wholes({0, 1})}}), "'indptr' does not fit 'indices'"},
        {"coef_", compressed(kind, {{"data", reals({2}, {1, 2})}}), "must have a number for each of 'indices'"},
        {"coef_", compressed(kind, {{"indptr", wholes({0, 3})}}), "does not fit the shape"},
        {"coef_", compressed(kind, {{"indptr", wholes({})}}), "does not fit the shape"},
        {"coef_", compressed(kind, {{"_shape", sizes({0, 2})}}), "must be two sizes"},
        {"coef_", compressed(kind, {{"_shape", sizes({3, -2})}}), "must be two sizes"},
        {"coef_", compressed(kind, {{"_shape", sizes({1 << 30, 1 << 20})}}), "2^24 numbers", Code::too_large},
    });
  }
  logistic().expect_refuses(
      {{"coef_", compressed("csr", {{"indptr", wholes({0, 2, 1, 3})}}), "'indptr' does not fit 'indices'"},
       {"coef_", compressed("csr", {{"indptr", wholes({0, 1, 2, 4})}}), "must have a number for each"},
       {"coef_", compressed("csr", {{"indptr", wholes({1, 1, 2, 3})}}), "does not fit the shape"},
       {"coef_", compressed("csr", {{"indptr", wholes({0, 1, 2, -9})}}), "'indptr' does not fit 'indices'"},
       {"coef_", object("scipy.sparse.coo", "coo_matrix", {}), "must be an array of numbers"}});
}

TEST(SklearnLinear, AddsSparseCoefficientsAtOnePlace) {
  Estimator model = ridge();
  model.attributes["coef_"] = compressed("csr", {{"_shape", sizes({1, 2})},
                                                 {"data", reals({3}, {1, 10, 100})},
                                                 {"indices", wholes({1, 0, 1})},
                                                 {"indptr", wholes({0, 3})}});
  EXPECT_EQ(answer(model, {2, 3}).table.column(0)->reals()[0], 20 + 303 + 0.5);
}

TEST(SklearnLinear, TakesOneInterceptForAllOutputs) {
  Estimator model = ridge();
  model.attributes["coef_"] = reals({2, 1}, {2, 3});
  model.attributes["intercept_"] = "G" + std::string(8, '\0');  // fit_intercept=False leaves the number 0.0
  const Prediction prediction = answer(model, {7});
  EXPECT_EQ(prediction.table.names(), (std::vector<std::string>{"predict:0", "predict:1"}));
  EXPECT_EQ(prediction.table.column(1)->reals()[0], 21);
}

// Binary, multinomial: the softmax of -d and d since 0.20, the logistic function of d before; 0.880797... and 0.731058... are
// what these versions' predict_proba() gives for d = 1.
TEST(SklearnLinear, FollowsTheVersionThatWroteAMultinomialModelOfTwoClasses) {
  Estimator model = logistic();
  model.attributes["coef_"] = reals({1, 1}, {1});
  model.attributes["intercept_"] = reals({1}, {0});
  model.attributes["classes_"] = wholes({0, 1});
  model.attributes["multi_class"] = text("multinomial");
  const auto second = [&](const char* version) {
    model.attributes["_sklearn_version"] = text(version);
    return answer(model, {1}, "proba").table.column(1)->reals()[0];
  };
  EXPECT_NEAR(second("0.24.2"), 0.8807970779778825, 1e-15);
  EXPECT_NEAR(second("0.20.0"), 0.8807970779778825, 1e-15);
  EXPECT_NEAR(second("0.19.2"), 0.7310585786300049, 1e-15);
}

TEST(SklearnLinear, NamesALinkOrALabelFormThatIsNotRead) {
  Estimator tweedie = ridge();
  tweedie.name = "TweedieRegressor";
  tweedie.module = "sklearn.linear_model._glm.glm";
  tweedie.attributes["power"] = whole(1);
  tweedie.expect_refuses({{"link", text("logit"), "is 'logit'", Code::unsupported},
                          {"power", "", "attribute 'power' is absent"},
                          {"power", text("x"), "attribute 'power'"}});
  Estimator classes = logistic();
  classes.name = "RidgeClassifier";
  classes.attributes["_label_binarizer"] =
      object("sklearn.preprocessing.label", "LabelBinarizer", {{"classes_", wholes({1, 2, 5})}});
  const std::string many = object("sklearn.preprocessing.label", "LabelBinarizer",
                                  {{"classes_", wholes({0, 1})}, {"y_type_", text("multilabel-indicator")}});
  classes.expect_refuses({{"_label_binarizer", many, "several labels a row", Code::unsupported},
                          {"_label_binarizer", "", "attribute '_label_binarizer' is absent"}});
}

TEST(SklearnLinear, RefusesAOneClassMachineOfSeveralRowsAndARegressionOfNothing) {
  Estimator machine = ridge();
  machine.name = "SGDOneClassSVM";
  machine.module = "sklearn.linear_model._stochastic_gradient";
  machine.attributes["offset_"] = reals({1}, {0.25});
  machine.expect_refuses(
      {{"coef_", reals({2, 1}, {1, 2}), "must have one row"}, {"offset_", reals({2}, {1, 2}), "attribute 'offset_'"}});
  Estimator ransac{"sklearn.linear_model.ransac",
                   "RANSACRegressor",
                   {{"estimator_", object(ridge().module, ridge().name, ridge().attributes)}}};
  const std::string scaler = object("sklearn.preprocessing.data", "MaxAbsScaler", {{"scale_", reals({1}, {1})}});
  ransac.expect_refuses({{"estimator_", scaler, "which predicts nothing"}, {"n_features_in_", whole(1), "must be 3"}});
}

}  // namespace
}  // namespace scoria::model::linear
