#include "sched/autoscale.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sched/formula_for_tests.h"

namespace scoria::sched {
namespace {

using ::testing::HasSubstr;

AutoscaleOutcome outcome_of(std::string_view text, const AutoscaleInput& input) {
  auto outcome = evaluate(text, input);
  EXPECT_TRUE(outcome.ok()) << outcome.error().message;
  return outcome.ok() ? outcome.value() : AutoscaleOutcome{.target_dedicated = -1, .target_low_priority = -1};
}

// ---- the shapes of published formulas

TEST(AutoscaleShapes, PendingTasksWithUnprefixedVariables) {
  constexpr const char* kText = R"(
    startingNumberOfVMs = 1;
    maxNumberofVMs = 25;
    pendingTaskSamplePercent = $PendingTasks.GetSamplePercent(180 * TimeInterval_Second);
    pendingTaskSamples = pendingTaskSamplePercent < 70 ? startingNumberOfVMs : avg($PendingTasks.GetSample(180 * TimeInterval_Second));
    $TargetDedicatedNodes=min(maxNumberofVMs, pendingTaskSamples);
    $NodeDeallocationOption = taskcompletion;)";
  EXPECT_EQ(outcome_of(kText, FormulaInput()).target_dedicated, 1);
  EXPECT_EQ(outcome_of(kText, FormulaInput().with_steady("PendingTasks", 7, 10)).target_dedicated, 7);
  const auto many = outcome_of(kText, FormulaInput().with_steady("PendingTasks", 100, 10));
  EXPECT_EQ(many.target_dedicated, 25);
  EXPECT_EQ(many.deallocation_option, "taskcompletion");
}

TEST(AutoscaleShapes, DedicatedNodesReplacePreemptedOnes) {
  constexpr const char* kText = R"(maxNumberofVMs = 25;
    $TargetDedicatedNodes = min(maxNumberofVMs, $PreemptedNodeCount.GetSample(180 * TimeInterval_Second));
    $TargetLowPriorityNodes = min(maxNumberofVMs , maxNumberofVMs - $TargetDedicatedNodes);
    $NodeDeallocationOption = taskcompletion;)";
  const auto outcome = outcome_of(kText, FormulaInput().with_steady("PreemptedNodeCount", 4, 6));
  EXPECT_EQ(outcome.target_dedicated, 4);
  EXPECT_EQ(outcome.target_low_priority, 21);
}

TEST(AutoscaleShapes, WorkingHoursWithAnOffset) {
  const std::string text = R"(
    $workHours = $curTime.hour >= 8 && $curTime.hour < 18;
    $isWeekday = $curTime.weekday >= 1 && $curTime.weekday <= 5;
    $isWorkingWeekdayHour = $workHours && $isWeekday;
    $TargetDedicatedNodes = $isWorkingWeekdayHour ? 20:10;)";
  FormulaInput input;  // Wednesday 10:15
  EXPECT_EQ(outcome_of("$curTime = time();" + text, input).target_dedicated, 20);
  EXPECT_EQ(outcome_of("$curTime = time() + (-6 * TimeInterval_Hour);" + text, input).target_dedicated, 10);
  input.now = at("2026-11-28T10:15:00Z");  // Saturday
  EXPECT_EQ(outcome_of("$curTime = time();" + text, input).target_dedicated, 10);
}

TEST(AutoscaleShapes, ParallelTasksWithCommentsAndANegativeStep) {
  constexpr const char* kText =
      R"(// Determine whether 70 percent of the samples are there
    $samples = $ActiveTasks.GetSamplePercent(TimeInterval_Minute * 15);
    $tasks = $samples < 70 ? max(0,$ActiveTasks.GetSample(1)) : max( $ActiveTasks.GetSample(1),avg($ActiveTasks.GetSample(TimeInterval_Minute * 15)));
    // one-fourth of the active tasks
    $cores = $TargetDedicatedNodes * 4;
    $extraVMs = (($tasks - $cores) + 3) / 4;
    $targetVMs = ($TargetDedicatedNodes + $extraVMs);
    $TargetDedicatedNodes = max(0,min($targetVMs,3));
    $NodeDeallocationOption = taskcompletion;)";
  FormulaInput input;
  input.target_dedicated = 2;
  EXPECT_THAT(outcome_of(kText, input).results, HasSubstr("$extraVMs=-1.25"));
  EXPECT_EQ(outcome_of(kText, input).target_dedicated, 0);
  EXPECT_EQ(outcome_of(kText, input.with_steady("ActiveTasks", 100, 40)).target_dedicated, 3);
}

TEST(AutoscaleShapes, InitialSizeForATime) {
  constexpr const char* kText = R"(
    $TargetDedicatedNodes = 4;
    lifespan         = time() - time("Wed, 25 Nov 2026 10:00:00 GMT");
    span             = TimeInterval_Minute * 60;
    startup          = TimeInterval_Minute * 10;
    ratio            = 50;
    $TargetDedicatedNodes = (lifespan > startup ? (max($RunningTasks.GetSample(span, ratio), $ActiveTasks.GetSample(span, ratio)) == 0 ? 0 : $TargetDedicatedNodes) : 4);)";
  FormulaInput input;
  EXPECT_EQ(code_of(kText, input),
            kEvaluationError);  // half of an hour's samples is not there
  input.with_steady("RunningTasks", 0, 80).with_steady("ActiveTasks", 0, 80);
  EXPECT_EQ(outcome_of(kText, input).target_dedicated, 0);
  EXPECT_EQ(outcome_of(kText, input.with_steady("RunningTasks", 1, 80)).target_dedicated, 4);
  input.now = at("2026-11-25T10:05:00Z");
  EXPECT_THAT(outcome_of(kText, input).results,
              HasSubstr(";lifespan=00:05:00;ratio=50;span=01:00:00;startup=00:10:00"));
}

TEST(AutoscaleShapes, WorkflowEnginesLifespanAndClamp) {
  constexpr const char* kText = R"(
    // Get pool lifetime since creation.
    lifespan = time() - time("2026-11-25T10:12:00.123456Z");
    interval = TimeInterval_Minute * 5;
    $samples = $PendingTasks.GetSamplePercent(interval);
    $tasks = $samples < 70 ? max(0, $PendingTasks.GetSample(1)) : max( $PendingTasks.GetSample(1), avg($PendingTasks.GetSample(interval)));
    $targetVMs = $tasks > 0 ? $tasks : max(0, $TargetDedicatedNodes/2);
    targetPoolSize = max(0, min($targetVMs, 8));
    // For first interval deploy 1 node, for other intervals scale up/down as per tasks.
    $TargetDedicatedNodes = lifespan < interval ? 1 : targetPoolSize;
    $NodeDeallocationOption = taskcompletion;)";
  FormulaInput input;
  input.with("PendingTasks", {12});
  EXPECT_EQ(outcome_of(kText, input).target_dedicated, 1);
  input.now += std::chrono::minutes(5);
  EXPECT_EQ(outcome_of(kText, input).target_dedicated, 8);
}

TEST(AutoscaleShapes, OneLineOfNestedChoicesWithLegacyNames) {
  constexpr const char* kText =
      "totalNodes=($CPUPercent.GetSamplePercent(TimeInterval_Minute*0,"
      "TimeInterval_Minute*10)<0.7?5:"
      "(min($CPUPercent.GetSample(TimeInterval_Minute*0, "
      "TimeInterval_Minute*10))>0.8?($CurrentDedicated*1.1):"
      "$CurrentDedicated));$TargetDedicated=min(100,totalNodes);";
  const auto empty = outcome_of(kText, FormulaInput());
  EXPECT_EQ(empty.results,
            "$TargetDedicatedNodes=5;$TargetLowPriorityNodes=0;$"
            "NodeDeallocationOption=requeue;totalNodes=5");
  FormulaInput input;
  input.current_dedicated = 20;
  EXPECT_EQ(outcome_of(kText, input.with_steady("CPUPercent", 0.9, 30)).target_dedicated, 22);
  EXPECT_EQ(outcome_of(kText, input.with_steady("CPUPercent", 0.5, 30)).target_dedicated, 20);
}

TEST(AutoscaleShapes, SlotsPerNodeAndRoundingUp) {
  constexpr const char* kText = R"(
    span = TimeInterval_Minute * 5;
    multiplier = 1 / $TaskSlotsPerNode;
    pending = $PendingTasks.GetSamplePercent(span) < 50 ? 0 : avg($PendingTasks.GetSample(span));
    $TargetDedicatedNodes = ceil(pending * multiplier);)";
  FormulaInput input;
  input.task_slots_per_node = 4;
  EXPECT_EQ(outcome_of(kText, input.with_steady("PendingTasks", 9, 10)).target_dedicated, 3);
}

TEST(AutoscaleShapes, Constants) {
  EXPECT_EQ(outcome_of("$TargetDedicatedNodes=1", FormulaInput()).target_dedicated, 1);
  EXPECT_EQ(outcome_of("$TargetDedicatedNodes = (time().weekday==1 ? 5:1)", FormulaInput()).target_dedicated, 1);
  FormulaInput monday;
  monday.now = at("2026-11-23T00:00:00Z");
  EXPECT_EQ(outcome_of("$TargetDedicatedNodes = (time().weekday==1 ? 5:1)", monday).target_dedicated, 5);
}

TEST(AutoscaleShapes, LinesWithoutSemicolonsAreRefused) {
  EXPECT_EQ(code_of("tasks = 3\n$TargetDedicatedNodes = min(tasks, 2)\n"), kSyntaxError);
}

// ---- doAzureParallel's own, as it sends them

TEST(DoAzureParallel, QueueEvaluatesWhenThePoolIsCreated) {
  for (const char* metric : {"ActiveTasks", "PendingTasks"}) {
    const std::string name = std::string("$") + metric;
    const std::string text = "$samples = " + name +
                             ".GetSamplePercent(TimeInterval_Minute * 15);$tasks = $samples < 70 ? "
                             "max(0," +
                             name + ".GetSample(1)) : max( " + name + ".GetSample(1), avg(" + name +
                             ".GetSample(TimeInterval_Minute * 15)));$maxTasksPerNode = 2;$round = "
                             "$maxTasksPerNode - 1;$targetVMs = $tasks > 0 ? "
                             "(($tasks + $round) / $maxTasksPerNode) : max(0, $TargetDedicated/2) + "
                             "0.5;$TargetDedicatedNodes = max(1, "
                             "min($targetVMs, 6));$TargetLowPriorityNodes = max(0, min($targetVMs, "
                             "2));$NodeDeallocationOption = taskcompletion;";
    EXPECT_EQ(outcome_of(text, FormulaInput()).results,
              "$TargetDedicatedNodes=1;$TargetLowPriorityNodes=0;$"
              "NodeDeallocationOption=taskcompletion;$maxTasksPerNode=2;"
              "$round=1;$samples=0;$targetVMs=0.5;$tasks=0");
    const auto busy = outcome_of(text, FormulaInput().with_steady(metric, 7, 40));
    EXPECT_EQ(busy.target_dedicated, 4);
    EXPECT_EQ(busy.target_low_priority, 2);
  }
}

TEST(DoAzureParallel, WorkdayGivesItsFirstNumberInWorkingHours) {
  constexpr const char* kText =
      "$curTime = time();$workHours = $curTime.hour >= 8 && $curTime.hour < "
      "18;$isWeekday = $curTime.weekday >= 1 && "
      "$curTime.weekday <= 5;$isWorkingWeekdayHour = $workHours && "
      "$isWeekday;$TargetDedicatedNodes = "
      "$isWorkingWeekdayHour ? 1:4;";
  const auto outcome = outcome_of(kText, FormulaInput());
  EXPECT_EQ(outcome.results,
            "$TargetDedicatedNodes=1;$TargetLowPriorityNodes="
            "0;$NodeDeallocationOption=requeue;"
            "$curTime=2026-11-25T10:15:00.000Z;$isWeekday=1;$"
            "isWorkingWeekdayHour=1;$workHours=1");
}

TEST(DoAzureParallel, WeekendReadsAVariableThatNothingSets) {
  constexpr const char* kText =
      "$isWeekend = $curTime.weekday >= 6 && $curTime.weekday <= "
      "7;$TargetDedicatedNodes = $isWeekend ? 1:1;";
  EXPECT_TRUE(Formula::parse(kText).ok());
  EXPECT_EQ(code_of(kText), kEvaluationError);
  EXPECT_THAT(message_of(kText), HasSubstr("line 1, column 14: the variable '$curTime' is not defined"));
}

TEST(DoAzureParallel, MaxCpuNeedsNoLastSemicolon) {
  constexpr const char* kText =
      "$totalNodes = (min($CPUPercent.GetSample(TimeInterval_Minute * 10)) > "
      "0.7) ? ($CurrentDedicated * 1.1) : "
      "$CurrentDedicated; $totalNodes = "
      "(avg($CPUPercent.GetSample(TimeInterval_Minute * 60)) < 0.2) ? "
      "($CurrentDedicated * 0.9) : $totalNodes; $TargetDedicatedNodes = "
      "min(30, $totalNodes)";
  FormulaInput input;
  input.current_dedicated = 20;
  EXPECT_EQ(code_of(kText, input), kEvaluationError);  // no sample yet
  EXPECT_EQ(outcome_of(kText, input.with_steady("CPUPercent", 0.9, 120)).target_dedicated, 22);
  EXPECT_EQ(outcome_of(kText, input.with_steady("CPUPercent", 0.1, 120)).target_dedicated, 18);
}

// ---- what a run gives

TEST(Autoscale, TruncatesTargetsAndKeepsThemFromBelowZero) {
  EXPECT_EQ(outcome_of("$TargetDedicatedNodes = 2.9", FormulaInput()).target_dedicated, 2);
  EXPECT_EQ(outcome_of("$TargetDedicatedNodes = -0.9", FormulaInput()).target_dedicated, 0);
  EXPECT_EQ(outcome_of("$TargetLowPriorityNodes = -7", FormulaInput()).target_low_priority, 0);
  EXPECT_EQ(outcome_of("$TargetDedicatedNodes = 1e300", FormulaInput()).target_dedicated, 2147483647);
  EXPECT_THAT(outcome_of("$TargetDedicatedNodes = 2.9; a = $TargetDedicatedNodes", FormulaInput()).results,
              HasSubstr("$TargetDedicatedNodes=2;$TargetLowPriorityNodes=0;$"
                        "NodeDeallocationOption=requeue;a=2.9"));
}

TEST(Autoscale, KeepsWhatTheFormulaDoesNotSet) {
  FormulaInput input;
  input.target_dedicated = 3;
  input.target_low_priority = 4;
  input.deallocation_option = "terminate";
  EXPECT_EQ(outcome_of("a = 1", input).results,
            "$TargetDedicatedNodes=3;$TargetLowPriorityNodes=4;$"
            "NodeDeallocationOption=terminate;a=1");
  EXPECT_EQ(outcome_of("a = 1", input).deallocation_option, "terminate");
  EXPECT_EQ(unchanged_results(input),
            "$TargetDedicatedNodes=3;$TargetLowPriorityNodes=4;$"
            "NodeDeallocationOption=terminate");
}

TEST(Autoscale, TheFullNameOfATargetWinsOverItsAlias) {
  EXPECT_EQ(outcome_of("$TargetDedicated = 2", FormulaInput()).target_dedicated, 2);
  EXPECT_EQ(outcome_of("$TargetDedicatedNodes = 5; $TargetDedicated = 2", FormulaInput()).target_dedicated, 5);
  EXPECT_EQ(outcome_of("$TargetDedicated = 2; $TargetDedicatedNodes = 5", FormulaInput()).target_dedicated, 5);
  EXPECT_EQ(outcome_of("$TargetLowPriority = 2", FormulaInput()).target_low_priority, 2);
  EXPECT_EQ(outcome_of("$TargetLowPriority = 2; $TargetLowPriorityNodes = "
                       "$TargetLowPriority + 1",
                       FormulaInput())
                .target_low_priority,
            3);
}

TEST(Autoscale, TakesEveryDeallocationOption) {
  for (const std::string option : {"requeue", "terminate", "taskcompletion", "retaineddata"}) {
    EXPECT_EQ(outcome_of("$NodeDeallocationOption = " + option, FormulaInput()).deallocation_option, option);
    EXPECT_EQ(outcome_of("$NodeDeallocationOption = \"" + option + "\"", FormulaInput()).deallocation_option, option);
  }
  EXPECT_EQ(outcome_of("$NodeDeallocationOption = "
                       "$ActiveTasks.GetSamplePercent(TimeInterval_Hour) < 70 "
                       "? taskcompletion : requeue",
                       FormulaInput())
                .deallocation_option,
            "taskcompletion");
  EXPECT_THAT(message_of("$NodeDeallocationOption = \"later\""),
              HasSubstr("must be requeue, terminate, taskcompletion or "
                        "retaineddata, not 'later'"));
  EXPECT_THAT(message_of("$NodeDeallocationOption = 1"), HasSubstr("not a number"));
  EXPECT_THAT(message_of("$NodeDeallocationOption = TaskCompletion"), HasSubstr("did you mean taskcompletion?"));
}

TEST(Autoscale, RefusesATargetThatIsNoNumber) {
  EXPECT_THAT(message_of("$TargetDedicatedNodes = $ActiveTasks.GetSample(1)"),
              HasSubstr("$TargetDedicatedNodes must be a number, not a vector: "
                        "max(v), avg(v) or val(v, 0) make one"));
  EXPECT_THAT(message_of("$TargetDedicatedNodes = \"2\""), HasSubstr("must be a number, not a text"));
  EXPECT_THAT(message_of("$TargetDedicatedNodes = time()"), HasSubstr("must be a number, not a time"));
}

TEST(Autoscale, HelpsWithNamesThatAreAlmostRight) {
  EXPECT_THAT(message_of("a = $pendingTasks.GetSample(1)"),
              HasSubstr("the variable '$pendingTasks' is not defined: did you "
                        "mean $PendingTasks?"));
  EXPECT_THAT(message_of("a = timeinterval_minute"), HasSubstr("did you mean TimeInterval_Minute?"));
  EXPECT_THAT(message_of("a = b"), HasSubstr("the variable 'b' is not defined: assign it before it is used"));
}

TEST(Autoscale, ResultsNameUserVariablesInOrderWithoutALastSemicolon) {
  EXPECT_EQ(outcome_of("z = 1; $b = \"two\"; a = [1, 2.5]; $b2 = time(); c = $b == \"two\";", FormulaInput()).results,
            "$TargetDedicatedNodes=0;$TargetLowPriorityNodes=0;$"
            "NodeDeallocationOption=requeue;$b=two;"
            "$b2=2026-11-25T10:15:00.000Z;a=[1,2.5];c=1;z=1");
}

TEST(Autoscale, ResultsShortenWhatIsLong) {
  EXPECT_THAT(value_of("$ActiveTasks.GetSample(100)", FormulaInput().with_steady("ActiveTasks", 1, 200)),
              HasSubstr(",1,...]"));
  EXPECT_EQ(value_of("\"" + std::string(300, 'a') + "\""), std::string(256, 'a') + "...");
}

TEST(Autoscale, OneFormulaServesManyRuns) {
  const Formula formula = Formula::parse("a = $ActiveTasks.GetSample(1); $TargetDedicatedNodes = max(0, a)").value();
  EXPECT_EQ(formula.evaluate(FormulaInput().with("ActiveTasks", {2})).value().target_dedicated, 2);
  EXPECT_EQ(formula.evaluate(FormulaInput()).value().target_dedicated, 0);
  EXPECT_EQ(formula.evaluate(FormulaInput().with("ActiveTasks", {3})).value().target_dedicated, 3);
}

}  // namespace
}  // namespace scoria::sched
