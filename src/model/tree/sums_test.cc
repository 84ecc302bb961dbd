// Vectors at leaves, missing values that take a side, and features of very many thresholds: every kernel against the walk of the
// source trees, bit by bit. What sums and votes of any ensemble must be is kernels_test.cc.
#include "model/tree/sums.h"

#include <gtest/gtest.h>

#include "model/tree/random_ensemble_for_tests.h"

namespace scoria::model::tree {
namespace {

std::vector<KernelChoice> named_kernel_choices() {
  std::vector<KernelChoice> choices{{Simd::none, true}};
  for (const SimdTarget target : {SimdTarget::avx2, SimdTarget::avx512}) {
    const auto simd = resolve_simd(target);
    if (simd.ok()) choices.push_back({simd.value(), true});
  }
  return choices;
}

Sums sums_of(const EnsembleSource& source) {
  auto built = Ensemble::build(source);
  EXPECT_TRUE(built.ok()) << (built.ok() ? "" : built.error().message);
  return Sums(std::move(built).value());
}

void expect_same(const Columns& expected, const Columns& got) {
  for (std::size_t k = 0; k < expected.size(); ++k) {
    for (std::size_t row = 0; row < expected[k].size(); ++row) {
      ASSERT_TRUE(same_number(expected[k][row], got[k][row]))
          << "output " << k << ", row " << row << ": " << got[k][row] << ", expected " << expected[k][row];
    }
  }
}

class LeafCounts : public testing::TestWithParam<int> {};

// How large the trees are decides which kernel serves them.
INSTANTIATE_TEST_SUITE_P(Sums, LeafCounts, testing::Values(2, 16, 30, 64, 200));

TEST_P(LeafCounts, VectorsAddUpInTheOrderOfTrees) {
  constexpr std::uint32_t kVectors = 9;
  InlineExecutor executor;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomEnsemble random(seed + 100, {.comparison = Comparison::less_equal,
                                       .has_missing_children = seed % 2 == 0,
                                       .trees = 20,
                                       .most_leaves = static_cast<std::uint32_t>(GetParam()),
                                       .classes = kVectors});
    const Sums sums = sums_of(random.source);
    const auto width = static_cast<std::uint32_t>(1 + seed % 5);
    std::vector<double> numbers(kVectors * width);
    for (double& number : numbers) number = random.below(3) == 0 ? 0.0 : 1.0 / (1 + random.below(1000));
    const FeatureMatrix x = random.rows(seed % 2 == 0 ? 700 : 129, seed % 3 != 0);
    Columns expected(width, std::vector<double>(x.rows));
    for (std::size_t row = 0; row < x.rows; ++row) {
      for (std::uint32_t tree = 0; tree < sums.ensemble().trees(); ++tree) {
        const auto leaf = static_cast<std::size_t>(random.leaf(tree, x, row).value);
        for (std::size_t k = 0; k < width; ++k) expected[k][row] += numbers[leaf * width + k];
      }
    }
    for (const KernelChoice choice : named_kernel_choices()) {
      Columns got(width, std::vector<double>(x.rows, -1));
      sums.sum_vectors(x, {numbers, width}, choice, pointers(got), executor);
      expect_same(expected, got);
    }
  }
}

TEST_P(LeafCounts, MissingValuesTakeTheSideThatTheSplitNames) {
  InlineExecutor executor;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomEnsemble random(seed + 200, {.comparison = seed % 2 == 0 ? Comparison::less : Comparison::less_equal,
                                       .has_missing_sides = true,
                                       .trees = 25,
                                       .most_leaves = static_cast<std::uint32_t>(GetParam())});
    const Sums sums = sums_of(random.source);
    const FeatureMatrix x = random.rows(900, seed % 3 != 0);
    Columns expected(1, std::vector<double>(x.rows));
    for (std::size_t row = 0; row < x.rows; ++row) {
      for (std::uint32_t tree = 0; tree < sums.ensemble().trees(); ++tree) {
        expected[0][row] += random.leaf(tree, x, row).value;
      }
    }
    const Segment all[] = {{0, sums.ensemble().trees(), false}};
    for (const KernelChoice choice : named_kernel_choices()) {
      Columns got(1, std::vector<double>(x.rows, -1));
      sums.sum(x, {all, 1, 0, choice}, pointers(got), executor);
      expect_same(expected, got);
    }
  }
}

// Chains of splits at every whole number: two of them have 130,000 thresholds, more than 16 bits tell apart.
TEST(Sums, MoreThresholdsThan16BitsCountAreRankedInParts) {
  constexpr std::int32_t kSplits = 65'000;
  EnsembleSource source{.comparison = Comparison::less_equal, .features = 1, .levels = {0}};
  for (std::int32_t tree = 0; tree < 2; ++tree) {
    std::vector<SourceNode>& nodes = source.trees.emplace_back();
    // A balanced tree over the range [first, last) of thresholds; children follow breadth first.
    std::vector<std::pair<std::int32_t, std::int32_t>> ranges{{0, kSplits}};
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      const auto [first, last] = ranges[i];
      SourceNode& node = nodes.emplace_back();
      node.value = first;
      if (first == last) continue;
      const std::int32_t middle = (first + last) / 2;
      node = {0,
              static_cast<double>(2 * middle + tree),
              static_cast<std::int32_t>(ranges.size()),
              static_cast<std::int32_t>(ranges.size() + 1),
              -1,
              -1};
      ranges.emplace_back(first, middle);
      ranges.emplace_back(middle + 1, last);
    }
  }
  const Sums sums = sums_of(source);
  FeatureMatrix x;
  x.rows = 5000;
  auto& column = x.converted.emplace_back(x.rows);
  for (std::size_t row = 0; row < x.rows; ++row)
    column[row] = static_cast<double>(row * 27) - 1000.5 + 0.5 * static_cast<double>(row % 3);
  x.columns.push_back(column.data());
  const Segment all[] = {{0, 2, false}};
  InlineExecutor executor;
  Columns expected(1, std::vector<double>(x.rows));
  for (std::size_t row = 0; row < x.rows; ++row) {
    for (std::int32_t tree = 0; tree < 2; ++tree) {  // a leaf's value: how many thresholds 2 k + tree are below x
      const double below = std::ceil((column[row] - tree) / 2);
      expected[0][row] += std::clamp(below, 0.0, static_cast<double>(kSplits));
    }
  }
  for (const KernelChoice choice : named_kernel_choices()) {
    Columns got(1, std::vector<double>(x.rows, -1));
    sums.sum(x, {all, 1, 0, choice}, pointers(got), executor);
    expect_same(expected, got);
  }
}

}  // namespace
}  // namespace scoria::model::tree
