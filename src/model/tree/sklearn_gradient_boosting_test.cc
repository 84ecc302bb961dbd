#include "model/tree/sklearn_gradient_boosting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/pipeline/sklearn_steps.h"
#include "model/tree/pickled_for_tests.h"

namespace scoria::model::tree {
namespace {

using pickle::integer;
using pickle::text;
using testing::ElementsAre;
using testing::HasSubstr;

// One stage of one stump over x0 of two features: 2 up to 0.5, else 4, times 0.5; the start is 100.
class SklearnBoosting : public testing::Test {
 protected:
  SklearnBoosting() {
    attributes["loss"] = text("squared_error");
    attributes["learning_rate"] = Pickled::real(0.5);
    attributes["n_features_in_"] = integer(2);
    attributes["_sklearn_version"] = text("1.2.0");
    attributes["init_"] = Pickled::object("sklearn.dummy", "DummyRegressor",
                                          {{"constant_", Pickled::numbers<double>("f8", {100}, {1, 1})}});
    attributes["estimators_"] = Pickled::objects({1, 1}, {estimator(2)});
  }

  // As a DecisionTreeRegressor of a model of `features`.
  static std::string estimator(std::int32_t features) {
    const Pickled::Fields nodes{
        {"left_child", {1, -1, -1}},           {"right_child", {2, -1, -1}}, {"feature", {0, -2, -2}},
        {"threshold", {0.5, -2, -2}},          {"impurity", {0, 0, 0}},      {"n_node_samples", {2, 1, 1}},
        {"weighted_n_node_samples", {2, 1, 1}}};
    const std::string maker =
        pickle::global("sklearn.tree._tree", "Tree") +
        Pickled::tuple({integer(features), Pickled::numbers<std::int64_t>("i8", {1}), integer(1)}) + "R";
    const std::string tree = Pickled::made(
        maker, {{"max_depth", integer(1)},
                {"node_count", integer(3)},
                {"nodes", Pickled::structured(nodes, {"threshold", "impurity", "weighted_n_node_samples"})},
                {"values", Pickled::numbers<double>("f8", {0, 2, 4}, {3, 1, 1})}});
    return Pickled::object("sklearn.tree.tree", "DecisionTreeRegressor", {{"tree_", tree}});
  }

  Result<pipeline::Step> load(std::string_view name = "GradientBoostingRegressor") {
    auto document =
        pickle::read(pickle::as_bytes(pickle::stream(Pickled::object("sklearn.ensemble._gb", name, attributes))));
    EXPECT_TRUE(document.ok()) << document.error().message;
    return pipeline::Loading().step(document.value().root(), "the model");
  }
  std::string error(std::string_view name = "GradientBoostingRegressor") {
    const auto loaded = load(name);
    return loaded.ok() ? "it was loaded" : std::string(code_name(loaded.error().code)) + ": " + loaded.error().message;
  }

  Pickled::Attributes attributes;
};

TEST_F(SklearnBoosting, AddsLeavesTimesTheRateToTheStart) {
  auto step = load();
  ASSERT_TRUE(step.ok()) << step.error().message;
  table::Table rows(2);
  rows.add("x0", table::Column::real({0.5, 0.6}));
  rows.add("x1", table::Column::real({0, 0}));
  InlineExecutor executor;
  Request request;
  request.types = {"predict", "apply"};
  const auto answer = step.value().predictor->predict(rows, request, executor);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_THAT(answer.value().table.find("predict")->reals(), ElementsAre(101, 102));
  EXPECT_THAT(answer.value().table.find("apply:0")->integers(), ElementsAre(1, 2));
}

TEST_F(SklearnBoosting, AttributesThatDoNotFitAreCorrupt) {
  const Pickled::Attributes good = attributes;
  const std::string one = Pickled::numbers<double>("f8", {1});
  const std::pair<std::pair<const char*, std::string>, const char*> cases[] = {
      {{"estimators_", one}, "'estimators_' is an array of <f8 [1], must have 1 trees in each row"},
      {{"estimators_", Pickled::objects({1, 2}, {estimator(2), estimator(2)})}, "must have 1 trees in each row"},
      {{"estimators_", Pickled::objects({1, 1}, {one})}, "'estimators_' stage 1, tree 1: "},
      {{"estimators_", Pickled::objects({2, 1}, {estimator(2), estimator(3)})},
       "'estimators_' stage 2, tree 1: is no regression tree"},
      {{"estimators_", Pickled::objects({2, 1}, {estimator(2) + "q\x63", "h\x63"})},
       "stage 2, tree 1: is another tree again"},
      {{"learning_rate", text("fast")}, "attribute 'learning_rate' is 'fast'"},
      {{"n_features_in_", integer(-1)}, "attribute 'n_features_in_' is -1"},
      {{"n_features_in_", integer(3)},
       "'estimators_' stage 1, tree 1: is no regression tree of one output and 3 features"},
      {{"loss", text("mystery")},
       "unsupported: sklearn.ensemble.GradientBoostingRegressor: loss 'mystery' is not known"},
      {{"init_", "N"}, "attribute 'init_' is absent"},
      {{"init_", integer(4)}, "attribute 'init_' is 4"},
      {{"init_",
        Pickled::object("sklearn.dummy", "DummyRegressor", {{"constant_", Pickled::numbers<double>("f8", {1, 2})}})},
       "attribute 'constant_'"},
      {{"init_", Pickled::object("sklearn.linear_model", "LinearRegression",
                                 {{"coef_", Pickled::numbers<float>("f4", {1, 2})}})},
       "unsupported: sklearn.ensemble.GradientBoostingRegressor: attribute 'init_' is a LinearRegression that computes "
       "in 32 bits"},
      {{"init_", Pickled::object("sklearn.svm", "Unheard", {})}, "unsupported: attribute 'init_' of"},
  };
  for (const auto& [broken, message] : cases) {
    attributes = good;
    attributes[broken.first] = broken.second;
    EXPECT_THAT(error(), HasSubstr(message)) << broken.first;
  }
}

TEST_F(SklearnBoosting, AStartThatDrawsAtRandomIsRefused) {
  attributes["loss"] = text("log_loss");
  attributes["classes_"] = Pickled::numbers<std::int64_t>("i8", {0, 1});
  const auto start = [&](const std::string& strategy, const std::vector<double>& priors) {
    attributes["init_"] =
        Pickled::object("sklearn.dummy", "DummyClassifier",
                        {{"strategy", text(strategy)}, {"class_prior_", Pickled::numbers<double>("f8", priors)}});
    return error("GradientBoostingClassifier");
  };
  EXPECT_THAT(start("stratified", {0.5, 0.5}), HasSubstr("strategy 'stratified' is not read as a start"));
  EXPECT_THAT(start("prior", {0.5, 0.25, 0.25}), HasSubstr("'class_prior_' has 3 numbers, must have 2"));
  EXPECT_EQ(start("prior", {0.5, 0.5}), "it was loaded");
}

TEST_F(SklearnBoosting, AnEndlessNestOfStartsIsTooLarge) {
  std::string init = attributes["init_"];
  for (int depth = 0; depth < 40; ++depth) {
    Pickled::Attributes inner = attributes;
    inner["init_"] = init;
    init = Pickled::object("sklearn.ensemble._gb", "GradientBoostingRegressor", inner);
  }
  attributes["init_"] = init;
  EXPECT_THAT(error(), HasSubstr("too_large: "));
}

}  // namespace
}  // namespace scoria::model::tree
