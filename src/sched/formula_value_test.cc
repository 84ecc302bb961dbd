#include "sched/formula_value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sched/formula_for_tests.h"

namespace scoria::sched {
namespace {

using ::testing::HasSubstr;

TEST(FormulaValue, CalculatesWithNumbers) {
  EXPECT_EQ(value_of("7 / 2"), "3.5");
  EXPECT_EQ(value_of("0.1 + 0.2"), "0.3");
  EXPECT_EQ(value_of("-0"), "0");
  EXPECT_EQ(value_of("3 - 5"), "-2");
  EXPECT_EQ(value_of("1 / 3"), "0.333333333333333");
}

TEST(FormulaValue, ComparesToZeroAndOne) {
  EXPECT_EQ(value_of("[1 < 2, 1 <= 1, 1 == 1, 1 >= 2, 1 > 1, 1 != 2]"), "[1,1,1,0,0,1]");
  EXPECT_EQ(value_of("[\"a\" < \"b\", \"a\" == \"a\", \"b\" <= \"a\"]"), "[1,1,0]");
  EXPECT_EQ(value_of("[TimeInterval_Day > 23 * TimeInterval_Hour, "
                     "TimeInterval_Week == 7 * TimeInterval_Day]"),
            "[1,1]");
  EXPECT_EQ(value_of("[time() > time(\"2020-01-01\"), time() == time(), time() "
                     "!= time()]"),
            "[1,1,0]");
}

TEST(FormulaValue, JoinsTruthsAsZeroAndOne) {
  EXPECT_EQ(value_of("[5 && 2, 5 && 0, 0 || 3, 0 || 0, !3, !0]"), "[1,0,1,0,0,1]");
}

TEST(FormulaValue, LeavesOutWhatDoesNotDecide) {
  EXPECT_EQ(value_of("0 && nothing"), "0");
  EXPECT_EQ(value_of("1 || nothing"), "1");
  EXPECT_EQ(value_of("1 ? 2 : nothing"), "2");
  EXPECT_THAT(value_of("1 && nothing"), HasSubstr("'nothing' is not defined"));
}

TEST(FormulaValue, CalculatesWithVectors) {
  EXPECT_EQ(value_of("[1, 2, 3] * 2"), "[2,4,6]");
  EXPECT_EQ(value_of("[1, 2, 3] - 1"), "[0,1,2]");
  EXPECT_EQ(value_of("10 / [1, 2, 4]"), "[10,5,2.5]");
  EXPECT_EQ(value_of("[1, 2] + [10, 20]"), "[11,22]");
  EXPECT_EQ(value_of("[1, [2, 3], []]"), "[1,2,3]");
  EXPECT_EQ(value_of("[] + 1"), "[]");
}

TEST(FormulaValue, CalculatesWithTimes) {
  EXPECT_EQ(value_of("time() + TimeInterval_Minute"), "2026-11-25T10:16:00.000Z");
  EXPECT_EQ(value_of("TimeInterval_Day * 2 + time()"), "2026-11-27T10:15:00.000Z");
  EXPECT_EQ(value_of("time() - TimeInterval_Hour"), "2026-11-25T09:15:00.000Z");
  EXPECT_EQ(value_of("time() + (-6 * TimeInterval_Hour)"), "2026-11-25T04:15:00.000Z");
  EXPECT_EQ(value_of("time() - time(\"2026-11-23T09:00:00Z\")"), "2.01:15:00");
  EXPECT_EQ(value_of("TimeInterval_Hour / 4"), "00:15:00");
  EXPECT_EQ(value_of("TimeInterval_Hour - TimeInterval_Minute"), "00:59:00");
  EXPECT_EQ(value_of("-TimeInterval_Second"), "-00:00:01");
}

TEST(FormulaValue, KnowsEveryInterval) {
  EXPECT_EQ(value_of("TimeInterval_Zero"), "00:00:00");
  EXPECT_EQ(value_of("TimeInterval_100ns"), "00:00:00.0000001");
  EXPECT_EQ(value_of("TimeInterval_Microsecond"), "00:00:00.0000010");
  EXPECT_EQ(value_of("TimeInterval_Millisecond"), "00:00:00.0010000");
  EXPECT_EQ(value_of("TimeInterval_Second"), "00:00:01");
  EXPECT_EQ(value_of("TimeInterval_Minute"), "00:01:00");
  EXPECT_EQ(value_of("TimeInterval_Hour"), "01:00:00");
  EXPECT_EQ(value_of("TimeInterval_Day"), "1.00:00:00");
  EXPECT_EQ(value_of("TimeInterval_Week"), "7.00:00:00");
  EXPECT_EQ(value_of("TimeInterval_Year"), "365.00:00:00");
}

TEST(FormulaValue, KnowsThePartsOfATime) {
  EXPECT_EQ(value_of("[time().year, time().month, time().day, time().hour, "
                     "time().minute, time().second]"),
            "[2026,11,25,10,15,0]");
  EXPECT_EQ(value_of("time(\"1969-12-31T23:59:58.5Z\").second"), "58");
}

TEST(FormulaValue, CountsWeekdaysFromMonday) {
  FormulaInput input;
  EXPECT_EQ(value_of("time(\"2026-11-23\").weekday", input), "1");
  EXPECT_EQ(value_of("time(\"2026-11-28\").weekday", input), "6");
  EXPECT_EQ(value_of("time(\"2026-11-29\").weekday", input), "0");
  input.sunday_is_seven = true;
  EXPECT_EQ(value_of("time(\"2026-11-29\").weekday", input), "7");
  EXPECT_EQ(value_of("time(\"2026-11-23\").weekday", input), "1");
}

class RefusedExpression : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedExpression, IsAnEvaluationErrorThatNamesTheTypes) {
  const std::string text = std::string("x = ") + GetParam().expression;
  EXPECT_EQ(code_of(text), kEvaluationError) << text;
  EXPECT_THAT(message_of(text), HasSubstr(GetParam().message)) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Types, RefusedExpression,
    ::testing::Values(
        Refused{"1 / 0", "line 1, column 7: division by zero"}, Refused{"TimeInterval_Day / 0", "division by zero"},
        Refused{"[1] / 0", "division by zero"}, Refused{"1e308 * 10", "out of range"},
        Refused{"\"a\" + 1", "'+' does not go between a text and a number"},
        Refused{"\"a\" && 1", "must be a number, not a text"}, Refused{"1 && time()", "must be a number, not a time"},
        Refused{"!time()", "must be a number, not a time"}, Refused{"[1] ? 1 : 2", "must be a number, not a vector"},
        Refused{"[1] > 0", "make one number of the vector first"},
        Refused{"[1] == [1]", "between a vector and a vector"}, Refused{"1 < \"a\"", "between a number and a text"},
        Refused{"time() < 1", "between a time and a number"}, Refused{"-[1]", "'-' does not go before a vector"},
        Refused{"-\"a\"", "'-' does not go before a text"}, Refused{"[1, 2] + [1]", "vectors of 2 and 1 elements"},
        Refused{"[1] + time()", "between a vector and a time"},
        Refused{"time() + time()", "'+' does not go between a time and a time"},
        Refused{"time() + 1", "between a time and a number"}, Refused{"time() * 2", "'*' does not go between a time"},
        Refused{"TimeInterval_Day - time()", "between a time interval and a time"},
        Refused{"TimeInterval_Day + 1", "between a time interval and a number"},
        Refused{"TimeInterval_Day * TimeInterval_Day", "between a time interval and a time interval"},
        Refused{"1 / TimeInterval_Day", "between a number and a time interval"},
        Refused{"TimeInterval_Year * 1e30", "29,000 years"},
        Refused{"time() + TimeInterval_Year * 9000", "years 1 to 9999"}, Refused{"(5).hour", "only a time has"},
        Refused{"TimeInterval_Hour.hour", "only a time has"},
        Refused{"[\"a\"]", "expected numbers and vectors, not a text"}, Refused{"(5).GetSample(1)", "only a metric"},
        Refused{"time().hour.day", "only a time has"}));

TEST(FormulaValue, NamesTheInstructionThatFailed) {
  const auto outcome = evaluate("a = 1;\nb = a +\n  1 / 0;");
  ASSERT_FALSE(outcome.ok());
  EXPECT_THAT(outcome.error().message, HasSubstr("line 3, column 5: division by zero"));
  EXPECT_EQ(outcome.error().values[0].second, "3");
}

TEST(FormulaValue, BoundsTheWork) {
  // Every statement doubles the vector: the 40th would have a million million elements.
  std::string text = "a = [1, 1];";
  for (int i = 0; i < 40; ++i) text += "a = [a, a];";
  EXPECT_EQ(code_of(text), kEvaluationError);
  EXPECT_THAT(message_of(text), HasSubstr("more than 1000000 steps"));
}

}  // namespace
}  // namespace scoria::sched
