#include "model/tree/r_gbm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/na.h"
#include "model/r_value_for_tests.h"

namespace scoria::model::tree {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using ValuePtr = RValues::ValuePtr;

// Two trees over a number x and a factor g; the answer is 100 + {1, 2, 3} + {10, 20, 30} (left, right, missing).
class RGbm : public testing::Test {
 protected:
  RGbm() {
    slots.set("initF", values.real({100}))
        .set("train.error", values.real({2, 1}))
        .set("train.fraction", values.real({1}))
        .set("distribution", values.object({{"name", values.character({"gaussian"})}}))
        .set("var.names", values.character({"x", "g"}))
        .set("var.type", values.real({0, 3}))
        .set("var.levels", values.list({values.real({0, 1}), values.character({"low", "mid", "high"})}))
        .set("c.splits", values.list({values.integer({-1, 1, 0})}))
        .set("n.trees", values.real({2}))
        .set("num.classes", values.integer({1}))
        .set("trees", values.list({stump(0, 0.5, 1), stump(1, 0, 10)}));
  }

  ValuePtr tree(std::vector<std::int32_t> variable, std::vector<double> code, std::vector<std::int32_t> left,
                std::vector<std::int32_t> right, std::vector<std::int32_t> missing) {
    return values.list({values.integer(std::move(variable)), values.real(std::move(code)),
                        values.integer(std::move(left)), values.integer(std::move(right)),
                        values.integer(std::move(missing))});
  }
  ValuePtr stump(std::int32_t variable, double code, double leaf) {
    return tree({variable, -1, -1, -1}, {code, leaf, 2 * leaf, 3 * leaf}, {1, -1, -1, -1}, {2, -1, -1, -1},
                {3, -1, -1, -1});
  }

  Result<ModelPtr> load() { return load_r_gbm(*slots.object(values, {"gbm"})); }
  std::string load_error() {
    const auto loaded = load();
    return loaded.ok() ? "it was loaded" : loaded.error().message;
  }

  static table::Table rows() {
    table::Table table;
    table.add("x", table::Column::real({0, 0.5, na_real(), std::nan("")}));
    const std::vector<std::string> levels{"low", "mid", "high", "low"};
    table.add("g", table::Column::text(levels));
    return table;
  }
  Result<Prediction> score(const Request& request = {}) {
    InlineExecutor executor;
    auto loaded = load();
    if (!loaded.ok()) return loaded.error();
    return loaded.value()->score(rows(), request, executor);
  }
  std::string score_error(const Request& request = {}) {
    const auto scored = score(request);
    return scored.ok() ? "it was scored" : scored.error().message;
  }

  RValues values;
  RSlots slots;
};

TEST_F(RGbm, SumsTheLeavesThatRowsReach) {
  const auto scored = score();
  ASSERT_TRUE(scored.ok()) << scored.error().message;
  EXPECT_THAT(scored.value().table.column(0)->reals(), ElementsAre(111, 122, 133, 112));
}

TEST_F(RGbm, NamesASlotThatIsAbsentOrOfAnotherType) {
  for (const char* slot : {"initF", "distribution", "var.type", "var.levels", "trees"}) {
    const RSlots whole = slots;
    slots.drop(slot);
    EXPECT_THAT(load_error(), HasSubstr("slot '" + std::string(slot) + "' is absent")) << slot;
    slots.set(slot, values.character({"text"}));
    EXPECT_THAT(load_error(), HasSubstr(slot)) << slot;
    slots = whole;
  }
}

TEST_F(RGbm, NamesSlotsThatDoNotFitEachOther) {
  const std::pair<const char*, ValuePtr> broken[] = {
      {"var.type", values.real({0})},
      {"var.type", values.real({0, -3})},
      {"var.type", values.real({0, 2.5})},
      {"var.type", values.real({0, std::nan("")})},
      {"var.type", values.integer({0, kNaInt})},
      {"var.names", values.character({"x"})},
      {"var.levels", values.list({values.real({0})})},
      {"var.levels", values.list({values.real({0, 1}), values.character({"low", "mid"})})},
      {"c.splits", values.real({1})},
      {"c.splits", values.list({values.real({-1, 1, 0})})},
      {"n.trees", values.real({3})},
      {"n.trees", values.real({-1})},
      {"num.classes", values.integer({2})},
      {"num.classes", values.integer({0})},
      {"num.classes", values.integer({kNaInt})},
      {"num.classes", values.real({1e300})},
      {"initF", values.real({})},
      {"initF", values.real({na_real()})},
      {"train.fraction", values.character({"all"})},
      {"train.error", values.character({"none"})},
  };
  for (const auto& [slot, value] : broken) {
    const RSlots whole = slots;
    slots.set(slot, value);
    EXPECT_THAT(load_error(), HasSubstr(slot)) << slot;
    slots = whole;
  }
}

TEST_F(RGbm, NamesTheTreeThatIsDamaged) {
  const ValuePtr broken[] = {
      values.null(),
      values.list({}),
      values.real({1}),
      tree({}, {}, {}, {}, {}),
      tree({0, -1, -1}, {0.5, 1, 2}, {1, -1, -1}, {2, -1, -1}, {3, -1, -1}),                     // a child out of range
      tree({0, -1, -1, -1}, {0.5, 1, 2, 3}, {0, -1, -1, -1}, {2, -1, -1, -1}, {3, -1, -1, -1}),  // its own child
      tree({0, -1, -1, -1}, {0.5, 1, 2, 3}, {1, -1, -1, -1}, {1, -1, -1, -1}, {3, -1, -1, -1}),  // a shared child
      tree({0, -1, -1, -1}, {std::nan(""), 1, 2, 3}, {1, 0, 0, 0}, {2, 0, 0, 0}, {3, 0, 0, 0}),  // no threshold
      tree({7, -1, -1, -1}, {0.5, 1, 2, 3}, {1, 0, 0, 0}, {2, 0, 0, 0}, {3, 0, 0, 0}),           // no such variable
      tree({-2, -1, -1, -1}, {0.5, 1, 2, 3}, {1, 0, 0, 0}, {2, 0, 0, 0}, {3, 0, 0, 0}),
      tree({kNaInt, -1, -1, -1}, {0.5, 1, 2, 3}, {1, 0, 0, 0}, {2, 0, 0, 0}, {3, 0, 0, 0}),
      tree({1, -1, -1, -1}, {1, 1, 2, 3}, {1, 0, 0, 0}, {2, 0, 0, 0}, {3, 0, 0, 0}),  // no such c.splits
      tree({1, -1, -1, -1}, {-1, 1, 2, 3}, {1, 0, 0, 0}, {2, 0, 0, 0}, {3, 0, 0, 0}),
      tree({1, -1, -1, -1}, {1e300, 1, 2, 3}, {1, 0, 0, 0}, {2, 0, 0, 0}, {3, 0, 0, 0}),
      tree({0, -1, -1, -1}, {0.5, 1, 2, 3}, {kNaInt, 0, 0, 0}, {2, 0, 0, 0}, {3, 0, 0, 0}),
      tree({0, -1, -1}, {0.5, 1, 2, 3}, {1, 0, 0, 0}, {2, 0, 0, 0}, {3, 0, 0, 0}),  // lengths
  };
  for (std::size_t i = 0; i < std::size(broken); ++i) {
    slots.set("trees", values.list({stump(0, 0.5, 1), broken[i]}));
    EXPECT_THAT(load_error(), HasSubstr("tree 2")) << i;
  }
}

TEST_F(RGbm, RefusesARouteTableOfAnotherLength) {
  slots.set("c.splits", values.list({values.integer({-1, 1})}));
  EXPECT_THAT(load_error(), HasSubstr("does not fit the feature's 3 levels"));
}

TEST_F(RGbm, RefusesAnUnknownDistribution) {
  slots.set("distribution", values.object({{"name", values.character({"cauchy"})}}));
  EXPECT_THAT(load_error(), HasSubstr("distribution 'cauchy'"));
}

TEST_F(RGbm, RefusesClassesThatDoNotFitTheTrees) {
  slots.set("distribution", values.object({{"name", values.character({"multinomial"})}}));
  slots.set("classes", values.character({"a", "b"}));
  EXPECT_THAT(load_error(), HasSubstr("num.classes"));
  slots.set("num.classes", values.integer({3})).set("classes", values.character({"a", "b", "c"}));
  EXPECT_THAT(load_error(), HasSubstr("slot 'trees' does not fit num.classes"));
}

TEST_F(RGbm, RefusesTwoVariablesOfOneName) {
  slots.set("var.names", values.character({"x", "x"}));
  EXPECT_THAT(load_error(), HasSubstr("the same name"));
}

TEST_F(RGbm, CallsTheColumnsOfAMatrixWithoutNamesByPosition) {
  slots.drop("var.names");
  const auto loaded = load();
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded.value()->description().features[1].name, "V2");
}

TEST_F(RGbm, AsksForNTreesWhereTheFileDoesNotTell) {
  const auto asks = HasSubstr("give --param n.trees=N (1 to 2)");
  slots.set("train.fraction", values.real({0.5})).set("valid.error", values.real({std::nan(""), na_real()}));
  EXPECT_THAT(score_error(), asks);
  slots.drop("valid.error");
  EXPECT_THAT(score_error(), asks);
  slots.drop("train.fraction");
  EXPECT_THAT(score_error(), asks);
  slots.set("train.fraction", values.real({1})).set("train.error", values.real({}));
  EXPECT_THAT(score_error(), asks);
  EXPECT_EQ(score_error({.parameters = {{"n.trees", "1"}}}), "it was scored");
}

TEST_F(RGbm, TakesTheFirstOfEqualValidationErrors) {
  slots.set("train.fraction", values.real({0.5})).set("valid.error", values.real({std::nan(""), 1}));
  EXPECT_EQ(load().value()->description().details.back().second, "2");
  slots.set("valid.error", values.real({1, 1}));
  EXPECT_EQ(load().value()->description().details.back().second, "1");
}

TEST_F(RGbm, LabelsTreeCountsAsRWritesThem) {
  std::vector<ValuePtr> trees(100'001, stump(0, 0.5, 0.001));
  slots.set("trees", values.list(trees)).set("n.trees", values.real({100'001}));
  const auto scored = score({.parameters = {{"n.trees", "100000,99999,100001,100001"}}});
  ASSERT_TRUE(scored.ok()) << scored.error().message;
  EXPECT_THAT(scored.value().table.names(), ElementsAre("link:1e+05", "link:99999", "link:100001", "link:100001"));
}

TEST_F(RGbm, CutsTreeCountsToThoseFitted) {
  const auto scored = score({.parameters = {{"n.trees", "7"}}});
  ASSERT_TRUE(scored.ok());
  EXPECT_THAT(scored.value().notes[0], HasSubstr("n.trees 7 exceeds the 2 trees"));
}

TEST_F(RGbm, GivesASingleTreeWithoutTheIntercept) {
  const auto scored = score({.parameters = {{"n.trees", "2"}, {"single.tree", "TRUE"}}});
  ASSERT_TRUE(scored.ok());
  EXPECT_THAT(scored.value().table.column(0)->reals(), ElementsAre(10, 20, 30, 10));
}

TEST_F(RGbm, KeepsNaNOfALeafApartFromAMissingAnswer) {
  slots.set("trees", values.list({tree({-1}, {na_real()}, {-1}, {-1}, {-1}), stump(1, 0, 10)}));
  const auto scored = score();
  ASSERT_TRUE(scored.ok());
  EXPECT_FALSE(scored.value().table.column(0)->is_null(0));
  EXPECT_TRUE(std::isnan(scored.value().table.column(0)->reals()[0]));
}

}  // namespace
}  // namespace scoria::model::tree
