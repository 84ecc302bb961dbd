#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "sched/autoscale.h"
#include "sched/formula_for_tests.h"

namespace scoria::sched {
namespace {

using ::testing::HasSubstr;

constexpr PresetBounds kBounds{.dedicated_min = 1, .dedicated_max = 8, .low_priority_min = 0, .low_priority_max = 4};
constexpr PresetBounds kFromZero{.dedicated_min = 0, .dedicated_max = 8, .low_priority_min = 0, .low_priority_max = 4};

AutoscaleOutcome run(const char* name, const PresetBounds& bounds, const AutoscaleInput& input) {
  const auto text = preset_formula(name, bounds);
  EXPECT_TRUE(text.ok());
  auto outcome = evaluate(text.value(), input);
  EXPECT_TRUE(outcome.ok()) << outcome.error().message << "\n" << text.value();
  return outcome.ok() ? outcome.value() : AutoscaleOutcome{.target_dedicated = -1, .target_low_priority = -1};
}

// The same preset every five minutes, each time from the targets of the time before.
AutoscaleOutcome repeat(const char* name, const PresetBounds& bounds, FormulaInput& input, int times) {
  AutoscaleOutcome outcome;
  for (int i = 0; i < times; ++i) {
    outcome = run(name, bounds, input);
    input.target_dedicated = input.current_dedicated = outcome.target_dedicated;
    input.target_low_priority = input.current_low_priority = outcome.target_low_priority;
  }
  return outcome;
}

FormulaInput at_time(const char* time) {
  FormulaInput input;
  input.now = at(time);
  return input;
}

TEST(Presets, AllEvaluateForANewPool) {
  for (const char* name : {"QUEUE", "QUEUE_AND_RUNNING", "WORKDAY", "WEEKEND", "MAX_CPU", "SCALE_TO_ZERO"}) {
    const auto outcome = run(name, kBounds, FormulaInput());
    EXPECT_GE(outcome.target_dedicated, 1) << name;
    EXPECT_LE(outcome.target_dedicated, 8) << name;
    EXPECT_EQ(outcome.deallocation_option, "taskcompletion") << name;
    EXPECT_THAT(preset_formula(name, kBounds).value(), ::testing::Not(HasSubstr("{"))) << name;
  }
}

TEST(Presets, WorkdayGivesTheMaximumDuringWorkingHours) {
  EXPECT_EQ(run("WORKDAY", kBounds, at_time("2026-11-25T08:00:00Z")).target_dedicated, 8);
  EXPECT_EQ(run("WORKDAY", kBounds, at_time("2026-11-25T17:59:59Z")).target_low_priority, 4);
  EXPECT_EQ(run("WORKDAY", kBounds, at_time("2026-11-25T07:59:59Z")).target_dedicated, 1);
  EXPECT_EQ(run("WORKDAY", kBounds, at_time("2026-11-25T18:00:00Z")).target_dedicated, 1);
  EXPECT_EQ(run("WORKDAY", kBounds, at_time("2026-11-28T10:00:00Z")).target_dedicated,
            1);  // Saturday
  EXPECT_EQ(run("WORKDAY", kBounds, at_time("2026-11-29T10:00:00Z")).target_low_priority, 0);
}

TEST(Presets, WeekendGivesTheMaximumOnSaturdayAndSunday) {
  EXPECT_EQ(run("WEEKEND", kBounds, at_time("2026-11-28T00:00:00Z")).target_dedicated, 8);
  FormulaInput sunday = at_time("2026-11-29T23:59:00Z");
  EXPECT_EQ(run("WEEKEND", kBounds, sunday).target_dedicated, 8);
  EXPECT_EQ(run("WEEKEND", kBounds, sunday).target_low_priority, 4);
  sunday.sunday_is_seven = true;
  EXPECT_EQ(run("WEEKEND", kBounds, sunday).target_dedicated, 8);
  EXPECT_EQ(run("WEEKEND", kBounds, at_time("2026-11-27T23:59:00Z")).target_dedicated,
            1);  // Friday
  EXPECT_EQ(run("WEEKEND", kBounds, at_time("2026-11-30T00:00:00Z")).target_dedicated, 1);
}

TEST(Presets, QueueGivesNodesForTheWaitingTasksAndTheRestAsLowPriority) {
  EXPECT_EQ(run("QUEUE", kBounds, FormulaInput().with("ActiveTasks", {5})).target_dedicated, 5);
  EXPECT_EQ(run("QUEUE", kBounds, FormulaInput().with("ActiveTasks", {5})).target_low_priority, 0);
  const auto many = run("QUEUE", kBounds, FormulaInput().with("ActiveTasks", {10}));
  EXPECT_EQ(many.target_dedicated, 8);
  EXPECT_EQ(many.target_low_priority, 2);
  EXPECT_EQ(run("QUEUE", kBounds, FormulaInput().with("ActiveTasks", {1000})).target_low_priority, 4);
}

TEST(Presets, QueueDividesBySlots) {
  PresetBounds bounds = kFromZero;
  bounds.task_slots_per_node = 4;
  EXPECT_EQ(run("QUEUE", bounds, FormulaInput().with("ActiveTasks", {9})).target_dedicated, 3);
  EXPECT_EQ(run("QUEUE", bounds, FormulaInput().with("ActiveTasks", {1})).target_dedicated, 1);
}

TEST(Presets, QueueShrinksByHalvesDownToTheMinimum) {
  for (const char* name : {"QUEUE", "QUEUE_AND_RUNNING"}) {
    FormulaInput input;
    input.with_steady("ActiveTasks", 0, 40).with_steady("PendingTasks", 0, 40);
    input.target_dedicated = 8;
    input.target_low_priority = 3;
    EXPECT_EQ(repeat(name, kFromZero, input, 1).target_dedicated, 4);
    EXPECT_EQ(input.target_low_priority, 1);
    const auto last = repeat(name, kFromZero, input, 3);
    EXPECT_EQ(last.target_dedicated, 0) << name;
    EXPECT_EQ(last.target_low_priority, 0) << name;
    EXPECT_EQ(repeat(name, kBounds, input, 1).target_dedicated, 1) << name;
  }
}

TEST(Presets, OnlyQueueAndRunningCountsRunningTasks) {
  FormulaInput input;
  input.with_steady("ActiveTasks", 0, 40).with_steady("PendingTasks", 6, 40);
  EXPECT_EQ(run("QUEUE_AND_RUNNING", kFromZero, input).target_dedicated, 6);
  EXPECT_EQ(run("QUEUE", kFromZero, input).target_dedicated, 0);
}

TEST(Presets, MaxCpuGrowsFromOneNodeUpToTheMaximum) {
  FormulaInput input;
  input.with_steady("CPUPercent", 0.9, 120);
  input.current_dedicated = 1;
  EXPECT_EQ(repeat("MAX_CPU", kBounds, input, 1).target_dedicated, 2);
  EXPECT_EQ(repeat("MAX_CPU", kBounds, input, 20).target_dedicated, 8);
}

TEST(Presets, MaxCpuShrinksToTheMinimumWhenThereIsLittleToDo) {
  FormulaInput input;
  input.with_steady("CPUPercent", 0.05, 120);
  input.current_dedicated = 8;
  EXPECT_EQ(repeat("MAX_CPU", kBounds, input, 1).target_dedicated, 7);
  EXPECT_EQ(repeat("MAX_CPU", kBounds, input, 20).target_dedicated, 1);
}

TEST(Presets, MaxCpuStaysBetweenAndWithoutEnoughSamples) {
  FormulaInput input;
  input.current_dedicated = 5;
  EXPECT_EQ(run("MAX_CPU", kBounds, input.with_steady("CPUPercent", 0.5, 120)).target_dedicated, 5);
  EXPECT_EQ(run("MAX_CPU", kBounds, input.with_steady("CPUPercent", 0.9, 3)).target_dedicated, 5);
  EXPECT_EQ(run("MAX_CPU", kBounds, input.with_steady("CPUPercent", 0.05, 30)).target_dedicated, 5);
}

TEST(Presets, MaxCpuStartsFromNothingWithATask) {
  EXPECT_EQ(run("MAX_CPU", kFromZero, FormulaInput()).target_dedicated, 0);
  EXPECT_EQ(run("MAX_CPU", kFromZero, FormulaInput().with("ActiveTasks", {3})).target_dedicated, 1);
}

TEST(Presets, ScaleToZeroGrowsAtOnceAndGoesOnlyWhenIdleForAsLongAsSaid) {
  PresetBounds bounds = kFromZero;
  bounds.idle = std::chrono::minutes(2);
  EXPECT_EQ(run("SCALE_TO_ZERO", bounds, FormulaInput()).target_dedicated, 0);
  EXPECT_EQ(run("SCALE_TO_ZERO", bounds, FormulaInput().with("PendingTasks", {0, 0, 6})).target_dedicated, 6);
  EXPECT_EQ(run("SCALE_TO_ZERO", bounds, FormulaInput().with("PendingTasks", {0, 6, 0, 0, 0})).target_dedicated, 6);
  EXPECT_EQ(run("SCALE_TO_ZERO", bounds, FormulaInput().with("PendingTasks", {6, 0, 0, 0, 0})).target_dedicated, 0);
  EXPECT_EQ(run("SCALE_TO_ZERO", bounds, FormulaInput().with("PendingTasks", {10})).target_low_priority, 2);
}

TEST(Presets, RefusesUnknownNamesAndBoundsThatAreNone) {
  EXPECT_THAT(preset_formula("WEEKDAY", kBounds).error().message,
              HasSubstr("'WEEKDAY' is no autoscale preset: expected one of "
                        "QUEUE, QUEUE_AND_RUNNING, WORKDAY, WEEKEND, MAX_CPU"));
  EXPECT_THAT(preset_formula("QUEUE", {.dedicated_min = 3, .dedicated_max = 2}).error().message,
              HasSubstr("bounds of dedicated nodes are 3 to 2"));
  EXPECT_THAT(preset_formula("QUEUE", {.low_priority_min = -1}).error().message,
              HasSubstr("low-priority nodes are -1 to 0"));
  EXPECT_THAT(preset_formula("QUEUE", {.task_slots_per_node = 0}).error().message, HasSubstr("expected 1 or more"));
  EXPECT_THAT(preset_formula("QUEUE", {.idle = std::chrono::seconds(-1)}).error().message, HasSubstr("negative"));
}

// Blocks without a language in the page for users are formulas.
TEST(Presets, EveryFormulaOfTheDocumentationRuns) {
  std::ifstream page(SCORIA_SOURCE_DIR "/docs/autoscale.md");
  ASSERT_TRUE(page.is_open());
  std::string line;
  std::string block;
  bool is_formula = false;
  bool is_other = false;
  int count = 0;
  while (std::getline(page, line)) {
    if (!line.starts_with("```")) {
      if (is_formula) block += line + "\n";
      continue;
    }
    if (is_formula) {
      EXPECT_EQ(message_of(block).substr(0, 9), "no error:") << message_of(block) << "\n" << block;
      ++count;
    }
    const bool opens = !is_formula && !is_other;
    is_formula = opens && line == "```";
    is_other = opens && line != "```";
    block.clear();
  }
  EXPECT_GE(count, 5);
}

}  // namespace
}  // namespace scoria::sched
