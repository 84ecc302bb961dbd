#include "model/tree/r_random_forest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/na.h"
#include "model/r_value_for_tests.h"

namespace scoria::model::tree {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using ValuePtr = RValues::ValuePtr;

// One tree: a <= 0.5 gives 1; else g in {low, high} gives 2, mid gives 3.
class RRandomForest : public testing::Test {
 protected:
  RRandomForest() {
    forest.set("nrnodes", values.integer({5}))
        .set("ntree", values.real({1}))
        .set("ndbigtree", values.integer({5}))
        .set("nodestatus", values.integer({-3, -1, -3, -1, -1}))
        .set("bestvar", values.integer({1, 0, 2, 0, 0}))
        .set("xbestsplit", values.real({0.5, 0, 5, 0, 0}))
        .set("nodepred", values.real({0, 1, 0, 2, 3}))
        .set("leftDaughter", values.integer({2, 0, 4, 0, 0}))
        .set("rightDaughter", values.integer({3, 0, 5, 0, 0}))
        .set("ncat", values.integer({1, 3}))
        .set("xlevels", values.list({values.real({0}), values.character({"low", "mid", "high"})}));
    object.set("type", values.character({"regression"}))
        .set("importance", values.with(values.real({1, 1}), {{"names", values.character({"a", "g"})}}));
  }

  void classify() {
    object.set("type", values.character({"classification"})).set("classes", values.character({"p", "q", "r"}));
    forest.set("cutoff", values.real({0.3, 0.3, 0.4}))
        .set("treemap", values.integer({2, 0, 4, 0, 0, 3, 0, 5, 0, 0}))
        .drop("leftDaughter")
        .drop("rightDaughter");
  }

  Result<ModelPtr> load() {
    if (!keeps_forest) return load_r_random_forest(*object.object(values, classes));
    RSlots whole = object;
    whole.set("forest", forest.object(values));
    return load_r_random_forest(*whole.object(values, classes));
  }
  std::string load_error() {
    const auto loaded = load();
    return loaded.ok() ? "it was loaded" : loaded.error().message;
  }
  static table::Table rows(std::vector<double> a) {
    table::Table table;
    const std::vector<std::string> levels{"low", "mid", "high"};
    table.add("a", table::Column::real(std::move(a)));
    table.add("g", table::Column::text(levels));
    return table;
  }
  Result<Prediction> score(const table::Table& table, const Request& request = {}) {
    InlineExecutor executor;
    auto loaded = load();
    if (!loaded.ok()) return loaded.error();
    return loaded.value()->score(table, request, executor);
  }
  // dataClasses of a formula's terms, the response first.
  void give_classes(const std::string& of_a, const std::string& of_g) {
    const auto data_classes =
        values.with(values.character({"numeric", of_a, of_g}), {{"names", values.character({"y", "a", "g"})}});
    object.set("terms", values.with(values.null(), {{"dataClasses", data_classes}, {"response", values.integer({1})}}));
    object.set("terms",
               values.with(values.list({}), {{"dataClasses", data_classes}, {"response", values.integer({1})}}));
    classes = {"randomForest.formula", "randomForest"};
  }

  RValues values;
  RSlots forest;
  RSlots object;
  bool keeps_forest = true;
  std::vector<std::string> classes{"randomForest"};
};

TEST_F(RRandomForest, GivesTheMeanOfTrees) {
  const auto scored = score(rows({0, 1, 1}));
  ASSERT_TRUE(scored.ok()) << scored.error().message;
  EXPECT_THAT(scored.value().table.column(0)->reals(), ElementsAre(1, 3, 2));
}

TEST_F(RRandomForest, GivesEachTreeAndItsNodes) {
  const auto scored = score(rows({0, 1, 1}), {.types = {"individual", "nodes"}});
  ASSERT_TRUE(scored.ok());
  EXPECT_THAT(scored.value().table.names(), ElementsAre("individual:1", "nodes:1"));
  EXPECT_THAT(scored.value().table.column(1)->integers(), ElementsAre(2, 5, 4));
}

TEST_F(RRandomForest, NumbersNodesAsTheFileDoesWhateverItsOrder) {
  // Nodes 2 and 5 change places.
  forest.set("leftDaughter", values.integer({5, 0, 4, 0, 0}))
      .set("rightDaughter", values.integer({3, 0, 2, 0, 0}))
      .set("nodepred", values.real({0, 3, 0, 2, 1}));
  const auto scored = score(rows({0, 1, 1}), {.types = {"nodes"}});
  ASSERT_TRUE(scored.ok());
  EXPECT_THAT(scored.value().table.column(0)->integers(), ElementsAre(5, 2, 4));
}

TEST_F(RRandomForest, NamesASlotOfTheForestThatIsAbsentOrOfAnotherType) {
  for (const char* slot : {"nrnodes", "ntree", "ndbigtree", "nodestatus", "bestvar", "xbestsplit", "nodepred",
                           "leftDaughter", "rightDaughter", "ncat"}) {
    const RSlots whole = forest;
    forest.drop(slot);
    EXPECT_THAT(load_error(), HasSubstr("forest: slot '" + std::string(slot) + "' is absent"));
    forest.set(slot, values.character({"text"}));
    EXPECT_THAT(load_error(), HasSubstr("slot '" + std::string(slot) + "' is a character vector"));
    forest = whole;
  }
}

TEST_F(RRandomForest, NamesSlotsThatDoNotFitEachOther) {
  const std::pair<const char*, ValuePtr> broken[] = {
      {"nrnodes", values.integer({4})},
      {"nrnodes", values.integer({0})},
      {"nrnodes", values.integer({kNaInt})},
      {"nrnodes", values.integer({2147483647})},
      {"nrnodes", values.real({1e300})},
      {"nrnodes", values.integer({})},
      {"ntree", values.integer({0})},
      {"ntree", values.integer({-1})},
      {"ntree", values.integer({2147483647})},
      {"ntree", values.real({1.5})},
      {"ndbigtree", values.integer({6})},
      {"ndbigtree", values.integer({0})},
      {"ndbigtree", values.integer({5, 5})},
      {"ndbigtree", values.integer({kNaInt})},
      {"bestvar", values.integer({3, 0, 2, 0, 0})},
      {"bestvar", values.integer({kNaInt, 0, 2, 0, 0})},
      {"bestvar", values.integer({1})},
      {"xbestsplit", values.real({0.5, 0, -1, 0, 0})},
      {"xbestsplit", values.real({0.5, 0, 1e300, 0, 0})},
      {"xbestsplit", values.real({0.5, 0, std::nan(""), 0, 0})},
      {"leftDaughter", values.integer({kNaInt, 0, 4, 0, 0})},
      {"leftDaughter", values.integer({0, 0, 4, 0, 0})},
      {"rightDaughter", values.integer({kNaInt, 0, 5, 0, 0})},
      {"ncat", values.integer({1, 54})},
      {"ncat", values.integer({1, 2})},
      {"ncat", values.integer({1})},
      {"nodestatus", values.real({-3, -1, -3, -1})},
  };
  for (const auto& [slot, value] : broken) {
    const RSlots whole = forest;
    forest.set(slot, value);
    const std::string message = load_error();
    EXPECT_TRUE(message.find(slot) != std::string::npos || message.find("nrnodes") != std::string::npos ||
                message.find("leftDaughter") != std::string::npos || message.find("ntree") != std::string::npos)
        << slot << ": " << message;
    forest = whole;
  }
}

TEST_F(RRandomForest, RefusesTreesThatAreNone) {
  forest.set("leftDaughter", values.integer({1, 0, 4, 0, 0}));
  EXPECT_THAT(load_error(), HasSubstr("tree 1"));
  forest.set("leftDaughter", values.integer({2, 0, 2, 0, 0}));
  EXPECT_THAT(load_error(), HasSubstr("reached twice"));
  forest.set("leftDaughter", values.integer({2, 0, 6, 0, 0}));
  EXPECT_THAT(load_error(), HasSubstr("has no node 5"));
  forest.set("leftDaughter", values.integer({2, 0, 4, 0, 0})).set("xbestsplit", values.real({na_real(), 0, 5, 0, 0}));
  EXPECT_THAT(load_error(), HasSubstr("threshold that is not a number"));
}

TEST_F(RRandomForest, RefusesClassesOutOfRange) {
  classify();
  EXPECT_EQ(load_error(), "it was loaded");
  for (const double bad : {0.0, 4.0, 1.5, -1.0, std::nan("")}) {
    forest.set("nodepred", values.real({0, bad, 0, 2, 3}));
    EXPECT_THAT(load_error(), HasSubstr("slot 'nodepred' names a class")) << bad;
  }
}

TEST_F(RRandomForest, RefusesACutoffThatDoesNotFit) {
  classify();
  forest.set("cutoff", values.real({0.5, 0.5}));
  EXPECT_THAT(load_error(), HasSubstr("slot 'cutoff' does not fit"));
}

TEST_F(RRandomForest, RefusesMoreVotesThanMemoryIsGivenFor) {
  classify();
  object.set("classes", values.character(std::vector<std::string>(1'000'000, "k")));
  forest.set("cutoff", values.real(std::vector<double>(1'000'000, 1e-6)));
  const auto scored = score(rows({0, 1, 1}).take(std::vector<std::uint32_t>(537, 0)));
  ASSERT_FALSE(scored.ok());
  EXPECT_THAT(scored.error().message,
              HasSubstr("537 rows times 1000000 classes are more than 536870912 votes; score at most 536 rows"));
}

TEST_F(RRandomForest, RefusesAForestThatCannotPredict) {
  object.set("type", values.character({"unsupervised"}));
  EXPECT_THAT(load_error(), HasSubstr("type 'unsupervised' cannot predict"));
  object.set("type", values.character({"regression"}));
  keeps_forest = false;
  EXPECT_THAT(load_error(), HasSubstr("keep.forest = FALSE"));
}

TEST_F(RRandomForest, RefusesAnInfinityByRowAndColumn) {
  const auto scored = score(rows({0, 1, -std::numeric_limits<double>::infinity()}), {.first_row = 11});
  ASSERT_FALSE(scored.ok());
  EXPECT_THAT(scored.error().message, HasSubstr("row 13, column 'a': -Inf"));
}

TEST_F(RRandomForest, RefusesMissingValuesWhereItWasFittedWithXAndY) {
  const auto scored = score(rows({0, na_real(), 1}), {.first_row = 11});
  ASSERT_FALSE(scored.ok());
  EXPECT_THAT(scored.error().message, HasSubstr("row 12 has a missing value in column 'a'"));
}

TEST_F(RRandomForest, LeavesRowsWithMissingValuesWithoutAnAnswerWhereItWasFittedByFormula) {
  give_classes("numeric", "factor");
  const auto scored = score(rows({0, std::nan(""), 1}), {.types = {"response", "individual", "nodes"}});
  ASSERT_TRUE(scored.ok()) << scored.error().message;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(scored.value().table.column(i)->is_null(1));
    EXPECT_FALSE(scored.value().table.column(i)->is_null(2));
  }
}

TEST_F(RRandomForest, SkipsAnInfinityInARowThatHasAMissingValue) {
  give_classes("numeric", "factor");
  table::Table table;
  const std::vector<std::string> levels{"low", "low"};
  table::Validity second_missing(2);
  second_missing.set_null(1);
  table.add("a", table::Column::real({0, std::numeric_limits<double>::infinity()}));
  table.add("g", table::Column::text(levels, second_missing));
  EXPECT_TRUE(score(table).ok());
}

TEST_F(RRandomForest, TakesCodesOfAnOrderedFactorWhoseLevelsAreNotKept) {
  give_classes("ordered", "factor");
  EXPECT_TRUE(score(rows({1, 2, 1})).ok());
  table::Table table;
  const std::vector<std::string> levels{"low"};
  table.add("a", table::Column::text(levels));
  table.add("g", table::Column::text(levels));
  const auto scored = score(table);
  ASSERT_FALSE(scored.ok());
  EXPECT_THAT(scored.error().message, HasSubstr("give their positions"));
}

TEST_F(RRandomForest, RefusesAColumnThatWasFittedAsText) {
  give_classes("character", "factor");
  const auto scored = score(rows({1, 2, 1}));
  ASSERT_FALSE(scored.ok());
  EXPECT_THAT(scored.error().message, HasSubstr("fit it with a factor"));
}

TEST_F(RRandomForest, RefusesACutoffParameterThatRRefuses) {
  classify();
  EXPECT_TRUE(score(rows({0, 1, 1}), {.parameters = {{"cutoff", "0.7,0.2,0.1"}}}).ok());
  EXPECT_TRUE(score(rows({0, 1, 1}), {.parameters = {{"cutoff", "0.1,0.2,0.7"}}}).ok());
  for (const char* bad : {"0.5,0.5", "0.5,0.5,0", "0.5,0.5,0.1", "nan,0.1,0.1", "-1,1,1"}) {
    EXPECT_FALSE(score(rows({0, 1, 1}), {.parameters = {{"cutoff", bad}}}).ok()) << bad;
  }
}

}  // namespace
}  // namespace scoria::model::tree
