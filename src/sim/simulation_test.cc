// The simulated cluster over many seeds, on all cores: SCORIA_SIMULATION_SEEDS of them, 1,000 in a release build and fewer under sanitizers.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "sim/world.h"

namespace scoria::sim {
namespace {

#ifdef SCORIA_SIMULATION_SEEDS
constexpr std::uint64_t kSeeds = SCORIA_SIMULATION_SEEDS;
#else
constexpr std::uint64_t kSeeds = 30;
#endif

// Seeds that found a fault of the code (CHANGELOG.md tells which) or of the auditor.
constexpr std::uint64_t kRegressions[] = {83, 119, 169, 387, 467, 597, 603, 634, 835, 3631, 7859, 8880};

std::string broken_by(std::uint64_t seed) {
  std::string broken;
  for (const std::string& what : World(seed, {}).run().broken)
    broken += "seed " + std::to_string(seed) + ": " + what + "\n";
  return broken;
}

// In processes of their own, as a simulation begins SQLite's generator of random numbers anew, of which a program has one.
TEST(Simulation, KeepsEveryPromiseForEverySeed) {
  const auto shares = std::max(1u, std::thread::hardware_concurrency());
  std::vector<pid_t> children;
  for (unsigned share = 0; share < shares; ++share) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      std::string broken;
      for (std::uint64_t seed = 1 + share; seed <= kSeeds; seed += shares) broken += broken_by(seed);
      (void)!write(STDERR_FILENO, broken.data(), broken.size());
      _exit(broken.empty() ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0) << "a seed is broken, see above: simulate --from SEED --seeds 1 --tell";
  }
}

TEST(Simulation, StaysFixedWhereASeedFoundAFault) {
  for (const std::uint64_t seed : kRegressions) EXPECT_EQ(broken_by(seed), "");
}

TEST(Simulation, GoesTheSameWayForTheSameSeed) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    EXPECT_EQ(World(seed, {}).run().digest, World(seed, {}).run().digest) << "seed " << seed;
  }
}

TEST(Simulation, GoesAnotherWayForAnotherSeed) { EXPECT_NE(World(1, {}).run().digest, World(2, {}).run().digest); }

}  // namespace
}  // namespace scoria::sim
