#include "model/tree/ensemble.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/tree/random_ensemble_for_tests.h"

#include <cmath>

namespace scoria::model::tree {
namespace {

using testing::HasSubstr;

// x < 0.5, and a category of three levels below it. Valid; tests break one thing.
EnsembleSource small_source() {
  EnsembleSource source;
  source.has_missing_children = true;
  source.features = 2;
  source.levels = {0, 3};
  source.routes = {{Route::left, Route::right, Route::missing}};
  source.trees = {{{0, 0.5, 1, 2, 3, -1}, {1, 0, 4, 5, 6, 0}, {-1, 2.0}, {-1, 3.0}, {-1, 4.0}, {-1, 5.0}, {-1, 6.0}}};
  return source;
}

std::string build_error(const EnsembleSource& source) {
  const auto built = Ensemble::build(source);
  return built.ok() ? "it was built" : built.error().message;
}

TEST(Ensemble, CountsTreesNodesLeavesAndDepth) {
  const auto built = Ensemble::build(small_source());
  ASSERT_TRUE(built.ok());
  EXPECT_EQ(built.value().trees(), 1u);
  EXPECT_EQ(built.value().nodes(), 7u);
  EXPECT_EQ(built.value().max_leaves(), 5u);
  EXPECT_EQ(built.value().max_depth(), 2u);
}

TEST(Ensemble, TakesAModelWithoutTrees) {
  EnsembleSource source = small_source();
  source.trees.clear();
  const auto built = Ensemble::build(source);
  ASSERT_TRUE(built.ok());
  EXPECT_EQ(built.value().trees(), 0u);
}

TEST(Ensemble, RefusesACycle) {
  EnsembleSource source = small_source();
  source.trees[0][1].left = 0;
  EXPECT_THAT(build_error(source), HasSubstr("tree 1, node"));
  EXPECT_THAT(build_error(source), HasSubstr("reached twice"));
}

TEST(Ensemble, RefusesANodeThatIsItsOwnChild) {
  EnsembleSource source = small_source();
  source.trees[0][0].right = 0;
  EXPECT_THAT(build_error(source), HasSubstr("reached twice"));
}

TEST(Ensemble, RefusesASharedChild) {
  EnsembleSource source = small_source();
  source.trees[0][1].right = 4;
  source.trees[0][1].missing = 4;
  source.trees[0].resize(5);
  EXPECT_THAT(build_error(source), HasSubstr("reached twice"));
}

TEST(Ensemble, RefusesASharedChildThatLeavesOtherNodesUnreached) {
  EnsembleSource source = small_source();
  source.trees[0][1].right = 4;  // node 5 is then reached by no one, so the number of visits alone tells nothing
  EXPECT_THAT(build_error(source), HasSubstr("reached twice"));
}

TEST(Ensemble, RefusesAChildOutOfRange) {
  for (const std::int32_t child : {-1, 7, 1'000'000}) {
    EnsembleSource source = small_source();
    source.trees[0][1].missing = child;
    EXPECT_THAT(build_error(source), HasSubstr("node 1: has no node " + std::to_string(child)));
  }
}

TEST(Ensemble, RefusesAnUnknownFeature) {
  EnsembleSource source = small_source();
  source.trees[0][0].feature = 2;
  EXPECT_THAT(build_error(source), HasSubstr("splits on feature 2, the model has 2"));
}

TEST(Ensemble, RefusesAThresholdThatIsNoNumber) {
  EnsembleSource source = small_source();
  source.trees[0][0].value = std::nan("");
  EXPECT_THAT(build_error(source), HasSubstr("node 0: has a threshold that is not a number"));
}

TEST(Ensemble, RefusesACategoricalSplitThatDoesNotFitItsFeature) {
  EnsembleSource source = small_source();
  source.routes[0].pop_back();
  EXPECT_THAT(build_error(source), HasSubstr("does not fit the feature's 3 levels"));
  source = small_source();
  source.trees[0][1].routes = 1;
  EXPECT_THAT(build_error(source), HasSubstr("names a categorical split that the model does not have"));
  source = small_source();
  source.trees[0][1].feature = 0;
  EXPECT_THAT(build_error(source), HasSubstr("does not fit the feature's 0 levels"));
}

TEST(Ensemble, RefusesARouteToAMissingChildInAFamilyWithoutThem) {
  EnsembleSource source = small_source();
  source.has_missing_children = false;
  EXPECT_THAT(build_error(source), HasSubstr("missing child"));
}

TEST(Ensemble, RefusesATreeWithoutNodes) {
  EnsembleSource source = small_source();
  source.trees.emplace_back();
  EXPECT_THAT(build_error(source), HasSubstr("tree 2 has no nodes"));
}

TEST(Ensemble, KnowsWhetherLeavesCanBeCounted) {
  const auto with_leaf = [](double value) {
    EnsembleSource source = small_source();
    source.trees[0][2].value = value;
    return Ensemble::build(source).value();
  };
  EXPECT_TRUE(with_leaf(2).leaves_are_below(7));
  EXPECT_FALSE(with_leaf(2).leaves_are_below(6));
  for (const double bad : {-1.0, 0.5, std::nan(""), std::numeric_limits<double>::infinity()}) {
    EXPECT_FALSE(with_leaf(bad).leaves_are_below(7)) << bad;
  }
}

TEST(Ensemble, WalksADeepChainWithoutRecursion) {
  EnsembleSource source;
  source.features = 1;
  source.levels = {0};
  std::vector<SourceNode>& nodes = source.trees.emplace_back();
  constexpr std::int32_t kDepth = 300'000;
  for (std::int32_t i = 0; i < kDepth; ++i) {
    nodes.push_back({0, static_cast<double>(i), 2 * i + 1, 2 * i + 2, -1, -1});
    nodes.push_back({-1, static_cast<double>(i)});
  }
  nodes.push_back({-1, -1.0});
  const auto built = Ensemble::build(source);
  ASSERT_TRUE(built.ok());
  EXPECT_EQ(built.value().max_depth(), static_cast<std::uint32_t>(kDepth));
  FeatureMatrix x;
  const double far = 1e9;
  x.columns = {&far};
  x.rows = 1;
  EXPECT_EQ(built.value().layout()[built.value().walk(0, x, 0)].value, -1.0);
}

TEST(Ensemble, WalksARowThroughManyTreesAsThroughEach) {
  std::size_t of_numbers = 0, of_categories = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    RandomEnsemble random(seed, {.comparison = seed % 2 == 0 ? Comparison::less : Comparison::less_equal,
                                 .has_missing_children = seed % 3 == 1,
                                 .has_missing_sides = seed % 3 == 2,
                                 .trees = static_cast<std::uint32_t>(1 + seed % 137),
                                 .most_features = seed % 4 == 0 ? 9u : 40u,
                                 .has_categories = seed % 4 == 0});
    const auto built = Ensemble::build(random.source);
    ASSERT_TRUE(built.ok()) << built.error().message;
    const Ensemble& ensemble = built.value();
    ++(ensemble.route_bytes() == 0 ? of_numbers : of_categories);
    const FeatureMatrix x = random.rows(5, true);
    const std::uint32_t begin = seed % 2 == 0 ? 0 : ensemble.trees() / 2;
    std::vector<std::uint32_t> leaves(ensemble.trees());
    for (const SimdTarget target : {SimdTarget::plain, SimdTarget::avx2, SimdTarget::avx512}) {
      const auto simd = resolve_simd(target);
      if (!simd.ok()) continue;
      for (std::size_t row = 0; row < x.rows; ++row) {
        ensemble.walk_row(begin, ensemble.trees(), x, row, simd.value(), leaves);
        for (std::uint32_t tree = begin; tree < ensemble.trees(); ++tree)
          ASSERT_EQ(leaves[tree - begin], ensemble.walk(tree, x, row)) << "seed " << seed << ", tree " << tree;
      }
    }
  }
  EXPECT_GT(of_numbers, 200u);
  EXPECT_GT(of_categories, 20u);
}

}  // namespace
}  // namespace scoria::model::tree
