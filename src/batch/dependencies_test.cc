#include "batch/dependencies.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace scoria::batch {
namespace {

using Ranges = std::vector<std::pair<std::int64_t, std::int64_t>>;
using Numbers = std::vector<std::uint64_t>;

TEST(Dependencies, AnIdFreesWhoWaitsForItOnce) {
  Dependencies dependencies;
  EXPECT_EQ(dependencies.add(7, {"a", "b", "a"}, {}), 2u);
  EXPECT_EQ(dependencies.satisfy("a"), (Numbers{7}));
  EXPECT_EQ(dependencies.satisfy("a"), (Numbers{}));
  EXPECT_EQ(dependencies.satisfy("b"), (Numbers{7}));
}

TEST(Dependencies, WhatWasSatisfiedBeforeIsNotWaitedFor) {
  Dependencies dependencies;
  (void)dependencies.satisfy("a");
  EXPECT_EQ(dependencies.add(1, {"a"}, {}), 0u);
}

TEST(Dependencies, ARangeWaitsForEveryNumberInIt) {
  Dependencies dependencies;
  EXPECT_EQ(dependencies.add(9, {}, Ranges{{1, 3}}), 1u);
  EXPECT_TRUE(dependencies.satisfy("3").empty());
  EXPECT_TRUE(dependencies.satisfy("1").empty());
  EXPECT_TRUE(dependencies.satisfy("x").empty());
  EXPECT_EQ(dependencies.satisfy("2"), (Numbers{9}));
}

TEST(Dependencies, LeadingZerosSayNothingInARange) {
  Dependencies dependencies;
  EXPECT_EQ(dependencies.add(9, {}, Ranges{{7, 8}}), 1u);
  EXPECT_TRUE(dependencies.satisfy("007").empty());
  EXPECT_EQ(dependencies.satisfy("08"), (Numbers{9}));
}

TEST(Dependencies, NumbersAreIntegersOnly) {
  EXPECT_EQ(task_number("0012"), 12);
  EXPECT_EQ(task_number("-3"), -3);
  for (const char* id : {"", "1a", "1.0", "a1", "99999999999999999999"}) EXPECT_FALSE(task_number(id)) << id;
}

// Against the plain way: sets of numbers.
TEST(Dependencies, RandomRangesAreFreedExactlyWhenTheirLastNumberIs) {
  std::mt19937 random(20261129);
  for (int round = 0; round < 200; ++round) {
    Dependencies dependencies;
    std::set<std::int64_t> done;
    std::map<std::uint64_t, std::pair<std::int64_t, std::int64_t>> waiting;
    for (std::uint64_t step = 1; step <= 60; ++step) {
      if (random() % 2 == 0) {
        const std::int64_t first = static_cast<std::int64_t>(random() % 12);
        const std::pair range{first, first + static_cast<std::int64_t>(random() % 5)};
        bool is_met = true;
        for (std::int64_t n = range.first; n <= range.second; ++n) is_met = is_met && done.contains(n);
        ASSERT_EQ(dependencies.add(step, {}, {range}), is_met ? 0u : 1u);
        if (!is_met) waiting[step] = range;
        continue;
      }
      const std::int64_t number = static_cast<std::int64_t>(random() % 16);
      done.insert(number);
      std::set<std::uint64_t> expected;
      std::erase_if(waiting, [&](const auto& entry) {
        for (std::int64_t n = entry.second.first; n <= entry.second.second; ++n) {
          if (!done.contains(n)) return false;
        }
        expected.insert(entry.first);
        return true;
      });
      const Numbers freed = dependencies.satisfy(std::to_string(number));
      ASSERT_EQ(std::set<std::uint64_t>(freed.begin(), freed.end()), expected);
      ASSERT_EQ(freed.size(), expected.size());
    }
  }
}

}  // namespace
}  // namespace scoria::batch
