#include "sched/formula_samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "sched/formula_for_tests.h"

namespace scoria::sched {
namespace {

using ::testing::HasSubstr;

// Six samples, now and back to two and a half minutes ago; the third is missing.
FormulaInput six() { return FormulaInput().with("ActiveTasks", {1, 2, std::nan(""), 4, 5, 6}); }

TEST(FormulaSamples, GivesTheLatestByCount) {
  EXPECT_EQ(value_of("$ActiveTasks.GetSample(1)", six()), "[6]");
  EXPECT_EQ(value_of("$ActiveTasks.GetSample(4)", six()), "[2,4,5,6]");
  EXPECT_EQ(value_of("$ActiveTasks.GetSample(100)", six()), "[1,2,4,5,6]");
  EXPECT_EQ(value_of("$ActiveTasks.GetSample(1.9)", six()), "[6]");
  EXPECT_EQ(value_of("$ActiveTasks.GetSample(0)", six()), "[]");
}

TEST(FormulaSamples, GivesThoseSinceAnInterval) {
  EXPECT_EQ(value_of("$ActiveTasks.GetSample(TimeInterval_Minute)", six()), "[5,6]");
  EXPECT_EQ(value_of("$ActiveTasks.GetSample(TimeInterval_Minute * 2)", six()), "[4,5,6]");
  EXPECT_EQ(value_of("$ActiveTasks.GetSample(TimeInterval_Day)", six()), "[1,2,4,5,6]");
}

TEST(FormulaSamples, GivesThoseBetweenTwoBoundsOfEitherOrder) {
  EXPECT_EQ(value_of("$ActiveTasks.GetSample(TimeInterval_Minute * 3, "
                     "TimeInterval_Minute)",
                     six()),
            "[1,2,4]");
  EXPECT_EQ(value_of("$ActiveTasks.GetSample(TimeInterval_Minute, "
                     "TimeInterval_Minute * 3)",
                     six()),
            "[1,2,4]");
  EXPECT_EQ(value_of("$ActiveTasks.GetSample(TimeInterval_Minute * 0, "
                     "TimeInterval_Minute)",
                     six()),
            "[5,6]");
}

TEST(FormulaSamples, TakesTimesAsBounds) {
  EXPECT_EQ(value_of("$ActiveTasks.GetSample(time() - TimeInterval_Minute)", six()), "[5,6]");
  EXPECT_EQ(value_of("$ActiveTasks.GetSample(time(\"2026-11-25T10:00:00Z\"), "
                     "time() - TimeInterval_Minute)",
                     six()),
            "[1,2,4]");
}

TEST(FormulaSamples, AWindowHoldsAsManySamplesAsPeriods) {
  FormulaInput input;
  input.with_steady("CPUPercent", 0.5, 200);
  EXPECT_EQ(value_of("len($CPUPercent.GetSample(TimeInterval_Minute * 10))", input), "20");
  input.metrics["CPUPercent"].last = input.now - std::chrono::seconds(12);  // between two beats
  EXPECT_EQ(value_of("len($CPUPercent.GetSample(TimeInterval_Minute * 10))", input), "20");
  input.metrics["CPUPercent"].last = input.now - std::chrono::seconds(60);  // published late, as Azure's are
  EXPECT_EQ(value_of("len($CPUPercent.GetSample(TimeInterval_Minute * 10))", input), "18");
}

TEST(FormulaSamples, FailsOnTooFewSamples) {
  FormulaInput input;
  input.with_steady("CPUPercent", 0.5, 200);
  input.metrics["CPUPercent"].last = input.now - std::chrono::seconds(60);
  EXPECT_EQ(value_of("len($CPUPercent.GetSample(TimeInterval_Minute * 10, 80))", input), "18");
  EXPECT_EQ(code_of("x = $CPUPercent.GetSample(TimeInterval_Minute * 10, 95)", input), kEvaluationError);
  EXPECT_THAT(value_of("$CPUPercent.GetSample(TimeInterval_Minute * 10, 95)", input),
              HasSubstr("$CPUPercent.GetSample: too few samples: 18 of 20 are there, "
                        "95 percent are required"));
  EXPECT_THAT(value_of("$RunningTasks.GetSample(TimeInterval_Second * 60, "
                       "TimeInterval_Second * 120, 75)",
                       input),
              HasSubstr("0 of 2 are there, 75 percent"));
}

TEST(FormulaSamples, SaysHowManyThereAre) {
  EXPECT_EQ(value_of("$ActiveTasks.GetSamplePercent(TimeInterval_Minute)", six()), "100");
  EXPECT_EQ(value_of("$ActiveTasks.GetSamplePercent(TimeInterval_Minute * 2)", six()), "75");
  EXPECT_EQ(value_of("$ActiveTasks.GetSamplePercent(TimeInterval_Minute * 5)", six()), "50");
  EXPECT_EQ(value_of("$ActiveTasks.GetSamplePercent(TimeInterval_Minute, "
                     "TimeInterval_Minute * 2)",
                     six()),
            "50");
  EXPECT_EQ(value_of("$ActiveTasks.GetSamplePercent(TimeInterval_Second)", six()), "100");
  EXPECT_EQ(value_of("$FailedTasks.GetSamplePercent(TimeInterval_Minute)", six()), "0");
}

TEST(FormulaSamples, KnowsPeriodCountAndBegin) {
  EXPECT_EQ(value_of("$ActiveTasks.GetSamplePeriod()", six()), "00:00:30");
  EXPECT_EQ(value_of("$ActiveTasks.Count()", six()), "5");
  EXPECT_EQ(value_of("$ActiveTasks.HistoryBeginTime()", six()), "2026-11-25T10:12:30.000Z");
  EXPECT_EQ(value_of("$FailedTasks.HistoryBeginTime()", six()), "2026-11-25T09:15:00.000Z");
  EXPECT_EQ(value_of("time() - $ActiveTasks.HistoryBeginTime() < 10 * TimeInterval_Minute", six()), "1");
}

TEST(FormulaSamples, AMetricAloneIsItsLatestSample) {
  EXPECT_EQ(value_of("$ActiveTasks + 1", six()), "7");
  EXPECT_EQ(value_of("max($ActiveTasks, 10)", six()), "10");
  EXPECT_EQ(value_of("$ActiveTasks > 5 ? 1 : 2", six()), "1");
  EXPECT_EQ(value_of("$ActiveTasks", six()), "6");
  EXPECT_THAT(message_of("$TargetDedicatedNodes = $ActiveTasks", six()), HasSubstr("$TargetDedicatedNodes=6"));
}

TEST(FormulaSamples, AVariableMayStandForAMetric) {
  EXPECT_EQ(value_of("1; m = $ActiveTasks; y = m.GetSample(2)", six()), "1;y=[5,6]");
}

TEST(FormulaSamples, AMetricAloneWithoutASampleIsAnErrorThatHelps) {
  EXPECT_THAT(value_of("$FailedTasks + 1"), HasSubstr("$FailedTasks has no sample yet: use max(0, "
                                                      "$FailedTasks.GetSample(1))"));
}

TEST(FormulaSamples, KnowsThePoolsOwnCounts) {
  FormulaInput input;
  input.current_dedicated = 3;
  input.current_low_priority = 2;
  input.task_slots_per_node = 4;
  EXPECT_EQ(value_of("$CurrentDedicatedNodes * $TaskSlotsPerNode + "
                     "$CurrentLowPriorityNodes",
                     input),
            "14");
  EXPECT_EQ(value_of("$CurrentDedicated", input), "3");
  EXPECT_EQ(value_of("$CurrentDedicatedNodes.GetSample(1)", input), "[3]");
}

TEST(FormulaSamples, RefusesOtherArguments) {
  EXPECT_THAT(value_of("$ActiveTasks.GetSample()"), HasSubstr("$ActiveTasks.GetSample: expected a number of samples"));
  EXPECT_THAT(value_of("$ActiveTasks.GetSample(1, 2)"), HasSubstr("expected a number of samples"));
  EXPECT_THAT(value_of("$ActiveTasks.GetSample(\"a\")"), HasSubstr("expected a number of samples"));
  EXPECT_THAT(value_of("$ActiveTasks.GetSample(-1)"), HasSubstr("a negative number"));
  EXPECT_THAT(value_of("$ActiveTasks.GetSample(TimeInterval_Day, 101)"), HasSubstr("must be 0 to 100"));
  EXPECT_THAT(value_of("$ActiveTasks.GetSamplePercent(5)"), HasSubstr("expected the begin"));
  EXPECT_THAT(value_of("$ActiveTasks.GetSamplePercent()"), HasSubstr("expected the begin"));
  EXPECT_THAT(value_of("$ActiveTasks.Count(1)"), HasSubstr("takes no arguments"));
  EXPECT_THAT(value_of("$ActiveTasks.GetSample(TimeInterval_Year * 9000)"), HasSubstr("outside the years"));
}

}  // namespace
}  // namespace scoria::sched
