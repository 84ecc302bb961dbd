#include "plan/hand_over.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

namespace scoria::plan {
namespace {

using table::Table;

TEST(ReadAhead, GivesTablesInTheirOrderAndThenNothing) {
  std::size_t made = 0;
  ReadAhead ahead(
      [&]() -> Result<std::optional<Table>> { return made < 50 ? std::optional<Table>(Table(++made)) : std::nullopt; },
      2);
  for (std::size_t i = 1; i <= 50; ++i) EXPECT_EQ(ahead.next().value()->rows(), i);
  EXPECT_FALSE(ahead.next().value().has_value());
  EXPECT_FALSE(ahead.next().value().has_value());
}

TEST(ReadAhead, NeverHoldsMoreThanItsDepth) {
  std::atomic<int> alive = 0;
  std::atomic<int> most = 0;
  int made = 0;
  ReadAhead ahead(
      [&]() -> Result<std::optional<Table>> {
        if (made++ == 200) return std::optional<Table>();
        most = std::max(most.load(), ++alive);
        return std::optional<Table>(Table(1));
      },
      3);
  for (;;) {
    if (!ahead.next().value()) break;
    --alive;
  }
  EXPECT_LE(most, 5);  // three that wait, one that is read and one that was taken and not yet counted
}

TEST(ReadAhead, TellsAnErrorAfterTheTablesBeforeIt) {
  int made = 0;
  ReadAhead ahead(
      [&]() -> Result<std::optional<Table>> {
        if (made++ < 3) return std::optional<Table>(Table(1));
        return Error{Code::corrupt, "damaged"};
      },
      8);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(ahead.next().value().has_value());
  EXPECT_EQ(ahead.next().error().message, "damaged");
}

TEST(ReadAhead, RethrowsWhatWasThrown) {
  ReadAhead ahead([]() -> Result<std::optional<Table>> { throw std::runtime_error("out"); }, 2);
  EXPECT_THROW((void)ahead.next(), std::runtime_error);
}

TEST(ReadAhead, MayBeDroppedBeforeTheEnd) {
  ReadAhead ahead([]() -> Result<std::optional<Table>> { return std::optional<Table>(Table(1)); }, 2);
  EXPECT_TRUE(ahead.next().ok());
}

TEST(WriteBehind, WritesInOrderAndAllByFinish) {
  std::vector<std::size_t> written;
  WriteBehind behind(
      [&](const Table& table) {
        written.push_back(table.rows());
        return Status(Ok{});
      },
      2);
  std::vector<std::size_t> expected;
  for (std::size_t i = 0; i < 50; ++i) {
    expected.push_back(i);
    ASSERT_TRUE(behind.add(Table(i)).ok());
  }
  ASSERT_TRUE(behind.finish().ok());
  EXPECT_EQ(written, expected);
}

TEST(WriteBehind, TellsAnErrorAndWritesNothingAfterIt) {
  int calls = 0;
  WriteBehind behind(
      [&](const Table&) {
        return ++calls == 3 ? Status(Error{Code::exhausted, "full"}) : Status(Ok{});
      },
      1);
  Status status = Ok{};
  for (int i = 0; i < 100 && status.ok(); ++i) status = behind.add(Table(1));
  EXPECT_EQ(behind.finish().error().message, "full");
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(calls, 3);
}

TEST(WriteBehind, RethrowsWhatWasThrown) {
  WriteBehind behind([](const Table&) -> Status { throw std::runtime_error("out"); }, 1);
  EXPECT_THROW(
      {
        for (int i = 0; i < 100; ++i) (void)behind.add(Table(1));
        (void)behind.finish();
      },
      std::runtime_error);
}

}  // namespace
}  // namespace scoria::plan
