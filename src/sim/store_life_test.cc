// What the store promises, on a disk that does its worst. A seed that fails is named, and repeats.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "sim/store_life_for_tests.h"

namespace scoria::sim {
namespace {

// A few for every build; for a longer look: SCORIA_SEEDS=5000 sim_test --gtest_filter='StoreLife*'
int seeds() {
  const char* wanted = std::getenv("SCORIA_SEEDS");
  return wanted == nullptr ? 200 : std::max(1, std::atoi(wanted));
}

struct Sum {
  int confirmed = 0, refused = 0, unknown = 0;
};

Sum live(const StoreLife::Options& options) {
  Sum sum;
  int wrong = 0;
  for (int seed = 0; seed < seeds() && wrong < 5; ++seed) {
    StoreLife life(static_cast<std::uint64_t>(seed), options);
    const std::string complaint = life.run();
    EXPECT_EQ(complaint, "") << "seed " << seed;
    wrong += !complaint.empty();
    sum.confirmed += life.confirmed();
    sum.refused += life.refused();
    sum.unknown += life.unknown();
  }
  return sum;
}

TEST(StoreLife, HoldsWhatItConfirmedThroughKillsAndPowerCuts) {
  const Sum sum = live({});
  EXPECT_GT(sum.confirmed, seeds() * 10);
  EXPECT_GT(sum.unknown, seeds());  // died in the middle of a commit
}

TEST(StoreLife, HoldsWhatItConfirmedThroughFailedSyncs) {
  const Sum sum = live({.restarts = 8, .failed_syncs = 0.1});
  EXPECT_GT(sum.unknown, seeds());
}

TEST(StoreLife, HoldsWhatItConfirmedOnAFullDisk) {
  const Sum sum = live({.restarts = 3, .commits = 40, .is_disk_small = true, .largest_text = 100'000});
  EXPECT_GT(sum.refused, seeds());
}

TEST(StoreLife, LosesSomethingWithinAHundredSeedsWhereTheDiskIgnoresSyncs) {
  int lost = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) lost += !StoreLife(seed, {.ignores_syncs = true}).run().empty();
  EXPECT_GT(lost, 0);
  RecordProperty("lost", lost);
}

}  // namespace
}  // namespace scoria::sim
