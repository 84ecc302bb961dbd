// The Batch surface noun by noun: codes, headers, bodies, as Azure Batch's clients expect them.
#include "server/whole_server_for_tests.h"

namespace scoria::server {
namespace {

using Pools = WholeServerTest;
using Jobs = WholeServerTest;
using Tasks = WholeServerTest;
using Schedules = WholeServerTest;
using Lists = WholeServerTest;
using Accounts = WholeServerTest;
using Own = WholeServerTest;

TEST_F(Pools, AreAddedWithAnEmptyBodyAndShownWithTheirStamp) {
  add_pool("p1");
  const Heard added = send_json(
      "POST", "/pools", Json{{"id", "P1"}, {"vmSize", "a"}, {"cloudServiceConfiguration", {{"osFamily", "5"}}}});
  EXPECT_EQ(added.status, 409);
  EXPECT_EQ(added.code(), "PoolExists");
  const Heard shown = send("GET", "/pools/p1");
  ASSERT_EQ(shown.status, 200) << shown.body;
  EXPECT_EQ(shown.json()["id"], "p1");
  EXPECT_EQ(shown.json()["url"], "http://localhost:10100/pools/p1");
  EXPECT_EQ(shown.json()["state"], "active");
  EXPECT_FALSE(shown.json().contains("~"));
  EXPECT_FALSE(shown.json().contains("resizeErrors"));
  EXPECT_EQ(shown.header("ETag"), "\"" + shown.json()["eTag"].get<std::string>() + "\"");
  EXPECT_NE(shown.header("Last-Modified"), "");
}

TEST_F(Pools, SayWhereTheyAreWhenAdded) {
  const Heard added = send_json(
      "POST", "/pools",
      Json{{"id", "p1"},
           {"vmSize", "standard_d2_v2"},
           {"virtualMachineConfiguration",
            {{"imageReference", {{"publisher", "p"}, {"offer", "o"}, {"sku", "s"}}}, {"nodeAgentSKUId", "n"}}}});
  ASSERT_EQ(added.status, 201) << added.body;
  EXPECT_EQ(added.body, "");
  EXPECT_EQ(added.header("DataServiceId"), "http://localhost:10100/pools/p1");
  EXPECT_NE(added.header("ETag"), "");
}

TEST_F(Pools, ExistOrNotByHead) {
  add_pool("p1");
  EXPECT_EQ(send("HEAD", "/pools/p1").status, 200);
  const Heard missing = send("HEAD", "/pools/nope");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.body, "");
}

TEST_F(Pools, ObeyConditions) {
  add_pool("p1");
  const std::string tag = send("GET", "/pools/p1").header("ETag");
  EXPECT_EQ(send("GET", "/pools/p1", "", {{"If-None-Match", tag}}).status, 304);
  EXPECT_EQ(send("GET", "/pools/p1", "", {{"If-Match", "\"0x1\""}}).code(), "ConditionNotMet");
  const Heard refused = send_json("PATCH", "/pools/p1", Json{{"metadata", Json::array()}}, {{"If-Match", "\"0x1\""}});
  EXPECT_EQ(refused.status, 412);
  EXPECT_EQ(send_json("PATCH", "/pools/p1", Json{{"metadata", Json::array()}}, {{"If-Match", tag}}).status, 200);
}

TEST_F(Pools, AreShownInTheShapeOfTheClientsVersion) {
  add_pool("p1", {{"taskSlotsPerNode", 2}});
  EXPECT_EQ(send("GET", "/pools/p1").json()["taskSlotsPerNode"], 2);
  const Json older = send("GET", "/pools/p1?api-version=2018-12-01.8.0").json();
  EXPECT_EQ(older["maxTasksPerNode"], 2);
  EXPECT_FALSE(older.contains("taskSlotsPerNode"));
}

TEST_F(Pools, EvaluateFormulasWithABody) {
  add_pool("p1", {{"enableAutoScale", true}, {"autoScaleFormula", "$TargetDedicatedNodes=0;"}});
  const Heard fine =
      send_json("POST", "/pools/p1/evaluateautoscale", Json{{"autoScaleFormula", "$TargetDedicatedNodes=2"}});
  ASSERT_EQ(fine.status, 200) << fine.body;
  EXPECT_NE(fine.json().value("results", "").find("$TargetDedicatedNodes=2"), std::string::npos);
  const Heard undefined =
      send_json("POST", "/pools/p1/evaluateautoscale", Json{{"autoScaleFormula", "$TargetDedicatedNodes=nope"}});
  EXPECT_EQ(undefined.status, 200);
  EXPECT_EQ(undefined.json()["error"]["code"], "AutoScalingFormulaEvaluationError");
}

TEST_F(Pools, AreDeletedLater) {
  add_pool("p1");
  EXPECT_EQ(send("DELETE", "/pools/p1").status, 202);
  EXPECT_EQ(send("DELETE", "/pools/other").code(), "PoolNotFound");
}

TEST_F(Jobs, GoFromAddedToTerminated) {
  add_pool("p1");
  add_job("j1", "p1");
  EXPECT_EQ(send_json("POST", "/jobs", Json{{"id", "j1"}, {"poolInfo", {{"poolId", "p1"}}}}).code(), "JobExists");
  EXPECT_EQ(send("GET", "/jobs/j1").json()["state"], "active");
  EXPECT_EQ(send_json("PATCH", "/jobs/j1", Json{{"priority", 5}}).status, 200);
  EXPECT_EQ(send("GET", "/jobs/J1").json()["priority"], 5);
  EXPECT_EQ(send("POST", "/jobs/j1/terminate").status, 202);
  EXPECT_EQ(send("GET", "/jobs/j1").json()["state"], "completed");
  EXPECT_EQ(send("GET", "/jobs/none").code(), "JobNotFound");
  EXPECT_EQ(send("DELETE", "/jobs/j1").status, 202);
}

TEST_F(Jobs, CountTasksFlatForOldClientsAndNestedForNewOnes) {
  add_pool("p1");
  add_job("j1", "p1");
  add_task("j1", "t1");
  add_task("j1", "t2");
  EXPECT_EQ(send("GET", "/jobs/j1/taskcounts").json()["taskCounts"]["active"], 2);
  const Json flat = send("GET", "/jobs/j1/taskcounts?api-version=2018-12-01.8.0").json();
  EXPECT_EQ(flat["active"], 2);
  EXPECT_EQ(flat["completed"], 0);
  EXPECT_FALSE(flat.contains("validationStatus"));
  EXPECT_EQ(send("GET", "/jobs/j1/taskcounts?api-version=2018-03-01.6.1").json()["validationStatus"], "Validated");
}

TEST_F(Tasks, AreAddedShownAndDeletedWithAzuresCodes) {
  add_pool("p1");
  add_job("j1", "p1");
  const Heard added = send_json("POST", "/jobs/j1/tasks", Json{{"id", "t1"}, {"commandLine", "echo"}});
  EXPECT_EQ(added.status, 201);
  EXPECT_EQ(added.body, "");
  EXPECT_EQ(added.header("Location"), "http://localhost:10100/jobs/j1/tasks/t1");
  EXPECT_EQ(send_json("POST", "/jobs/j1/tasks", Json{{"id", "T1"}, {"commandLine", "echo"}}).code(), "TaskExists");
  const Json shown = send("GET", "/jobs/j1/tasks/t1").json();
  EXPECT_EQ(shown["commandLine"], "echo");
  EXPECT_EQ(shown["state"], "active");
  EXPECT_EQ(shown["url"], "http://localhost:10100/jobs/j1/tasks/t1");
  EXPECT_EQ(send("GET", "/jobs/j1/tasks/t1/files/stdout.txt").code(), "OperationInvalidForCurrentState");
  EXPECT_EQ(send("POST", "/jobs/j1/tasks/t1/terminate").status, 204);
  EXPECT_EQ(send("GET", "/jobs/j1/tasks/t1").json()["state"], "completed");
  EXPECT_EQ(send("DELETE", "/jobs/j1/tasks/t1").status, 200);
  EXPECT_EQ(send("GET", "/jobs/j1/tasks/t1").code(), "TaskNotFound");
}

TEST_F(Tasks, OfACollectionAreAnsweredOneByOne) {
  add_pool("p1");
  add_job("j1", "p1");
  add_task("j1", "b");
  const Heard answer = send_json("POST", "/jobs/j1/addtaskcollection",
                                 Json{{"value",
                                       {{{"id", "a"}, {"commandLine", "x"}},
                                        {{"id", "b"}, {"commandLine", "x"}},
                                        {{"id", "c"}, {"commandLine", 7}}}}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json value = answer.json()["value"];
  ASSERT_EQ(value.size(), 3u) << answer.body;
  EXPECT_EQ(value[0]["status"], "success");
  EXPECT_EQ(value[0]["location"], "http://localhost:10100/jobs/j1/tasks/a");
  EXPECT_EQ(value[1]["status"], "clienterror");
  EXPECT_EQ(value[1]["error"]["code"], "TaskExists");
  EXPECT_EQ(value[2]["status"], "clienterror");
  EXPECT_EQ(value[2]["taskId"], "c");
  EXPECT_TRUE(value[2]["error"]["message"].contains("value"));
}

TEST_F(Tasks, OfATooLargeCollectionAreRefusedTogether) {
  add_pool("p1");
  add_job("j1", "p1");
  Json tasks = Json::array();
  for (int i = 0; i < 101; ++i) tasks.push_back({{"id", std::to_string(i)}, {"commandLine", "x"}});
  EXPECT_EQ(send_json("POST", "/jobs/j1/addtaskcollection", Json{{"value", tasks}}).status, 400);
}

TEST_F(Lists, GoOnByALinkWithTheTokenSecond) {
  add_pool("p1");
  add_job("j1", "p1");
  for (const char* id : {"a", "b", "c"}) add_task("j1", id);
  const Heard first = send("GET", "/jobs/j1/tasks?api-version=2018-12-01.8.0&maxresults=2&$select=id");
  ASSERT_EQ(first.status, 200) << first.body;
  ASSERT_EQ(first.json()["value"].size(), 2u);
  EXPECT_EQ(first.json()["value"][0], (Json{{"id", "a"}}));
  const std::string link = first.json()["odata.nextLink"];
  EXPECT_EQ(link.find("http://localhost:10100/jobs/j1/tasks?api-version=2018-12-01.8.0&$skiptoken="), 0u) << link;
  const Heard second = send("GET", link.substr(std::string("http://localhost:10100").size()));
  ASSERT_EQ(second.json()["value"].size(), 1u) << second.body;
  EXPECT_EQ(second.json()["value"][0], (Json{{"id", "c"}}));
  EXPECT_FALSE(second.json().contains("odata.nextLink"));
}

TEST_F(Lists, HaveNoLinkWhenThePageHoldsAll) {
  add_pool("p1");
  add_pool("p2");
  const Heard exactly = send("GET", "/pools?maxresults=2");
  EXPECT_EQ(exactly.json()["value"].size(), 2u);
  EXPECT_FALSE(exactly.json().contains("odata.nextLink"));
}

TEST_F(Lists, AreFilteredAsRSendsIt) {
  add_pool("p1");
  add_pool("p2");
  EXPECT_EQ(send("GET", "/pools?$filter=").json()["value"].size(), 2u);
  EXPECT_EQ(send("GET", "/pools?$filter=state%20eq%20'active'%20").json()["value"].size(), 2u);
  EXPECT_EQ(send("GET", "/pools?$filter=id%09eq%20'p2'").json()["value"].size(), 1u);
  EXPECT_EQ(send("GET", "/pools?$filter=nothing%20eq%201").code(), "InvalidQueryParameterValue");
}

TEST_F(Lists, RefuseWhatIsNoPageSize) {
  EXPECT_EQ(send("GET", "/pools?maxresults=0").status, 400);
  EXPECT_EQ(send("GET", "/pools?maxresults=1001").code(), "OutOfRangeInput");
  EXPECT_EQ(send("GET", "/pools?maxresults=x").code(), "InvalidQueryParameterValue");
  EXPECT_EQ(send("GET", "/pools?$expand=junk").code(), "InvalidQueryParameterValue");
  EXPECT_EQ(send("GET", "/pools?$expand=stats").status, 200);
  EXPECT_EQ(send("GET", "/pools?$skiptoken=%3d%3d").code(), "InvalidQueryParameterValue");
}

TEST_F(Schedules, MakeTheirFirstJobAndAnswerWithAzuresCodes) {
  add_pool("p1");
  const Heard added = send_json("POST", "/jobschedules",
                                Json{{"id", "s1"},
                                     {"schedule", {{"recurrenceInterval", "PT1M"}}},
                                     {"jobSpecification", {{"poolInfo", {{"poolId", "p1"}}}}}});
  ASSERT_EQ(added.status, 201) << added.body;
  EXPECT_EQ(send("HEAD", "/jobschedules/s1").status, 200);
  EXPECT_EQ(send("HEAD", "/jobschedules/s2").status, 404);
  EXPECT_EQ(send("POST", "/jobschedules/s1/disable").status, 204);
  EXPECT_EQ(send("GET", "/jobschedules/s1").json()["state"], "disabled");
  EXPECT_EQ(send("POST", "/jobschedules/s1/enable").status, 204);
  const Heard run = send("POST", "/scoria/v1/schedules/s1/run");
  ASSERT_EQ(run.status, 201) << run.body;
  const Json jobs = send("GET", "/jobschedules/s1/jobs").json()["value"];
  ASSERT_GE(jobs.size(), 1u);
  const std::string id = jobs[0]["id"];
  EXPECT_EQ(send("GET", "/jobs/" + id).status, 200) << id;
  EXPECT_EQ(send("POST", "/jobschedules/s1/terminate").status, 202);
  EXPECT_EQ(send("DELETE", "/jobschedules/s1").status, 202);
}

TEST_F(Accounts, ListImagesByTheNameOfTheVersion) {
  const Json images = send("GET", "/supportedimages").json()["value"];
  ASSERT_FALSE(images.empty());
  EXPECT_EQ(images[0]["osType"], "linux");
  const Json skus = send("GET", "/nodeagentskus?api-version=2018-12-01.8.0").json()["value"];
  ASSERT_FALSE(skus.empty());
  EXPECT_TRUE(skus[0].contains("verifiedImageReferences")) << skus[0];
}

TEST_F(Accounts, CountNodesByStateAndKind) {
  add_pool("p1");
  const Json counts = send("GET", "/nodecounts").json()["value"];
  ASSERT_EQ(counts.size(), 1u);
  EXPECT_EQ(counts[0]["poolId"], "p1");
  EXPECT_EQ(counts[0]["dedicated"]["total"], 0);
}

TEST_F(Accounts, SayWhatIsNotThere) {
  EXPECT_EQ(send("GET", "/applications").json()["value"], Json::array());
  EXPECT_EQ(send("GET", "/applications/a").code(), "ApplicationNotFound");
  const Heard users = send("POST", "/pools/p/nodes/n/users");
  EXPECT_EQ(users.status, 501);
  EXPECT_EQ(users.code(), "NotImplemented");
  EXPECT_EQ(send("GET", "/certificates").status, 501);
}

TEST_F(Own, SecretsAreKeptAndNeverShown) {
  EXPECT_EQ(send_json("PUT", "/scoria/v1/secrets/db", Json{{"value", "hunter2"}}).status, 204);
  const Heard listed = send("GET", "/scoria/v1/secrets");
  EXPECT_EQ(listed.json()["value"][0]["name"], "db");
  EXPECT_EQ(listed.body.find("hunter2"), std::string::npos);
  EXPECT_EQ(secrets_->open("DB").value(), "hunter2");
  EXPECT_EQ(send_json("PUT", "/scoria/v1/secrets/bad%20name", Json{{"value", "x"}}).status, 400);
  EXPECT_EQ(send_json("PUT", "/scoria/v1/secrets/db", Json{{"value", 7}}).status, 400);
  EXPECT_EQ(send("DELETE", "/scoria/v1/secrets/db").status, 204);
  EXPECT_EQ(send("DELETE", "/scoria/v1/secrets/db").status, 404);
}

TEST_F(Own, UsageIsThereFromTheStart) {
  const Heard usage = send("GET", "/scoria/v1/usage");
  EXPECT_EQ(usage.status, 200) << usage.body;
  EXPECT_TRUE(usage.json()["pools"].is_array());
}

TEST_F(Own, StateSurvivesARestart) {
  add_pool("p1");
  add_job("j1", "p1");
  add_task("j1", "t1");
  stop();
  start();
  EXPECT_EQ(send("GET", "/jobs/j1/tasks/t1").json()["state"], "active");
  EXPECT_EQ(send("GET", "/jobs/j1/taskcounts").json()["taskCounts"]["active"], 1);
}

}  // namespace
}  // namespace scoria::server
