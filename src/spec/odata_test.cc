#include "spec/odata.h"

#include <gtest/gtest.h>

namespace scoria::spec {
namespace {

bool matches(Entity entity, std::string_view filter, const Json& document) {
  const auto parsed = Filter::parse(entity, filter);
  EXPECT_TRUE(parsed.ok()) << filter << ": " << (parsed.ok() ? "" : parsed.error().message);
  return parsed.ok() && parsed.value().matches(document);
}

std::string reason(Entity entity, std::string_view filter) {
  const auto parsed = Filter::parse(entity, filter);
  if (parsed.ok()) return "";
  EXPECT_EQ(parsed.error().api_code, "InvalidQueryParameterValue");
  EXPECT_EQ(parsed.error().values[0].second, "$filter");
  return parsed.error().message;
}

const Json kTask = Json::parse(R"({
  "id":"Task-1","state":"completed","requiredSlots":2,"creationTime":"2026-11-20T11:17:12.0000000Z",
  "executionInfo":{"result":"failure","exitCode":3,"retryCount":0},"nodeInfo":{"nodeId":"n1","poolId":"p"}})");

bool task(std::string_view filter) { return matches(Entity::task, filter, kTask); }

TEST(Filter, MatchesEverythingWhenEmptyOrBlank) {
  EXPECT_TRUE(task(""));
  EXPECT_TRUE(task(" \t "));
  EXPECT_TRUE(Filter::parse(Entity::task, " ").value().is_all());
  EXPECT_FALSE(Filter::parse(Entity::task, "id eq 'x'").value().is_all());
}

TEST(Filter, ComparesTextsWithoutCase) {
  EXPECT_TRUE(task("state eq 'COMPLETED'"));
  EXPECT_TRUE(task("id eq 'task-1'"));
  EXPECT_FALSE(task("id eq 'task-2'"));
  EXPECT_TRUE(task("id gt 'task-0' and id lt 'TASK-2'"));
}

TEST(Filter, ReadsTheRecordedFilters) {
  EXPECT_TRUE(task("executionInfo/result\teq 'failure'"));
  EXPECT_TRUE(matches(Entity::job, "state eq 'active' or state eq 'completed' ", Json{{"state", "completed"}}));
  EXPECT_TRUE(
      matches(Entity::pool, "state eq 'active' and startswith(id,'p')", Json{{"state", "active"}, {"id", "P1"}}));
  const std::string prep = "poolId eq 'pool2' and jobPreparationTaskExecutionInfo/state eq 'completed'";
  EXPECT_TRUE(matches(Entity::prep_status, prep,
                      Json{{"poolId", "pool2"}, {"jobPreparationTaskExecutionInfo", {{"state", "completed"}}}}));
  EXPECT_FALSE(matches(Entity::prep_status, prep, Json{{"poolId", "pool2"}}));
}

TEST(Filter, BindsAndTighterThanOrAndNotTightest) {
  EXPECT_TRUE(task("id eq 'task-1' or id eq 'x' and state eq 'x'"));
  EXPECT_FALSE(task("(id eq 'task-1' or id eq 'x') and state eq 'x'"));
  EXPECT_TRUE(task("not state eq 'active' and id eq 'task-1'"));
  EXPECT_FALSE(task("not (state eq 'completed')"));
  EXPECT_TRUE(task("not not (state eq 'completed')"));
}

TEST(Filter, ComparesNumbersEitherWayRound) {
  EXPECT_TRUE(task("executionInfo/exitCode eq 3"));
  EXPECT_TRUE(task("executionInfo/exitCode ge 3 and executionInfo/exitCode lt 3.5"));
  EXPECT_TRUE(task("executionInfo/exitCode gt -1"));
  EXPECT_TRUE(task("4 gt executionInfo/exitCode"));
  EXPECT_FALSE(task("4 lt executionInfo/exitCode"));
}

TEST(Filter, ComparesTimesAsTimes) {
  EXPECT_TRUE(task("creationTime eq DateTime'2026-11-20T12:17:12+01:00'"));
  EXPECT_TRUE(task("creationTime lt datetime'2026-11-20T11:17:13Z'"));
  EXPECT_TRUE(task("creationTime ge DateTime'Fri, 20 Nov 2026 11:17:12 GMT'"));
  EXPECT_TRUE(task("creationTime gt 2026-11-20T11:17:11Z"));
  EXPECT_FALSE(task("creationTime gt '2026-11-21T00:00:00Z'"));
}

TEST(Filter, TakesWhatIsMissingAsEqualToNothing) {
  const Json running = Json::parse(R"({"id":"t","state":"running","executionInfo":{"retryCount":0}})");
  EXPECT_FALSE(matches(Entity::task, "executionInfo/result eq 'failure'", running));
  EXPECT_TRUE(matches(Entity::task, "executionInfo/result ne 'failure'", running));
  EXPECT_FALSE(matches(Entity::task, "executionInfo/exitCode ge 0", running));
  EXPECT_TRUE(matches(Entity::task, "executionInfo/result eq null", running));
  EXPECT_FALSE(matches(Entity::task, "executionInfo/result ne null", running));
}

TEST(Filter, ReadsDoubledQuotesAsOne) {
  EXPECT_TRUE(matches(Entity::job, "displayName eq 'it''s'", Json{{"displayName", "It's"}}));
}

TEST(Filter, TakesABooleanAlone) {
  EXPECT_TRUE(matches(Entity::node, "isDedicated", Json{{"isDedicated", true}}));
  EXPECT_TRUE(matches(Entity::node, "not isDedicated", Json{{"isDedicated", false}}));
  EXPECT_TRUE(matches(Entity::node, "isDedicated eq false", Json{{"isDedicated", false}}));
}

TEST(Filter, TakesNamesOfOlderVersions) {
  EXPECT_TRUE(matches(Entity::pool, "maxTasksPerNode eq 2", Json{{"taskSlotsPerNode", 2}}));
}

TEST(Filter, KnowsTheStateThatEveryMatchHas) {
  const auto state = [](std::string_view filter) {
    return Filter::parse(Entity::task, filter).value().required_state();
  };
  EXPECT_EQ(state("state eq 'Active'"), "active");
  EXPECT_EQ(state("id eq 'x' and state eq 'running'"), "running");
  EXPECT_EQ(state("state eq 'running' or state eq 'active'"), std::nullopt);
  EXPECT_EQ(state("not (state eq 'running')"), std::nullopt);
  EXPECT_EQ(state("state ne 'running'"), std::nullopt);
  EXPECT_EQ(state(""), std::nullopt);
}

TEST(Filter, SaysWhereItIsWrongAndWhatWasExpected) {
  EXPECT_EQ(reason(Entity::task, "colour eq 'x'"), "$filter: there is no property 'colour'");
  EXPECT_EQ(reason(Entity::task, "State eq 'x'"), "$filter: there is no property 'State'");
  EXPECT_EQ(reason(Entity::task, "executionInfo/x eq 1"), "$filter: there is no property 'executionInfo/x'");
  EXPECT_EQ(reason(Entity::task, "state"),
            "$filter: expected one of eq, ne, gt, ge, lt, le at character 6, found the end");
  EXPECT_EQ(reason(Entity::task, "state = 'x'"),
            "$filter: expected one of eq, ne, gt, ge, lt, le at character 7, found \"=\"");
  EXPECT_EQ(reason(Entity::task, "state eq active"),
            "$filter: expected a value: 'text', a number, true, false, null or DateTime'...' at character 10, found "
            "\"active\"");
  EXPECT_EQ(
      reason(Entity::task, "state eq 'x"),
      "$filter: expected a value: 'text', a number, true, false, null or DateTime'...' at character 10, found \"'x\": "
      "a quote that is never closed");
  EXPECT_EQ(reason(Entity::task, "state eq 'x' 'y'"),
            "$filter: expected 'and', 'or' or the end at character 14, found \"'y'\"");
  EXPECT_EQ(reason(Entity::task, "(state eq 'x'"), "$filter: expected ')' at character 14, found the end");
  EXPECT_EQ(reason(Entity::task, "state eq 5"),
            "$filter: property 'state' is compared with 5, must be with a text in single quotes");
  EXPECT_EQ(reason(Entity::task, "executionInfo/exitCode eq '3'"),
            "$filter: property 'exitCode' is compared with '3', must be with a number");
  EXPECT_EQ(reason(Entity::task, "creationTime gt DateTime'yesterday'"),
            "$filter: property 'creationTime' is compared with DateTime'yesterday', must be with a time, as "
            "DateTime'2026-11-29T12:00:00Z'");
  EXPECT_EQ(reason(Entity::task, "executionInfo eq 'x'"),
            "$filter: property 'executionInfo' has no single value to compare");
  EXPECT_EQ(reason(Entity::task, "startswith(requiredSlots,'1')"),
            "$filter: startswith takes a text, and 'requiredSlots' is none");
  EXPECT_NE(reason(Entity::task, "and"), "");
  EXPECT_NE(reason(Entity::task, "state eq 'a' and"), "");
  EXPECT_NE(reason(Entity::task, "startswith(id 'x')"), "");
}

TEST(Filter, IsBoundedInLengthAndDepth) {
  EXPECT_NE(reason(Entity::task, std::string(5000, ' ') + "x").find("at most 4096"), std::string::npos);
  const std::string open(64, '(');
  EXPECT_EQ(reason(Entity::task, open + "id eq 'x'" + std::string(64, ')')), "");
  EXPECT_EQ(reason(Entity::task, "(" + open + "id eq 'x'" + std::string(65, ')')),
            "$filter: nests more than 64 levels deep");
  std::string nots;
  for (int i = 0; i < 1000; ++i) nots += "not ";
  EXPECT_EQ(reason(Entity::task, nots + "id eq 'x'"), "$filter: nests more than 64 levels deep");
}

TEST(Filter, NeverReadsWhatIsNeverAnswered) { EXPECT_NE(reason(Entity::job, "notifications/secret eq 'x'"), ""); }

Json selected(Entity entity, std::string_view text, Json document) {
  const auto select = Select::parse(entity, text);
  EXPECT_TRUE(select.ok()) << text;
  if (select.ok()) select.value().apply(document);
  return document;
}

TEST(Select, KeepsWhatIsNamed) {
  EXPECT_EQ(selected(Entity::task, "id, executionInfo", kTask),
            (Json{{"id", "Task-1"}, {"executionInfo", kTask["executionInfo"]}}));
  EXPECT_EQ(selected(Entity::task, "id,executionInfo/result", kTask),
            (Json{{"id", "Task-1"}, {"executionInfo", {{"result", "failure"}}}}));
  EXPECT_EQ(selected(Entity::task, "executionInfo/result,executionInfo", kTask)["executionInfo"].size(), 3u);
  EXPECT_EQ(selected(Entity::task, "  ", kTask), kTask);
}

TEST(Select, ReadsTheRecordedSelects) {
  for (const char* text : {"id,state",
                           "id,state,allocationState,vmSize,currentDedicatedNodes,targetDedicatedNodes,"
                           "currentLowPriorityNodes,targetLowPriorityNodes"}) {
    EXPECT_TRUE(Select::parse(Entity::pool, text).ok()) << text;
  }
  EXPECT_TRUE(Select::parse(Entity::prep_status, "jobPreparationTaskExecutionInfo").ok());
}

TEST(Select, LooksIntoLists) {
  const Json node = Json::parse(R"({"id":"n","recentTasks":[{"taskId":"a","jobId":"j"},{"taskId":"b"}]})");
  EXPECT_EQ(selected(Entity::node, "recentTasks/taskId", node),
            Json::parse(R"({"recentTasks":[{"taskId":"a"},{"taskId":"b"}]})"));
}

TEST(Select, TakesTheNameThatTheClientsVersionHas) {
  EXPECT_EQ(selected(Entity::pool, "maxTasksPerNode", Json{{"maxTasksPerNode", 1}, {"id", "p"}}),
            (Json{{"maxTasksPerNode", 1}}));
  EXPECT_EQ(selected(Entity::pool, "maxTasksPerNode", Json{{"taskSlotsPerNode", 1}, {"id", "p"}}),
            (Json{{"taskSlotsPerNode", 1}}));
}

TEST(Select, RefusesWhatIsNoProperty) {
  EXPECT_EQ(Select::parse(Entity::job, "id,nope").error().message, "$select: there is no property 'nope'");
  EXPECT_EQ(Select::parse(Entity::job, "id,,state").error().message,
            "$select: a property's name is missing beside a comma");
  EXPECT_EQ(Select::parse(Entity::job, "id,").error().api_code, "InvalidQueryParameterValue");
  EXPECT_FALSE(Select::parse(Entity::job, std::string(5000, 'a')).ok());
}

}  // namespace
}  // namespace scoria::spec
