// Every kernel and executor against a plain walk of the source trees, bit by bit.
#include <gtest/gtest.h>

#include <atomic>
#include <exception>
#include <thread>

#include "model/tree/random_ensemble_for_tests.h"
#include "model/tree/rank_space.h"
#include "model/tree/sums.h"

namespace scoria::model::tree {
namespace {

// Four threads that take pieces in turn.
class ThreadedExecutor final : public Executor {
 public:
  std::size_t concurrency() const override { return 4; }
  void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) override {
    std::atomic<std::size_t> next{0};
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (std::size_t i = next++; i < count; i = next++) body(i);
      });
    }
  }
};

std::vector<KernelChoice> kernel_choices() {
  std::vector<KernelChoice> choices{{Simd::none, true}};
  for (const SimdTarget target : {SimdTarget::avx2, SimdTarget::avx512}) {
    const auto simd = resolve_simd(target);
    if (!simd.ok()) continue;
    choices.push_back({simd.value(), true});
    choices.push_back({simd.value(), false});
  }
  return choices;
}

std::string name_of(KernelChoice choice) {
  return std::string(choice.simd == Simd::none   ? "plain"
                     : choice.simd == Simd::avx2 ? "avx2"
                                                 : "avx512") +
         (choice.by_name ? " by name" : "");
}

constexpr std::size_t kRowCounts[] = {0, 1, 15, 16, 17, 127, 128, 129, 513, 2000};

Sums sums_of(const RandomEnsemble& random) {
  auto built = Ensemble::build(random.source);
  EXPECT_TRUE(built.ok()) << (built.ok() ? "" : built.error().message);
  return Sums(std::move(built).value());
}

// Segments as gbm asks for them: numbers of trees going on from each other, or single trees.
std::vector<Segment> some_segments(RandomEnsemble& random, std::uint32_t outputs) {
  const std::uint32_t passes = static_cast<std::uint32_t>(random.source.trees.size()) / outputs;
  std::vector<Segment> segments;
  std::uint32_t at = 0;
  const bool continues = random.below(2) == 0;
  for (std::uint32_t i = 0, count = 1 + random.below(3); i < count; ++i) {
    const std::uint32_t begin = continues ? at : random.below(passes + 1) * outputs;
    const std::uint32_t end = begin + random.below(passes - begin / outputs + 1) * outputs;
    segments.push_back({begin, end, continues && i > 0});
    at = end;
  }
  return segments;
}

Columns reference_sums(const RandomEnsemble& random, const FeatureMatrix& x, const SumRequest& request) {
  Columns out(request.segments.size() * request.outputs, std::vector<double>(x.rows));
  for (std::size_t row = 0; row < x.rows; ++row) {
    std::vector<double> sums(request.outputs, request.initial);
    for (std::size_t s = 0; s < request.segments.size(); ++s) {
      const Segment& segment = request.segments[s];
      if (!segment.continues) sums.assign(request.outputs, request.initial);
      for (std::uint32_t tree = segment.begin; tree < segment.end; ++tree) {
        sums[(tree - segment.begin) % request.outputs] += random.leaf(tree, x, row).value;
      }
      for (std::uint32_t k = 0; k < request.outputs; ++k) out[s * request.outputs + k][row] = sums[k];
    }
  }
  return out;
}

void expect_same(const Columns& expected, const Columns& got, const std::string& what) {
  for (std::size_t k = 0; k < expected.size(); ++k) {
    for (std::size_t row = 0; row < expected[k].size(); ++row) {
      ASSERT_TRUE(same_number(expected[k][row], got[k][row]))
          << what << ": output " << k << ", row " << row << " of " << expected[k].size() << ": " << got[k][row]
          << ", expected " << expected[k][row];
    }
  }
}

class RandomEnsembles : public testing::TestWithParam<int> {};

// Each parameter is a family of seeds: how large the trees are decides which kernel serves them.
INSTANTIATE_TEST_SUITE_P(ByLeaves, RandomEnsembles, testing::Values(1, 2, 5, 16, 17, 32, 33, 64, 65, 200));

TEST_P(RandomEnsembles, SumToTheBitsOfThePlainWalk) {
  InlineExecutor inline_executor;
  ThreadedExecutor threaded;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const std::uint64_t full_seed = static_cast<std::uint64_t>(GetParam()) * 1000 + seed;
    SCOPED_TRACE("seed " + std::to_string(full_seed));
    RandomEnsemble random(full_seed, {.comparison = seed % 2 == 0 ? Comparison::less : Comparison::less_equal,
                                      .has_missing_children = seed % 3 != 0,
                                      .trees = 1 + static_cast<std::uint32_t>(seed * 7 % 60),
                                      .most_leaves = static_cast<std::uint32_t>(GetParam())});
    const Sums sums = sums_of(random);
    const std::uint32_t outputs = 1 + random.below(std::min<std::uint32_t>(4, sums.ensemble().trees()));
    const std::vector<Segment> segments = some_segments(random, outputs);
    SumRequest request{segments, outputs, seed % 4 == 0 ? 0.0 : 0.3, {}};
    const FeatureMatrix x = random.rows(kRowCounts[seed % std::size(kRowCounts)], seed % 5 != 0);
    const Columns expected = reference_sums(random, x, request);
    for (const KernelChoice choice : kernel_choices()) {
      request.kernels = choice;
      Columns got(expected.size(), std::vector<double>(x.rows));
      sums.sum(x, request, pointers(got), inline_executor);
      expect_same(expected, got, name_of(choice));
      for (std::vector<double>& column : got) column.assign(x.rows, -1);
      sums.sum(x, request, pointers(got), threaded);
      expect_same(expected, got, name_of(choice) + ", threads");
    }
  }
}

TEST_P(RandomEnsembles, VoteAsThePlainWalk) {
  InlineExecutor inline_executor;
  ThreadedExecutor threaded;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const std::uint64_t full_seed = static_cast<std::uint64_t>(GetParam()) * 2000 + seed;
    SCOPED_TRACE("seed " + std::to_string(full_seed));
    const std::uint32_t classes = 1 + static_cast<std::uint32_t>(seed % 4);
    RandomEnsemble random(full_seed, {.comparison = Comparison::less_equal,
                                      .trees = 30,
                                      .most_leaves = static_cast<std::uint32_t>(GetParam()),
                                      .classes = classes});
    const Sums sums = sums_of(random);
    ASSERT_TRUE(sums.ensemble().leaves_are_below(classes));
    const FeatureMatrix x = random.rows(kRowCounts[(seed + 4) % std::size(kRowCounts)], false);
    Columns expected(classes, std::vector<double>(x.rows));
    for (std::size_t row = 0; row < x.rows; ++row) {
      for (std::uint32_t tree = 0; tree < sums.ensemble().trees(); ++tree) {
        expected[static_cast<std::size_t>(random.leaf(tree, x, row).value)][row] += 1;
      }
    }
    for (const KernelChoice choice : kernel_choices()) {
      Columns got(classes, std::vector<double>(x.rows));
      sums.vote(x, choice, pointers(got), inline_executor);
      expect_same(expected, got, name_of(choice));
      sums.vote(x, choice, pointers(got), threaded);
      expect_same(expected, got, name_of(choice) + ", threads");
    }
  }
}

TEST_P(RandomEnsembles, TellWhichSourceNodeARowReaches) {
  InlineExecutor executor;
  RandomEnsemble random(
      static_cast<std::uint64_t>(GetParam()),
      {.has_missing_children = GetParam() % 2 == 0, .most_leaves = static_cast<std::uint32_t>(GetParam())});
  const Sums sums = sums_of(random);
  const FeatureMatrix x = random.rows(300, true);
  std::vector<std::vector<std::uint32_t>> leaves(sums.ensemble().trees(), std::vector<std::uint32_t>(x.rows));
  std::vector<std::uint32_t*> out;
  for (auto& column : leaves) out.push_back(column.data());
  sums.leaves(x, out, executor);
  for (std::uint32_t tree = 0; tree < leaves.size(); ++tree) {
    for (std::size_t row = 0; row < x.rows; ++row) {
      const auto position = sums.ensemble().source_position(tree, leaves[tree][row]);
      ASSERT_EQ(&random.source.trees[tree][position], &random.leaf(tree, x, row)) << "tree " << tree << ", row " << row;
    }
  }
}

// A chain on one feature: as many thresholds as asked for, each leaf its own value.
EnsembleSource chain(std::size_t thresholds) {
  EnsembleSource source;
  source.features = 1;
  source.levels = {0};
  std::vector<SourceNode>& nodes = source.trees.emplace_back();
  for (std::size_t i = 0; i < thresholds; ++i) {
    const auto at = static_cast<std::int32_t>(nodes.size());
    nodes.push_back({0, static_cast<double>(i), at + 1, at + 2, -1, -1});
    nodes.push_back({-1, static_cast<double>(i)});
  }
  nodes.push_back({-1, -1.0});
  return source;
}

TEST(Kernels, RankMoreThresholdsThan16BitsTellApartInASecondSlot) {
  InlineExecutor executor;
  for (const std::size_t thresholds : {kMaxCuts - 1, kMaxCuts, kMaxCuts + 1, kMaxCuts + 20}) {
    SCOPED_TRACE(thresholds);
    auto ensemble = Ensemble::build(chain(thresholds));
    ASSERT_TRUE(ensemble.ok());
    const auto space = RankSpace::build(ensemble.value());
    ASSERT_TRUE(space.has_value());
    EXPECT_EQ(space->slots(), thresholds <= kMaxCuts ? 1u : 2u);
    const Sums sums(std::move(ensemble).value());
    FeatureMatrix x;
    x.converted = {{-1, 0, 0.5, 1, static_cast<double>(thresholds) - 2, static_cast<double>(thresholds) - 1.5,
                    static_cast<double>(thresholds) - 1, 1e9, std::nan("")}};
    x.columns = {x.converted[0].data()};
    x.rows = x.converted[0].size();
    std::vector<double> plain(x.rows);
    std::vector<double> got(x.rows);
    const Segment all[] = {{0, 1, false}};
    double* const plain_out[] = {plain.data()};
    double* const out[] = {got.data()};
    sums.sum(x, {all, 1, 0, {Simd::none, true}}, plain_out, executor);
    for (const KernelChoice choice : kernel_choices()) {
      sums.sum(x, {all, 1, 0, choice}, out, executor);
      EXPECT_EQ(got, plain) << name_of(choice);
    }
  }
}

TEST(Kernels, GoWithoutMasksWhereTheirRoomWouldBeWasted) {
  // 100,000 trees of one leaf and one of 60: masks would take 512 bytes for each.
  EnsembleSource source = chain(59);
  for (int i = 0; i < 100'000; ++i) source.trees.push_back({SourceNode{.value = 1e-3}});
  auto ensemble = Ensemble::build(source);
  ASSERT_TRUE(ensemble.ok());
  const Sums sums(std::move(ensemble).value());
  FeatureMatrix x;
  x.converted = {{-1, 30, 1e9}};
  x.columns = {x.converted[0].data()};
  x.rows = 3;
  InlineExecutor executor;
  const Segment all[] = {{0, sums.ensemble().trees(), false}};
  std::vector<double> plain(3);
  std::vector<double> got(3);
  double* const plain_out[] = {plain.data()};
  double* const out[] = {got.data()};
  sums.sum(x, {all, 1, 0, {Simd::none, true}}, plain_out, executor);
  for (const KernelChoice choice : kernel_choices()) {
    sums.sum(x, {all, 1, 0, choice}, out, executor);
    EXPECT_EQ(got, plain) << name_of(choice);
  }
}

// Rows are partitioned down deep trees in blocks of up to 32,768 of them.
TEST(Kernels, AnswerDeepTreesOverSeveralBlocks) {
  InlineExecutor inline_executor;
  ThreadedExecutor threaded;
  RandomEnsemble random(7, {.has_missing_children = true, .trees = 3, .most_leaves = 3000});
  const FeatureMatrix x = random.rows(40'000, true);
  const Segment all[] = {{0, 3, false}};
  const Columns expected = reference_sums(random, x, {all, 1, 0, {}});
  const Sums sums = sums_of(random);
  for (const KernelChoice choice : kernel_choices()) {
    Columns got(1, std::vector<double>(x.rows));
    sums.sum(x, {all, 1, 0, choice}, pointers(got), inline_executor);
    expect_same(expected, got, name_of(choice));
    got[0].assign(x.rows, -1);
    sums.sum(x, {all, 1, 0, choice}, pointers(got), threaded);
    expect_same(expected, got, name_of(choice) + ", threads");
  }
}

TEST(Kernels, StayRightWhenTheirSumsMove) {
  InlineExecutor executor;
  RandomEnsemble random(5, {.has_missing_children = true, .trees = 20, .most_leaves = 12});
  const FeatureMatrix complete = random.rows(300, false);
  const FeatureMatrix holes = random.rows(300, true);
  const Segment all[] = {{0, 20, false}};
  for (const KernelChoice choice : kernel_choices()) {
    Sums before = sums_of(random);
    Columns got(1, std::vector<double>(300));
    before.sum(complete, {all, 1, 0, choice}, pointers(got), executor);
    const Sums after = std::move(before);
    after.sum(holes, {all, 1, 0, choice}, pointers(got), executor);  // kernels for missing values are made only now
    expect_same(reference_sums(random, holes, {all, 1, 0, choice}), got, name_of(choice));
  }
}

TEST(Kernels, AnswerSeveralCallersAtOnceFromTheFirstRequestOn) {
  RandomEnsemble random(6, {.has_missing_children = true, .trees = 30, .most_leaves = 30});
  const FeatureMatrix x = random.rows(700, true);
  const Segment all[] = {{0, 30, false}};
  const Columns expected = reference_sums(random, x, {all, 1, 0, {}});
  const Sums sums = sums_of(random);
  std::vector<Columns> answers(8, Columns(1, std::vector<double>(x.rows)));
  const std::vector<KernelChoice> choices = kernel_choices();
  {
    std::vector<std::jthread> callers;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      callers.emplace_back([&, i] {
        InlineExecutor executor;
        sums.sum(x, {all, 1, 0, choices[i % choices.size()]}, pointers(answers[i]), executor);
      });
    }
  }
  for (const Columns& answer : answers) expect_same(expected, answer, "a caller");
}

TEST(RankSpace, RanksCountTheThresholdsThatAValueIsNotLeftOf) {
  for (const SimdTarget target : {SimdTarget::avx2, SimdTarget::avx512}) {
    const auto simd = resolve_simd(target);
    if (!simd.ok()) continue;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      RandomEnsemble random(seed, {.comparison = seed % 2 == 0 ? Comparison::less : Comparison::less_equal,
                                   .has_missing_children = true,
                                   .trees = 12});
      const auto ensemble = Ensemble::build(random.source);
      ASSERT_TRUE(ensemble.ok());
      const auto space = RankSpace::build(ensemble.value());
      ASSERT_TRUE(space.has_value());
      const std::size_t rows = seed % 3 == 0 ? kGroup : 1 + random.below(kGroup);
      const FeatureMatrix x = random.rows(rows, true);
      std::vector<Rank> ranks(space->group_size());
      space->rank_group(x, 0, rows, simd.value(), ranks.data());
      for (std::size_t slot = 0; slot < space->slots(); ++slot) {
        const std::uint32_t feature = space->feature(slot);
        std::vector<double> cuts;
        for (const auto& tree : random.source.trees) {
          for (const SourceNode& node : tree) {
            if (node.feature == static_cast<std::int32_t>(feature) && node.routes < 0) cuts.push_back(node.value);
          }
        }
        std::sort(cuts.begin(), cuts.end());
        cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
        for (std::size_t row = 0; row < rows; ++row) {
          const double value = x.columns[feature][row];
          std::uint32_t rank = 0;
          for (const double cut : cuts) rank += (seed % 2 == 0 ? value < cut : value <= cut) ? 0 : 1;
          if (is_na(value)) rank = kMissingRank;
          if (const std::uint32_t levels = random.source.levels[feature]; levels > 0) {
            rank = is_na(value) ? levels : static_cast<std::uint32_t>(value);
          }
          ASSERT_EQ(plain_rank(ranks[slot * kGroup + row]), rank) << "feature " << feature << ", value " << value;
        }
      }
    }
  }
}

}  // namespace
}  // namespace scoria::model::tree
