#include "sched/formula_functions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sched/formula_for_tests.h"

namespace scoria::sched {
namespace {

using ::testing::HasSubstr;

struct Case {
  const char* expression;
  const char* value;
};

class FunctionValue : public ::testing::TestWithParam<Case> {};

TEST_P(FunctionValue, IsAsDocumented) { EXPECT_EQ(value_of(GetParam().expression), GetParam().value); }

INSTANTIATE_TEST_SUITE_P(
    Functions, FunctionValue,
    ::testing::Values(
        Case{"avg(1, 2, 3)", "2"}, Case{"avg([1, 2, 3], 7)", "3.25"}, Case{"avg(5)", "5"}, Case{"len([1, 2], 3)", "3"},
        Case{"len()", "0"}, Case{"len([])", "0"}, Case{"lg(8)", "3"}, Case{"lg([2, 4])", "[1,2]"},
        Case{"lg(2, 4)", "[1,2]"}, Case{"lg(vec(8))", "[3]"}, Case{"ln(1)", "0"}, Case{"ln([1])", "[0]"},
        Case{"log(1000)", "3"}, Case{"log(10, [100])", "[1,2]"}, Case{"max(1, [5, 2], 3)", "5"}, Case{"max(-1)", "-1"},
        Case{"min(1, [5, -2], 3)", "-2"}, Case{"norm(3, 4)", "5"}, Case{"norm([])", "0"},
        Case{"percentile([5, 1, 4, 2, 3], 50)", "3"}, Case{"percentile([5, 1, 4, 2, 3], 0)", "1"},
        Case{"percentile([5, 1, 4, 2, 3], 100)", "5"}, Case{"percentile([1, 2, 3, 4], 51)", "3"},
        Case{"range(3, [10, -1])", "11"}, Case{"std(2, 4, 4, 4, 5, 5, 7, 9)", "2.1380899352994"},
        Case{"std(1, 1)", "0"}, Case{"sum(1, [2, 3])", "6"}, Case{"sum([])", "0"}, Case{"val([4, 5, 6], 0)", "4"},
        Case{"val([4, 5, 6], 2.9)", "6"}, Case{"ceil(2.1)", "3"}, Case{"ceil(-2.1)", "-2"},
        Case{"ceil([0.5, 2])", "[1,2]"}, Case{"floor(2.9)", "2"}, Case{"floor(-2.1)", "-3"},
        Case{"floor(1.5, 2.5)", "[1,2]"}, Case{"round(2.5)", "3"}, Case{"round(-2.5)", "-3"}, Case{"round(2.4)", "2"},
        Case{"round([0.5, 1.4])", "[1,1]"}, Case{"vec(1, [2])", "[1,2]"}, Case{"time()", "2026-11-25T10:15:00.000Z"},
        Case{"time(\"\")", "2026-11-25T10:15:00.000Z"},
        Case{"time(\"2016-10-13T19:18:47.805Z\")", "2016-10-13T19:18:47.805Z"},
        Case{"time(\"2016-10-13T19:18:47+02:00\")", "2016-10-13T17:18:47.000Z"},
        Case{"time(\"2016\")", "2016-01-01T00:00:00.000Z"}, Case{"time(\"2016-10\")", "2016-10-01T00:00:00.000Z"},
        Case{"time(\"2016-10-13\")", "2016-10-13T00:00:00.000Z"},
        Case{"time('Thu, 13 Oct 2016 19:18:47 GMT')", "2016-10-13T19:18:47.000Z"}));

class RefusedCall : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedCall, IsAnEvaluationErrorThatNamesTheFunction) {
  const std::string text = std::string("x = ") + GetParam().expression;
  EXPECT_EQ(code_of(text), kEvaluationError) << text;
  EXPECT_THAT(message_of(text), HasSubstr(GetParam().message)) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Functions, RefusedCall,
    ::testing::Values(Refused{"avg([])", "avg(): no values"}, Refused{"max([])", "max(): no values"},
                      Refused{"min([])", "min(): no values"}, Refused{"range([])", "range(): no values"},
                      Refused{"std(1)", "std(): a sample's standard deviation needs two"},
                      Refused{"percentile([], 50)", "an empty vector"},
                      Refused{"percentile([1], 101)", "must be 0 to 100"},
                      Refused{"percentile(1, 50)", "percentile(): expected a vector and a percentage"},
                      Refused{"val([1], 1)", "val(): the index 1 is outside a vector of 1 elements"},
                      Refused{"val([1], -1)", "the index -1 is outside"}, Refused{"val(1, 1)", "expected a vector"},
                      Refused{"lg(0)", "lg is no finite number"}, Refused{"ln([1, -1])", "no finite number"},
                      Refused{"log(\"a\")", "log(): expected numbers and vectors, not a text"},
                      Refused{"max(time())", "expected numbers and vectors, not a time"},
                      Refused{"sum(1e308, 1e308)", "sum is no finite number"},
                      Refused{"time(5)", "time(): expected a text"}, Refused{"time(\"soon\")", "'soon' is no time"},
                      Refused{"time(\"2016-13-01\")", "is no time"}));

TEST(FormulaFunctions, MaximumOfAnEmptyVectorIsThatOfTheOtherArguments) {
  EXPECT_EQ(value_of("max(0, $ActiveTasks.GetSample(1))"), "0");
  EXPECT_EQ(value_of("max([], 3, [])"), "3");
}

TEST(FormulaFunctions, RandomNumbersFollowTheSeed) {
  FormulaInput input;
  const std::string first = value_of("[rand(), rand()]", input);
  EXPECT_EQ(value_of("[rand(), rand()]", input), first);
  input.random_seed = 2;
  EXPECT_NE(value_of("[rand(), rand()]", input), first);
  EXPECT_EQ(value_of("rand() >= 0 && rand() < 1", input), "1");
  EXPECT_EQ(value_of("rand() == rand()", input), "0");
}

TEST(FormulaFunctions, StopKeepsWhatWasSet) {
  const auto outcome = evaluate("$TargetDedicatedNodes = 3; stop(); $TargetDedicatedNodes = 1 / 0;");
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome.value().target_dedicated, 3);
}

TEST(FormulaFunctions, StopWithinAChoiceLeavesTheStatementUndone) {
  const std::string text =
      "$TargetDedicatedNodes = 3; $TargetDedicatedNodes = "
      "time().hour > 9 ? stop() : 5; a = 1;";
  const auto outcome = evaluate(text);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome.value().results,
            "$TargetDedicatedNodes=3;$TargetLowPriorityNodes=0;$"
            "NodeDeallocationOption=requeue");
}

}  // namespace
}  // namespace scoria::sched
