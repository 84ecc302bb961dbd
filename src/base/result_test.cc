#include "base/result.h"

#include <gtest/gtest.h>

namespace scoria {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return Error{Code::invalid, "value is odd, must be even"};
  return value / 2;
}

Result<int> quarter(int value) {
  SCORIA_TRY(once, half(value));
  SCORIA_TRY(twice, half(once));
  return twice;
}

Status quarter_exists(int value) {
  SCORIA_TRY_STATUS(quarter(value));
  return Ok{};
}

TEST(Result, TryBindsTheValue) { EXPECT_EQ(quarter(12).value(), 3); }

TEST(Result, TryReturnsTheFirstError) {
  EXPECT_EQ(quarter(6).error().message, "value is odd, must be even");
  EXPECT_FALSE(quarter_exists(6).ok());
  EXPECT_TRUE(quarter_exists(8).ok());
}

TEST(Result, ReadingTheValueOfAnErrorIsABug) { EXPECT_THROW((void)half(1).value(), Bug); }

TEST(Error, ContextComesBeforeTheMessage) {
  EXPECT_EQ(with_context("model 'a'", half(1).error()).message, "model 'a': value is odd, must be even");
}

TEST(Check, ThrowsABugThatNamesTheCondition) {
  try {
    SCORIA_CHECK(1 + 1 == 3);
    FAIL() << "no exception";
  } catch (const Bug& bug) {
    EXPECT_NE(std::string(bug.what()).find("1 + 1 == 3"), std::string::npos);
  }
}

}  // namespace
}  // namespace scoria
