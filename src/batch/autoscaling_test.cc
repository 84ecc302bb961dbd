#include "batch/autoscaling.h"

#include "batch/pools_for_tests.h"

namespace scoria::batch {
namespace {

class AutoscalingTest : public PoolsTest {
 protected:
  Status add_scaled(const std::string& formula, Json more = Json::object()) {
    more["id"] = "p";
    more["enableAutoScale"] = true;
    more["autoScaleFormula"] = formula;
    if (!more.contains("autoScaleEvaluationInterval")) more["autoScaleEvaluationInterval"] = "PT5M";
    return add(more);
  }
  void finish_all() {
    for (const auto& [key, request] : std::map(asked)) {
      while (find_node(*state, key.first, key.second) != nullptr &&
             !agent(*find_node(*state, key.first, key.second)).held.empty()) {
        end(key.first, key.second, 0);
      }
    }
  }
};

TEST_F(AutoscalingTest, TargetsAreThereWhenThePoolIs) {
  ASSERT_TRUE(add_scaled("$TargetDedicatedNodes=2;$TargetLowPriorityNodes=1;").ok());
  const Json document = pool_document(pool("p"));
  EXPECT_EQ(document["targetDedicatedNodes"], 2);
  EXPECT_EQ(document["targetLowPriorityNodes"], 1);
  EXPECT_EQ(document["enableAutoScale"], true);
  EXPECT_EQ(document["autoScaleFormula"], "$TargetDedicatedNodes=2;$TargetLowPriorityNodes=1;");
  EXPECT_EQ(document["autoScaleEvaluationInterval"], "PT5M");
  EXPECT_FALSE(document.contains("resizeTimeout"));
  const Json& run = document["autoScaleRun"];
  EXPECT_EQ(run["timestamp"], "2026-11-29T12:00:00.0000000Z");
  EXPECT_TRUE(run["results"].get<std::string>().starts_with("$TargetDedicatedNodes=2;$TargetLowPriorityNodes=1"));
  EXPECT_FALSE(run.contains("error"));
}

TEST_F(AutoscalingTest, AFormulaThatIsNoneIsRefusedAndLeavesNoPool) {
  EXPECT_EQ(code_of(add_scaled("$TargetDedicatedNodes=;")), "AutoScalingFormulaSyntaxError");
  EXPECT_FALSE(has_pool("p"));
  EXPECT_FALSE(store.get(store::Kind::pool, "", "p").value());
}

TEST_F(AutoscalingTest, AFormulaThatFailsIsShownInTheRun) {
  ASSERT_TRUE(add_scaled("$TargetDedicatedNodes=undefined_name;").ok());
  const Json error = pool_document(pool("p"))["autoScaleRun"]["error"];
  EXPECT_EQ(error["code"], "AutoScalingFormulaEvaluationError");
  EXPECT_TRUE(error["message"].is_string());
  EXPECT_EQ(error["values"][0]["name"], "Message");
  EXPECT_NE(error["values"][0]["value"].get<std::string>().find("undefined_name"), std::string::npos);
  EXPECT_EQ(pool("p").target_dedicated, 0);
}

TEST_F(AutoscalingTest, IntervalsBelowFiveMinutesAndAboveAWeekAreRefused) {
  for (const char* interval : {"PT4M59S", "PT168H1S", "P8D"}) {
    EXPECT_EQ(code_of(add_scaled("$TargetDedicatedNodes=1", {{"autoScaleEvaluationInterval", interval}})),
              "InvalidPropertyValue")
        << interval;
  }
  EXPECT_EQ(code_of(add_scaled("$TargetDedicatedNodes=1", {{"autoScaleEvaluationInterval", "PT168H"}})), "ok");
}

TEST_F(AutoscalingTest, TheFormulaIsEvaluatedOnItsInterval) {
  ASSERT_TRUE(add_scaled("$TargetDedicatedNodes = time() >= time(\"2026-11-29T12:05:00Z\") ? 1 : 0;").ok());
  advance(std::chrono::seconds(299));
  EXPECT_EQ(pool("p").target_dedicated, 0);
  advance(std::chrono::seconds(1));
  EXPECT_EQ(pool("p").target_dedicated, 1);
}

TEST_F(AutoscalingTest, TheFormulaIsEvaluatedWhenTheQueueChanges) {
  ASSERT_TRUE(add_scaled("$TargetDedicatedNodes = min(3, $PendingTasks.GetSample(1));").ok());
  EXPECT_EQ(pool("p").target_dedicated, 0);
  add_job_with("j", "p", 5);
  advance(std::chrono::seconds(1));
  EXPECT_EQ(pool("p").target_dedicated, 3);
  come_up();
  EXPECT_EQ(count("p", NodeState::running), 3u);
}

TEST_F(AutoscalingTest, ChangesAreEvaluatedOnceASecond) {
  ASSERT_TRUE(add_scaled("$TargetDedicatedNodes = max($PendingTasks.GetSample(1));").ok());
  advance(std::chrono::seconds(1));
  add_job_with("j", "p", 1);
  EXPECT_EQ(pool("p").target_dedicated, 1);
  add_tasks_to("j", 2);
  EXPECT_EQ(pool("p").target_dedicated, 1);
  advance(std::chrono::milliseconds(999));
  EXPECT_EQ(pool("p").target_dedicated, 1);
  advance(std::chrono::milliseconds(1));
  EXPECT_EQ(pool("p").target_dedicated, 3);
}

TEST_F(AutoscalingTest, ChangesAreIgnoredWhereThePoolSaysSo) {
  ASSERT_TRUE(
      add_scaled("$TargetDedicatedNodes = max($PendingTasks.GetSample(1));", {{"evaluatesOnChange", false}}).ok());
  add_job_with("j", "p", 2);
  advance(std::chrono::minutes(4));
  EXPECT_EQ(pool("p").target_dedicated, 0);
  advance(std::chrono::minutes(1));
  EXPECT_EQ(pool("p").target_dedicated, 2);
}

TEST_F(AutoscalingTest, APoolGoesFromNoneToManyAndBack) {
  ASSERT_TRUE(add_scaled("$TargetDedicatedNodes = max($PendingTasks.GetSample(1));"
                         "$NodeDeallocationOption = taskcompletion;")
                  .ok());
  add_job_with("j", "p", 3);
  advance(std::chrono::seconds(1));
  come_up();
  ASSERT_EQ(count("p", NodeState::running), 3u);
  finish_all();
  for (int i = 0; i < 3; ++i) {
    advance(std::chrono::seconds(1));
    come_up();
  }
  EXPECT_TRUE(pool("p").nodes.empty());
  EXPECT_EQ(pool_document(pool("p"))["allocationState"], "steady");
  EXPECT_EQ(find_job(*state, "j").value()->counts.succeeded, 3u);
}

TEST_F(AutoscalingTest, TasksThatWaitForOthersAreNotActive) {
  ASSERT_TRUE(add_scaled("$TargetDedicatedNodes = max($ActiveTasks.GetSample(1));").ok());
  add_job_with("j", "p", 0, {{"usesTaskDependencies", true}});
  std::vector<NewTask> tasks;
  tasks.push_back(new_task({{"id", "a"}, {"commandLine", "true"}}));
  tasks.push_back(new_task({{"id", "b"}, {"commandLine", "true"}, {"dependsOn", {{"taskIds", {"a"}}}}}));
  ASSERT_TRUE(add_tasks(*state, "j", std::move(tasks)).ok());
  advance(std::chrono::seconds(1));
  EXPECT_EQ(pool("p").target_dedicated, 1);
}

TEST_F(AutoscalingTest, SamplesComeEveryThirtySeconds) {
  ASSERT_TRUE(add({{"id", "p"}}).ok());
  EXPECT_EQ(pool("p").history.at("ActiveTasks").values.size(), 1u);
  for (int i = 0; i < 59; ++i) advance(std::chrono::seconds(1));
  EXPECT_EQ(pool("p").history.at("ActiveTasks").values.size(), 2u);
  advance(std::chrono::seconds(1));
  EXPECT_EQ(pool("p").history.at("ActiveTasks").values.size(), 3u);
}

TEST_F(AutoscalingTest, SamplesThatNobodyTookAreMissing) {
  ASSERT_TRUE(add({{"id", "p"}}).ok());
  advance(std::chrono::minutes(2));
  const std::vector<double>& values = pool("p").history.at("ActiveTasks").values;
  ASSERT_EQ(values.size(), 5u);
  EXPECT_NE(values[1], values[1]);
  EXPECT_EQ(values[4], 0);
}

TEST_F(AutoscalingTest, FormulasSeeWhatNodesMeasure) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 2}}).ok());
  come_up();
  agent(node("p", 0)).sample = spec::NodeSample{.cpu_percent = 20, .network_in_bytes = 100};
  agent(node("p", 1)).sample = spec::NodeSample{.cpu_percent = 60, .network_in_bytes = 200};
  come_up();
  for (int i = 0; i < 3; ++i) {
    advance(std::chrono::seconds(10));
    come_up();
  }
  const auto result = evaluate_autoscale(
      *state, "p",
      "net=max($NetworkInBytes.GetSample(1));nodes=max($SampleNodeCount.GetSample(1));$TargetDedicatedNodes=1;");
  ASSERT_TRUE(result.ok());
  const std::string text = result.value()["results"];
  EXPECT_NE(text.find("net=300"), std::string::npos) << text;
  EXPECT_NE(text.find("nodes=2"), std::string::npos) << text;
}

TEST_F(AutoscalingTest, AnEvaluationChangesNothing) {
  ASSERT_TRUE(add_scaled("$TargetDedicatedNodes=1").ok());
  const auto result = evaluate_autoscale(*state, "p", "$TargetDedicatedNodes=7");
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result.value()["results"].get<std::string>().starts_with("$TargetDedicatedNodes=7"));
  EXPECT_EQ(pool("p").target_dedicated, 1);
}

TEST_F(AutoscalingTest, AnEvaluationThatFailsIsAnAnswerWithTheTargetsThatHold) {
  ASSERT_TRUE(add_scaled("$TargetDedicatedNodes=1").ok());
  const auto result = evaluate_autoscale(*state, "p", "$TargetDedicatedNodes=nothing");
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.value()["error"]["code"], "AutoScalingFormulaEvaluationError");
  EXPECT_EQ(result.value()["results"],
            "$TargetDedicatedNodes=1;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue");
  EXPECT_EQ(evaluate_autoscale(*state, "p", "1 +").value()["error"]["code"], "AutoScalingFormulaSyntaxError");
}

TEST_F(AutoscalingTest, AResizeOfAPoolThatScalesItselfIsRefused) {
  ASSERT_TRUE(add_scaled("$TargetDedicatedNodes=1").ok());
  EXPECT_EQ(code_of(resize_pool(*state, "p", {{"targetDedicatedNodes", 2}}, {})), "OperationInvalidForCurrentState");
  ASSERT_TRUE(disable_autoscale(*state, "p").ok());
  commit();
  come_up();
  EXPECT_EQ(code_of(resize_pool(*state, "p", {{"targetDedicatedNodes", 2}}, {})), "ok");
  EXPECT_FALSE(pool_document(pool("p")).contains("autoScaleFormula"));
}

TEST_F(AutoscalingTest, EnablingKeepsWhatIsNotNamed) {
  ASSERT_TRUE(add_scaled("$TargetDedicatedNodes=1", {{"autoScaleEvaluationInterval", "PT10M"}}).ok());
  ASSERT_TRUE(enable_autoscale(*state, "p", {{"autoScaleFormula", "$TargetDedicatedNodes=2"}}, {}).ok());
  EXPECT_EQ(pool("p").target_dedicated, 2);
  EXPECT_EQ(pool_document(pool("p"))["autoScaleEvaluationInterval"], "PT10M");
  ASSERT_TRUE(enable_autoscale(*state, "p", {{"autoScaleEvaluationInterval", "PT20M"}}, {}).ok());
  EXPECT_EQ(pool_document(pool("p"))["autoScaleFormula"], "$TargetDedicatedNodes=2");
}

TEST_F(AutoscalingTest, EnablingWithoutAFormulaIsRefused) {
  ASSERT_TRUE(add({{"id", "p"}}).ok());
  EXPECT_EQ(code_of(enable_autoscale(*state, "p", Json::object(), {})), "InvalidAutoScalingSettings");
  EXPECT_EQ(code_of(enable_autoscale(*state, "p", {{"autoScaleFormula", "1 +"}}, {})), "AutoScalingFormulaSyntaxError");
  EXPECT_EQ(pool_document(pool("p"))["enableAutoScale"], false);
}

TEST_F(AutoscalingTest, EnablingDuringAResizeIsRefused) {
  ASSERT_TRUE(add({{"id", "p"}, {"targetDedicatedNodes", 1}}).ok());
  EXPECT_EQ(code_of(enable_autoscale(*state, "p", {{"autoScaleFormula", "$TargetDedicatedNodes=1"}}, {})),
            "PoolBeingResized");
}

TEST_F(AutoscalingTest, ARestartGoesOnWithTheFormula) {
  ASSERT_TRUE(add_scaled("$TargetDedicatedNodes = max($PendingTasks.GetSample(1));").ok());
  const Json before = pool_document(pool("p"));
  start();
  EXPECT_EQ(pool_document(pool("p")), before);
  advance(std::chrono::seconds(1));
  add_job_with("j", "p", 2);
  advance(std::chrono::seconds(1));
  EXPECT_EQ(pool("p").target_dedicated, 2);
}

TEST_F(AutoscalingTest, APoolBetweenBoundsFollowsItsQueue) {
  ASSERT_TRUE(
      add({{"id", "p"}, {"taskSlotsPerNode", 2}, {"scaleBetween", {{"min", 0}, {"max", 3}, {"idle", "PT2M"}}}}).ok());
  EXPECT_EQ(pool("p").target_dedicated, 0);
  add_job_with("j", "p", 3);
  EXPECT_EQ(pool("p").target_dedicated, 2);
  add_tasks_to("j", 9);
  EXPECT_EQ(pool("p").target_dedicated, 3);
  EXPECT_EQ(pool_document(pool("p"))["enableAutoScale"], false);
}

TEST_F(AutoscalingTest, APoolBetweenBoundsShrinksAfterItWasIdle) {
  ASSERT_TRUE(add({{"id", "p"}, {"scaleBetween", {{"min", 1}, {"max", 3}, {"idle", "PT2M"}}}}).ok());
  EXPECT_EQ(pool("p").target_dedicated, 1);
  add_job_with("j", "p", 3);
  come_up();
  ASSERT_EQ(count("p", NodeState::running), 3u);
  finish_all();
  for (int i = 0; i < 119; ++i) {
    advance(std::chrono::seconds(1));
    come_up();
  }
  EXPECT_EQ(pool("p").target_dedicated, 3);
  for (int i = 0; i < 3; ++i) {
    advance(std::chrono::seconds(1));
    come_up();
  }
  EXPECT_EQ(pool("p").target_dedicated, 1);
  EXPECT_EQ(pool("p").nodes.size(), 1u);
}

TEST_F(AutoscalingTest, BoundsTheWrongWayRoundAreRefused) {
  EXPECT_EQ(code_of(add({{"id", "p"}, {"scaleBetween", {{"min", 3}, {"max", 1}}}})), "InvalidPropertyValue");
  EXPECT_EQ(code_of(add({{"id", "p"}, {"scaleBetween", {{"max", 1}, {"idle", "soon"}}}})), "InvalidPropertyValue");
  EXPECT_FALSE(has_pool("p"));
}

}  // namespace
}  // namespace scoria::batch
