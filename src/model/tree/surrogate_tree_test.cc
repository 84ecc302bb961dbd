#include "model/tree/surrogate_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/na.h"

namespace scoria::model::tree {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Node 1 asks column 0 (below 2: left), then column 1 (levels left, none, right), then column 2 (below 5: right).
std::vector<SurrogateNode> one_split(Side majority = Side::none) {
  std::vector<SurrogateNode> nodes(3);
  nodes[0] = {.number = 1,
              .splits = {{.column = 0, .threshold = 2},
                         {.column = 1, .sides = {Side::left, Side::none, Side::right}},
                         {.column = 2, .threshold = 5, .below = Side::right}},
              .majority = majority};
  nodes[1].number = 2;
  nodes[2].number = 3;
  return nodes;
}

std::vector<std::int32_t> ends(std::vector<SurrogateNode> nodes, const std::vector<std::vector<double>>& columns) {
  auto tree = SurrogateTree::build(std::move(nodes));
  if (!tree.ok()) return {};
  std::vector<const double*> pointers;
  for (const std::vector<double>& column : columns) pointers.push_back(column.data());
  std::vector<std::int32_t> out(columns[0].size());
  tree.value().walk(pointers, 0, out);
  return out;
}

std::string surrogate_build_error(std::vector<SurrogateNode> nodes) {
  const auto tree = SurrogateTree::build(std::move(nodes));
  return tree.ok() ? "it was built" : tree.error().message;
}

constexpr double kInf = std::numeric_limits<double>::infinity();
const double kNa = na_real();

TEST(SurrogateTree, SendsWhatIsBelowTheThresholdToTheSideThatTheSplitNames) {
  EXPECT_THAT(ends(one_split(), {{1.5, 2, -kInf, kInf}, {0, 0, 0, 0}, {0, 0, 0, 0}}), ElementsAre(1, 2, 1, 2));
}

TEST(SurrogateTree, AsksSurrogatesInOrderWhereAValueIsMissing) {
  const double nan = std::nan("");
  EXPECT_THAT(ends(one_split(), {{kNa, nan, kNa, kNa}, {0, 2, kNa, nan}, {9, 0, 4, 5}}), ElementsAre(1, 2, 2, 1));
}

TEST(SurrogateTree, AsksTheNextSurrogateWhereALevelHasNoSide) {
  EXPECT_THAT(ends(one_split(), {{kNa, kNa}, {1, 3}, {9, 4}}), ElementsAre(1, 2)) << "3 is beyond the last level";
}

TEST(SurrogateTree, GoesWithTheMajorityWhereNothingAnswers) {
  EXPECT_THAT(ends(one_split(Side::left), {{kNa}, {kNa}, {kNa}}), ElementsAre(1));
  EXPECT_THAT(ends(one_split(Side::right), {{kNa}, {1}, {kNa}}), ElementsAre(2));
}

TEST(SurrogateTree, EndsInTheInnerNodeWithoutAMajority) {
  EXPECT_THAT(ends(one_split(), {{kNa}, {kNa}, {kNa}}), ElementsAre(0));
}

TEST(SurrogateTree, FindsNodesByNumberWhateverTheirOrder) {
  std::vector<SurrogateNode> nodes = one_split();
  std::swap(nodes[0], nodes[2]);
  EXPECT_THAT(ends(nodes, {{1, 3}, {0, 0}, {0, 0}}), ElementsAre(1, 0));
}

TEST(SurrogateTree, TakesTheDeepestNumbersThatRHas) {
  std::vector<SurrogateNode> nodes;
  for (std::int64_t number = 1; number <= INT32_MAX; number = 2 * number + 1) {
    if (number > 1) nodes.push_back({.number = static_cast<std::int32_t>(number - 1), .splits = {}});
    nodes.push_back({.number = static_cast<std::int32_t>(number),
                     .splits = {{.column = 0, .threshold = static_cast<double>(nodes.size())}}});
  }
  nodes.back().splits.clear();
  const auto tree = SurrogateTree::build(nodes);
  ASSERT_TRUE(tree.ok()) << tree.error().message;
  EXPECT_EQ(tree.value().depth(), 30u);
  EXPECT_EQ(tree.value().leaves(), 31u);
  EXPECT_THAT(ends(nodes, {{1e9, -1}}), ElementsAre(static_cast<std::int32_t>(nodes.size()) - 1, 1));
}

TEST(SurrogateTree, WalksTheRowsItIsAskedFor) {
  const auto tree = SurrogateTree::build(one_split());
  ASSERT_TRUE(tree.ok());
  const std::vector<double> x{1, 3, 1, 3};
  const std::vector<const double*> columns(3, x.data());
  std::vector<std::int32_t> out(2);
  tree.value().walk(columns, 2, out);
  EXPECT_THAT(out, ElementsAre(1, 2));
}

TEST(SurrogateTree, ReportsANodeThatIsAbsentOrThereTwice) {
  EXPECT_THAT(surrogate_build_error({}), HasSubstr("node 1 is absent"));
  auto nodes = one_split();
  nodes[2].number = 4;
  EXPECT_THAT(surrogate_build_error(nodes), HasSubstr("node 3 is absent"));
  nodes[2].number = 2;
  EXPECT_THAT(surrogate_build_error(nodes), HasSubstr("node 2 is there twice"));
  nodes[2].number = 0;
  EXPECT_THAT(surrogate_build_error(nodes), HasSubstr("node 0 has a number below 1"));
}

}  // namespace
}  // namespace scoria::model::tree
