#include "model/tree/sklearn_hist_gradient_boosting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/na.h"
#include "model/pipeline/sklearn_steps.h"
#include "model/tree/pickled_for_tests.h"

namespace scoria::model::tree {
namespace {

using pickle::integer;
using pickle::text;
using testing::ElementsAre;
using testing::HasSubstr;

// One tree over x0, a number, and x1, of the categories 1, 3 and 5: x0 <= 0.5 is 1, else x1 in {3} is 20 and the rest 300; missing
// goes right first and left then. The sums start with 1000.
class SklearnHist : public testing::Test {
 protected:
  SklearnHist() {
    attributes["loss"] = text("squared_error");
    attributes["n_features_in_"] = integer(2);
    attributes["is_categorical_"] = Pickled::numbers<std::uint8_t>("b1", {0, 1});
    attributes["_baseline_prediction"] = Pickled::numbers<double>("f8", {1000}, {1, 1});
    attributes["_sklearn_version"] = text("1.3.0");
    attributes["_bin_mapper"] = mapper(Pickled::numbers<double>("f8", {1, 3, 5}));
    bits[0] = 1u << 3;
  }

  static std::string mapper(const std::string& categories) {
    return Pickled::object("sklearn.ensemble._hist_gradient_boosting.binning", "_BinMapper",
                           {{"bin_thresholds_", Pickled::list({Pickled::numbers<double>("f8", {0.5}), categories})}});
  }

  std::string tree() const {
    return Pickled::object("sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor",
                           {{"nodes", Pickled::structured(fields, reals)},
                            {"raw_left_cat_bitsets", Pickled::numbers<std::uint32_t>("u4", bits, bits_shape)}});
  }

  Result<pipeline::Step> load(std::string_view name = "HistGradientBoostingRegressor") {
    if (attributes.find("_predictors") == attributes.end()) {
      attributes["_predictors"] = Pickled::list({Pickled::list({tree()})});
    }
    auto document = pickle::read(pickle::as_bytes(pickle::stream(
        Pickled::object("sklearn.ensemble._hist_gradient_boosting.gradient_boosting", name, attributes))));
    EXPECT_TRUE(document.ok()) << document.error().message;
    return pipeline::Loading().step(document.value().root(), "the model");
  }
  std::string error() {
    const auto loaded = load();
    return loaded.ok() ? "it was loaded" : std::string(code_name(loaded.error().code)) + ": " + loaded.error().message;
  }

  std::vector<double> predict(std::vector<double> x0, std::vector<double> x1,
                              std::vector<std::string>* notes = nullptr) {
    auto step = load();
    EXPECT_TRUE(step.ok()) << step.error().message;
    table::Table rows(x0.size());
    rows.add("x0", table::Column::real(std::move(x0)));
    rows.add("x1", table::Column::real(std::move(x1)));
    InlineExecutor executor;
    Request request;
    request.types = {"predict"};
    auto answer = step.value().predictor->predict(rows, request, executor);
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    if (notes != nullptr) *notes = answer.value().notes;
    const auto values = answer.value().table.column(0)->reals();
    return {values.begin(), values.end()};
  }

  std::set<std::string> reals{"value", "num_threshold", "threshold"};
  Pickled::Fields fields{{"value", {0, 1, 0, 20, 300}},
                         {"feature_idx", {0, 0, 1, 0, 0}},
                         {"num_threshold", {0.5, 0, 0, 0, 0}},
                         {"missing_go_to_left", {0, 0, 1, 0, 0}},
                         {"left", {1, 0, 3, 0, 0}},
                         {"right", {2, 0, 4, 0, 0}},
                         {"is_leaf", {0, 1, 0, 1, 1}},
                         {"is_categorical", {0, 0, 1, 0, 0}},
                         {"bitset_idx", {0, 0, 0, 0, 0}}};
  std::vector<std::uint32_t> bits = std::vector<std::uint32_t>(8);
  std::vector<std::int32_t> bits_shape{1, 8};
  Pickled::Attributes attributes;
};

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinite = std::numeric_limits<double>::infinity();

TEST_F(SklearnHist, FollowsNumbersCategoriesAndMissingValues) {
  EXPECT_THAT(predict({0.5, -kInfinite, 0.6, 0.6, kInfinite}, {0, 0, 3, 5, 1}),
              ElementsAre(1001, 1001, 1020, 1300, 1300));
  EXPECT_THAT(predict({kNan, na_real(), 1, 1, 1, 1}, {3, 5, kNan, na_real(), 4, -3}),
              ElementsAre(1020, 1300, 1020, 1020, 1020, 1020))
      << "unknown and negative categories are missing, which goes left";
}

TEST_F(SklearnHist, TellsWhatBecomesOfOtherNumbersThanCategories) {
  std::vector<std::string> notes;
  EXPECT_THAT(predict({1, 1, 1}, {259, 5.5, 5}, &notes), ElementsAre(1020, 1300, 1300));
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_THAT(notes[0], HasSubstr("column 'x1': 2 cells with other categories than 0 to 255"));
}

TEST_F(SklearnHist, OldFilesCallTheThresholdByAnotherNameAndTakeNothingMissing) {
  fields["threshold"] = fields["num_threshold"];
  for (const char* name : {"num_threshold", "missing_go_to_left", "is_categorical", "bitset_idx"}) fields.erase(name);
  attributes.erase("is_categorical_");
  attributes.erase("_bin_mapper");
  fields["threshold"][2] = 4;
  EXPECT_THAT(predict({0, 1, 1}, {0, 4, 5}), ElementsAre(1001, 1020, 1300));
  table::Table rows(1);
  rows.add("x0", table::Column::real({kNan}));
  rows.add("x1", table::Column::real({1}));
  InlineExecutor executor;
  Request request;
  request.types = {"predict"};
  const auto answer = load().value().predictor->predict(rows, request, executor);
  ASSERT_FALSE(answer.ok());
  EXPECT_THAT(answer.error().message, HasSubstr("row 1, column 'x0': the value is missing"));
}

TEST_F(SklearnHist, NodesThatMakeNoTreeAreCorrupt) {
  const auto good = fields;
  const std::pair<const char*, std::pair<std::vector<double>, const char*>> cases[] = {
      {"left", {{7, 0, 3, 0, 0}, "stage 1, tree 1: node 0: has a child that is not there"}},
      {"right", {{2, 0, -4, 0, 0}, "node 2: has a child that is not there"}},
      {"right", {{1, 0, 4, 0, 0}, "reached twice"}},
      {"left", {{0, 0, 3, 0, 0}, "reached twice"}},
      {"feature_idx", {{2, 0, 1, 0, 0}, "node 0: splits on feature 2, the model has 2"}},
      {"feature_idx", {{-1, 0, 1, 0, 0}, "node 0: splits on feature -1"}},
      {"feature_idx", {{1, 0, 1, 0, 0}, "node 0: splits a feature of categories by a number"}},
      {"feature_idx", {{0, 0, 0, 0, 0}, "node 2: splits a feature by categories that has none"}},
      {"num_threshold", {{kNan, 0, 0, 0, 0}, "threshold that is not a number"}},
      {"bitset_idx", {{0, 0, 1, 0, 0}, "node 2: names a set of categories that is not there"}},
      {"bitset_idx", {{0, 0, -1, 0, 0}, "node 2: names a set of categories that is not there"}},
  };
  for (const auto& [name, broken] : cases) {
    fields = good;
    fields[name] = broken.first;
    attributes.erase("_predictors");
    EXPECT_THAT(error(),
                testing::AllOf(testing::StartsWith("corrupt: the model (sklearn.ensemble.HistGradientBoosting"),
                               HasSubstr("'_predictors'"), HasSubstr(broken.second)))
        << name;
  }
}

TEST_F(SklearnHist, FieldsAndBitsMustBeThere) {
  const auto good = fields;
  for (const char* name : {"value", "left", "right", "is_leaf", "feature_idx", "bitset_idx"}) {
    fields = good;
    fields.erase(name);
    attributes.erase("_predictors");
    EXPECT_THAT(error(), HasSubstr("no field '" + std::string(name) + "'"));
  }
  fields = good;
  reals.insert("left");
  attributes.erase("_predictors");
  EXPECT_THAT(
      error(),
      HasSubstr("stage 1, tree 1: field 'left' of its nodes: a numpy array of <f8 stands where integers should be"));
  reals.erase("left");
  bits_shape = {8, 1};
  attributes.erase("_predictors");
  EXPECT_THAT(error(), HasSubstr("attribute 'raw_left_cat_bitsets' has shape [8 x 1], must have 8 columns"));
}

TEST_F(SklearnHist, AttributesThatDoNotFitAreCorrupt) {
  const Pickled::Attributes good = attributes;
  const std::string one = Pickled::numbers<double>("f8", {1});
  const std::pair<std::pair<const char*, std::string>, const char*> cases[] = {
      {{"n_features_in_", integer(0)}, "attribute 'n_features_in_' is 0"},
      {{"n_features_in_", integer(2'000'000'000)}, "attribute 'n_features_in_' is 2000000000"},
      {{"n_features_in_", integer(3)}, "attribute 'is_categorical_' has 2 truth values, must have 3"},
      {{"_baseline_prediction", Pickled::numbers<double>("f8", {1, 2})}, "'_baseline_prediction' has 2 numbers"},
      {{"_baseline_prediction", Pickled::numbers<float>("f4", {1})}, "unsupported: "},
      {{"_bin_mapper", mapper(Pickled::numbers<double>("f8", {256}))}, "'bin_thresholds_' has a category"},
      {{"_bin_mapper", mapper(Pickled::numbers<double>("f8", {-1}))}, "'bin_thresholds_' has a category"},
      {{"_bin_mapper", mapper(Pickled::numbers<double>("f8", {kNan}))}, "'bin_thresholds_' has a category"},
      {{"_bin_mapper", mapper(text("x"))}, "'bin_thresholds_' is 'x'"},
      {{"_bin_mapper", one}, "'_bin_mapper' is"},
      {{"_predictors", Pickled::list({Pickled::list({tree(), tree()})})}, "stage 1: must be a list of 1 tree"},
      {{"_predictors", Pickled::list({one})}, "stage 1: must be a list of 1 tree"},
      {{"_predictors", Pickled::list({Pickled::list({one})})}, "stage 1, tree 1: the tree"},
      {{"_predictors", one}, "must be a list of lists of trees"},
      {{"loss", text("hinge")},
       "unsupported: sklearn.ensemble.HistGradientBoostingRegressor: loss 'hinge' is not known"},
      {{"loss", Pickled::object("sklearn._loss.loss", "PinballLoss", {})},
       "must be the name of one of scikit-learn's losses"},
  };
  for (const auto& [broken, message] : cases) {
    attributes = good;
    attributes[broken.first] = broken.second;
    EXPECT_THAT(error(), HasSubstr(message)) << broken.first;
  }
}

TEST_F(SklearnHist, ATreeThatStandsTwiceIsCorrupt) {
  attributes["_predictors"] = "](" + ("](" + tree() + "q\x63" + "e") +
                              ("](h\x63"
                               "e") +
                              "e";
  EXPECT_THAT(error(), HasSubstr("stage 2, tree 1: has the nodes of another tree"));
}

TEST_F(SklearnHist, AClassifierHasAsManyTreesAStageAsItNeeds) {
  attributes["loss"] = text("log_loss");
  attributes["classes_"] = Pickled::numbers<std::int64_t>("i8", {0, 1, 2});
  attributes["n_trees_per_iteration_"] = integer(1);
  EXPECT_THAT(load("HistGradientBoostingClassifier").error().message,
              HasSubstr("attribute 'n_trees_per_iteration_' is 1, which does not fit 3 classes"));
  attributes["classes_"] = Pickled::numbers<std::int64_t>("i8", {7});
  EXPECT_THAT(load("HistGradientBoostingClassifier").error().message, HasSubstr("has one class"));
}

}  // namespace
}  // namespace scoria::model::tree
