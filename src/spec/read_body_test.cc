#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "base/iso8601.h"
#include "spec/fields.h"
#include "spec/shape.h"
#include "spec/versions_for_tests.h"

namespace scoria::spec {
namespace {

Json read(Body kind, std::string_view body, ApiVersion version = kNewest) {
  auto result = read_body(kind, version, body);
  EXPECT_TRUE(result.ok()) << body << "\n" << (result.ok() ? "" : result.error().message);
  return result.ok() ? std::move(result).value() : Json();
}

// "api_code property: words".
std::string refusal(Body kind, std::string_view body, ApiVersion version = kNewest) {
  const auto result = read_body(kind, version, body);
  if (result.ok()) return "";
  std::string property;
  for (const auto& [name, value] : result.error().values) {
    if (name == "PropertyName") property = value;
  }
  return result.error().api_code + " " + property;
}

std::string message(Body kind, std::string_view body) {
  const auto result = read_body(kind, kNewest, body);
  return result.ok() ? "" : result.error().message;
}

std::string task_with(std::string_view members) {
  return R"({"id":"t","commandLine":"x",)" + std::string(members) + "}";
}
std::string pool_with(std::string_view members) { return R"({"id":"p","vmSize":"s",)" + std::string(members) + "}"; }
std::string job_with(std::string_view members) {
  return R"({"id":"j","poolInfo":{"poolId":"p"},)" + std::string(members) + "}";
}

const std::map<std::string, Body> kKinds = {
    {"pool_add", Body::pool_add},
    {"pool_patch", Body::pool_patch},
    {"pool_resize", Body::pool_resize},
    {"pool_enable_autoscale", Body::pool_enable_autoscale},
    {"pool_evaluate_autoscale", Body::pool_evaluate_autoscale},
    {"job_add", Body::job_add},
    {"job_patch", Body::job_patch},
    {"job_terminate", Body::job_terminate},
    {"task_add", Body::task_add},
    {"task_collection", Body::task_collection},
    {"schedule_add", Body::schedule_add},
};

TEST(ReadBody, ReadsEveryRecordedBody) {
  int read_bodies = 0;
  const std::filesystem::path folder = std::filesystem::path(SCORIA_SOURCE_DIR) / "tests/data/batch_bodies";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    const std::string name = entry.path().stem().string();
    const auto first = name.find('@');
    const auto second = name.find('@', first + 1);
    const auto version = ApiVersion::parse(name.substr(first + 1, second - first - 1));
    ASSERT_TRUE(version.ok()) << name;
    std::ifstream file(entry.path());
    std::stringstream text;
    text << file.rdbuf();
    const auto document = read_body(kKinds.at(name.substr(0, first)), version.value(), text.str());
    ASSERT_TRUE(document.ok()) << name << ": " << document.error().message;
    // Nothing that a client sent is lost, except by renaming.
    const Json sent = Json::parse(text.str());
    for (const auto& [key, value] : sent.items()) {
      EXPECT_TRUE(document.value().contains(key) || key == "maxTasksPerNode") << name << ": " << key;
    }
    ++read_bodies;
  }
  EXPECT_GE(read_bodies, 20);
}

TEST(ReadBody, RenamesWhatOlderVersionsSend) {
  const Json pool = read(Body::pool_add, pool_with(R"("maxTasksPerNode":4)"), k2018December);
  EXPECT_EQ(pool["taskSlotsPerNode"], 4);
  EXPECT_FALSE(pool.contains("maxTasksPerNode"));
  const Json task =
      read(Body::task_add, task_with(R"("resourceFiles":[{"blobSource":"http://b","filePath":"f"}])"), k2018March);
  EXPECT_EQ(task["resourceFiles"], Json::parse(R"([{"httpUrl":"http://b","filePath":"f"}])"));
  EXPECT_EQ(refusal(Body::pool_add, pool_with(R"("maxTasksPerNode":0)"), k2018March),
            "OutOfRangeInput taskSlotsPerNode");
}

TEST(ReadBody, FillsInTheDefaultsOfTheVersion) {
  const std::string start = pool_with(R"("startTask":{"commandLine":"x","userIdentity":{"autoUser":{}}})");
  const Json older = read(Body::pool_add, start, k2018December)["startTask"];
  EXPECT_EQ(older["waitForSuccess"], false);
  EXPECT_EQ(older["userIdentity"]["autoUser"]["scope"], "task");
  const Json newer = read(Body::pool_add, start)["startTask"];
  EXPECT_EQ(newer["waitForSuccess"], true);
  EXPECT_EQ(newer["userIdentity"]["autoUser"]["scope"], "pool");
  EXPECT_EQ(newer["maxTaskRetryCount"], 0);

  const std::string task = R"({"id":"t","commandLine":"x"})";
  EXPECT_EQ(read(Body::task_add, task, k2018March)["constraints"]["retentionTime"], "P10675199DT2H48M5.4775807S");
  EXPECT_EQ(read(Body::task_add, task, k2018December)["constraints"]["retentionTime"], "P7D");
  EXPECT_EQ(read(Body::task_add, task)["requiredSlots"], 1);
  EXPECT_FALSE(read(Body::task_add, task)["constraints"].contains("maxTaskRetryCount"));  // the job's
}

TEST(ReadBody, MakesAPoolWhole) {
  const Json pool = read(Body::pool_add, R"({"id":"p","vmSize":"s"})");
  EXPECT_EQ(pool, Json::parse(R"({"id":"p","vmSize":"s","targetDedicatedNodes":0,"targetLowPriorityNodes":0,
    "enableAutoScale":false,"enableInterNodeCommunication":false,"taskSlotsPerNode":1,"resizeTimeout":"PT15M",
    "taskSchedulingPolicy":{"nodeFillType":"spread"}})"));
  const Json scaled = read(Body::pool_add, pool_with(R"("enableAutoScale":true,"autoScaleFormula":"x")"));
  EXPECT_EQ(scaled["autoScaleEvaluationInterval"], "PT15M");
  EXPECT_FALSE(scaled.contains("targetDedicatedNodes"));
}

TEST(ReadBody, MakesAJobWhole) {
  const Json job = read(Body::job_add, job_with(R"("jobPreparationTask":{"commandLine":"x"},
    "jobReleaseTask":{"commandLine":"y"},"jobManagerTask":{"id":"m","commandLine":"z"})"));
  EXPECT_EQ(job["priority"], 0);
  EXPECT_EQ(job["maxParallelTasks"], -1);
  EXPECT_EQ(job["onAllTasksComplete"], "noaction");
  EXPECT_EQ(job["usesTaskDependencies"], false);
  EXPECT_EQ(job["constraints"],
            Json::parse(R"({"maxWallClockTime":"P10675199DT2H48M5.4775807S","maxTaskRetryCount":0})"));
  EXPECT_EQ(job["jobPreparationTask"]["id"], "jobpreparation");
  EXPECT_EQ(job["jobPreparationTask"]["waitForSuccess"], true);
  EXPECT_EQ(job["jobPreparationTask"]["rerunOnNodeRebootAfterSuccess"], true);
  EXPECT_EQ(job["jobReleaseTask"]["maxWallClockTime"], "PT15M");
  EXPECT_EQ(job["jobManagerTask"]["killJobOnCompletion"], true);
  EXPECT_EQ(job["jobManagerTask"]["runExclusive"], true);
}

TEST(ReadBody, TakesIntegersThatAreWrittenAsTexts) {
  EXPECT_EQ(read(Body::pool_resize, R"({"targetDedicatedNodes":"2"})")["targetDedicatedNodes"], 2);
  EXPECT_EQ(read(Body::job_patch, R"({"priority":"-7"})")["priority"], -7);
  for (const char* priority : {R"("")", R"("5 ")", R"("x")", R"("1e3")", R"("99999999999999999999")"}) {
    EXPECT_EQ(message(Body::job_patch, "{\"priority\":" + std::string(priority) + "}"),
              "property 'priority': must be an integer");
  }
}

TEST(ReadBody, PatchesHoldOnlyWhatWasSent) {
  EXPECT_EQ(read(Body::job_patch, R"({"priority":5})"), Json::parse(R"({"priority":5})"));
  EXPECT_EQ(read(Body::job_patch, R"({"metadata":null})"), Json::object());
  EXPECT_EQ(read(Body::pool_patch, "{}"), Json::object());
  EXPECT_EQ(read(Body::job_update, R"({"poolInfo":{"poolId":"p"}})")["priority"], 0);
}

TEST(ReadBody, TakesEnumerationsInAnyCase) {
  const Json task = read(Body::task_add, task_with(R"("outputFiles":[{"filePattern":"f","destination":{"container":
    {"containerUrl":"u"}},"uploadOptions":{"uploadCondition":"taskCompletion"}}],"containerSettings":{"imageName":"i",
    "workingDirectory":"TASKWORKINGDIRECTORY"})"));
  EXPECT_EQ(task["outputFiles"][0]["uploadOptions"]["uploadCondition"], "taskcompletion");
  EXPECT_EQ(task["containerSettings"]["workingDirectory"], "taskWorkingDirectory");
  EXPECT_EQ(message(Body::job_patch, R"({"onAllTasksComplete":"stop"})"),
            "property 'onAllTasksComplete': must be one of noaction, terminatejob");
}

TEST(ReadBody, TakesDockerForDockerCompatible) {
  for (const char* type : {"docker", "dockerCompatible", "DockerCompatible"}) {
    const Json pool =
        read(Body::pool_add, pool_with(R"("virtualMachineConfiguration":{"imageReference":{},"nodeAgentSKUId":"a",
      "containerConfiguration":{"type":")" +
                                       std::string(type) + "\"}}"));
    EXPECT_EQ(pool["virtualMachineConfiguration"]["containerConfiguration"]["type"], "dockerCompatible") << type;
  }
}

TEST(ReadBody, DropsWhatItDoesNotKnowAndNulls) {
  const Json task = read(Body::task_add, task_with(R"("~":{"x":1},"colour":"red","url":"x","state":"completed",
    "displayName":null,"aaa":1,"zzz":[{"a":1}],"environmentSettings":[{"name":"A","value":null,"odata.type":"x"}])"));
  for (const char* name : {"~", "colour", "url", "state", "displayName", "aaa", "zzz"}) {
    EXPECT_FALSE(task.contains(name)) << name;
  }
  EXPECT_EQ(task["environmentSettings"], Json::parse(R"([{"name":"A"}])"));
}

TEST(ReadBody, KeepsWhatItOnlyStores) {
  const Json pool = read(Body::pool_add, pool_with(R"("networkConfiguration":{"subnetId":"s","x":[{"y":null}]},
    "certificateReferences":[{"thumbprint":"t"}],"applicationLicenses":["l"])"));
  EXPECT_EQ(pool["networkConfiguration"], Json::parse(R"({"subnetId":"s","x":[{"y":null}]})"));
  EXPECT_EQ(pool["certificateReferences"][0]["thumbprint"], "t");
}

TEST(ReadBody, TakesOurOwnFields) {
  const Json pool = read(Body::pool_add, R"({"id":"p","provider":"Joined","evaluatesOnChange":false,
    "scaleBetween":{"max":4,"idle":"PT1M"}})");
  EXPECT_EQ(pool["provider"], "joined");
  EXPECT_EQ(pool["scaleBetween"], Json::parse(R"({"min":0,"max":4,"idle":"PT1M"})"));
  EXPECT_FALSE(pool.contains("targetDedicatedNodes"));
  const Json schedule = read(Body::schedule_add, R"({"id":"s","jobSpecification":{"poolInfo":{"poolId":"p"},
    "notifications":[{"url":"https://h/x","secret":"k"}]},
    "schedule":{"cron":"0 6 * * mon","timeZone":"Europe/Zurich","overlap":"queueone","catchUp":"last"}})");
  EXPECT_EQ(schedule["schedule"]["overlap"], "queueOne");
  EXPECT_EQ(schedule["jobSpecification"]["notifications"][0]["secret"], "k");
  EXPECT_EQ(
      read(Body::task_add,
           task_with(R"("environmentSettings":[{"name":"A","value":"secret:K"}])"))["environmentSettings"][0]["value"],
      "secret:K");
}

TEST(ReadBody, TakesWholeNumbersHoweverTheyAreWritten) {
  EXPECT_EQ(read(Body::job_patch, R"({"priority":1e2})")["priority"].dump(), "100");
  EXPECT_EQ(refusal(Body::job_patch, R"({"priority":1.5})"), "InvalidRequestBody priority");
  EXPECT_EQ(refusal(Body::job_patch, R"({"priority":18446744073709551615})"), "OutOfRangeInput priority");
  EXPECT_EQ(refusal(Body::job_patch, R"({"priority":1e300})"), "InvalidRequestBody priority");
}

TEST(ReadBody, RefusesWhatIsNoBody) {
  EXPECT_EQ(refusal(Body::pool_add, ""), "InvalidRequestBody ");
  EXPECT_EQ(refusal(Body::pool_add, "{"), "InvalidRequestBody ");
  EXPECT_EQ(refusal(Body::pool_add, "[]"), "InvalidRequestBody ");
  EXPECT_EQ(refusal(Body::pool_add, "null"), "InvalidRequestBody ");
  EXPECT_EQ(refusal(Body::pool_add, std::string(100, '[')), "InvalidRequestBody ");
  EXPECT_EQ(refusal(Body::pool_add, std::string((4 << 20) + 1, ' ')), "RequestBodyTooLarge ");
}

TEST(ReadBody, TakesNoBodyWhereNothingIsRequired) {
  EXPECT_EQ(read(Body::job_terminate, ""), Json::object());
  EXPECT_EQ(read(Body::node_reboot, " ")["nodeRebootOption"], "requeue");
  EXPECT_EQ(read(Body::node_disable_scheduling, "")["nodeDisableSchedulingOption"], "requeue");
}

TEST(ReadBody, NamesTheMissingProperty) {
  EXPECT_EQ(refusal(Body::pool_add, R"({"id":"p"})"), "MissingRequiredProperty vmSize");
  EXPECT_EQ(refusal(Body::pool_add, R"({"vmSize":"p"})"), "MissingRequiredProperty id");
  EXPECT_EQ(refusal(Body::job_add, R"({"id":"j"})"), "MissingRequiredProperty poolInfo");
  EXPECT_EQ(refusal(Body::job_add, R"({"id":"j","poolInfo":{}})"), "MissingRequiredProperty poolInfo.poolId");
  EXPECT_EQ(refusal(Body::task_add, R"({"id":"t"})"), "MissingRequiredProperty commandLine");
  EXPECT_EQ(refusal(Body::task_add, R"({"id":null,"commandLine":"x"})"), "MissingRequiredProperty id");
  EXPECT_EQ(refusal(Body::job_disable, "{}"), "MissingRequiredProperty disableTasks");
  EXPECT_EQ(refusal(Body::pool_resize, "{}"), "MissingRequiredProperty targetDedicatedNodes");
  EXPECT_EQ(refusal(Body::task_add, task_with(R"("resourceFiles":[{"httpUrl":"u","filePath":"a"},{"httpUrl":"u"}])")),
            "MissingRequiredProperty resourceFiles[1].filePath");
  EXPECT_EQ(refusal(Body::task_add, task_with(R"("resourceFiles":[{"filePath":"a"}])")),
            "MissingRequiredProperty resourceFiles[0].httpUrl");
}

TEST(ReadBody, RefusesIdsThatAreNone) {
  for (const char* id : {"", "a b", "a/b", "../x", "a:b", "\xc3\xa9", "a.b",
                         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    EXPECT_EQ(refusal(Body::task_add, R"({"commandLine":"x","id":")" + std::string(id) + "\"}"),
              "InvalidPropertyValue id")
        << id;
  }
  EXPECT_EQ(refusal(Body::task_add, R"({"commandLine":"x","id":"a\u0000"})"), "InvalidPropertyValue id");
  EXPECT_EQ(refusal(Body::task_add, R"({"commandLine":"x","id":5})"), "InvalidRequestBody id");
  EXPECT_EQ(read(Body::task_add, R"({"commandLine":"x","id":"A-1_b"})")["id"], "A-1_b");
}

TEST(ReadBody, HoldsValuesToTheirRanges) {
  EXPECT_EQ(refusal(Body::job_add, job_with(R"("priority":1001)")), "OutOfRangeInput priority");
  EXPECT_EQ(refusal(Body::job_add, job_with(R"("maxParallelTasks":0)")), "OutOfRangeInput maxParallelTasks");
  EXPECT_EQ(refusal(Body::pool_add, pool_with(R"("taskSlotsPerNode":257)")), "OutOfRangeInput taskSlotsPerNode");
  EXPECT_EQ(refusal(Body::pool_add, pool_with(R"("targetDedicatedNodes":-1)")), "OutOfRangeInput targetDedicatedNodes");
  EXPECT_EQ(refusal(Body::pool_add, pool_with(R"("resizeTimeout":"PT4M59S")")), "OutOfRangeInput resizeTimeout");
  EXPECT_EQ(message(Body::pool_add, pool_with(R"("enableAutoScale":true,"autoScaleFormula":"x",
    "autoScaleEvaluationInterval":"P8D")")),
            "property 'autoScaleEvaluationInterval': must be PT1S to P7D");
  EXPECT_EQ(refusal(Body::task_add, task_with(R"("constraints":{"maxTaskRetryCount":-2})")),
            "InvalidConstraintValue constraints.maxTaskRetryCount");
  EXPECT_EQ(refusal(Body::task_add, task_with(R"("constraints":{"retentionTime":"a week"})")),
            "InvalidConstraintValue constraints.retentionTime");
  EXPECT_EQ(refusal(Body::schedule_add, R"({"id":"s","jobSpecification":{"poolInfo":{"poolId":"p"}},
    "schedule":{"recurrenceInterval":"PT59S"}})"),
            "OutOfRangeInput schedule.recurrenceInterval");
  EXPECT_EQ(refusal(Body::task_add, task_with("\"displayName\":\"" + std::string(1025, 'x') + "\"")),
            "InvalidPropertyValue displayName");
  std::string accents;
  for (int i = 0; i < 1024; ++i) accents += "\xc3\xa9";
  EXPECT_EQ(refusal(Body::task_add, task_with("\"displayName\":\"" + accents + "\"")), "");
}

TEST(ReadBody, RefusesPropertiesThatExcludeEachOther) {
  EXPECT_EQ(
      refusal(Body::pool_add, pool_with(R"("enableAutoScale":true,"autoScaleFormula":"x","targetDedicatedNodes":1)")),
      "MutuallyExclusiveProperties targetDedicatedNodes");
  EXPECT_EQ(refusal(Body::pool_add, pool_with(R"("autoScaleFormula":"x")")),
            "InvalidAutoScalingSettings autoScaleFormula");
  EXPECT_EQ(refusal(Body::pool_add, pool_with(R"("enableAutoScale":true)")),
            "MissingRequiredProperty autoScaleFormula");
  EXPECT_EQ(refusal(Body::task_add, task_with(R"("resourceFiles":[{"httpUrl":"u","storageContainerUrl":"v"}])")),
            "MutuallyExclusiveProperties resourceFiles[0].storageContainerUrl");
  EXPECT_EQ(refusal(Body::task_add, task_with(R"("userIdentity":{"username":"u","autoUser":{}})")),
            "MutuallyExclusiveProperties userIdentity.autoUser");
  EXPECT_EQ(refusal(Body::job_add, R"({"id":"j","poolInfo":{"poolId":"p","autoPoolSpecification":
    {"poolLifetimeOption":"job","pool":{"vmSize":"s"}}}})"),
            "MutuallyExclusiveProperties poolInfo.autoPoolSpecification");
}

TEST(ReadBody, ChecksWhatOneFieldAloneDoesNotShow) {
  EXPECT_EQ(refusal(Body::task_add, R"({"id":"t","commandLine":" "})"), "InvalidPropertyValue commandLine");
  EXPECT_EQ(refusal(Body::task_add, R"({"id":"t","commandLine":"","containerSettings":{"imageName":"i"}})"), "");
  EXPECT_EQ(refusal(Body::task_add, task_with(R"("environmentSettings":[{"name":"A=B","value":"c"}])")),
            "InvalidPropertyValue environmentSettings[0].name");
  EXPECT_EQ(refusal(Body::task_add, task_with(R"("environmentSettings":[{"name":"A","value":"\u0000"}])")),
            "InvalidPropertyValue environmentSettings[0].value");
  EXPECT_EQ(refusal(Body::task_add, task_with(R"("dependsOn":{"taskIdRanges":[{"start":3,"end":1}]})")),
            "InvalidPropertyValue dependsOn.taskIdRanges[0].end");
  std::string ids;
  for (int i = 0; i < 1001; ++i) ids += (i == 0 ? "\"" : ",\"") + std::string(64, 'x') + "\"";
  EXPECT_EQ(refusal(Body::task_add, task_with("\"dependsOn\":{\"taskIds\":[" + ids + "]}")),
            "TaskDependencyListTooLong dependsOn.taskIds");
  EXPECT_EQ(refusal(Body::pool_evaluate_autoscale, "{\"autoScaleFormula\":\"" + std::string(8193, 'x') + "\"}"),
            "AutoScaleFormulaTooLong autoScaleFormula");
  EXPECT_EQ(refusal(Body::job_add, job_with(R"("jobReleaseTask":{"commandLine":"x"})")),
            "MissingRequiredProperty jobPreparationTask");
  EXPECT_EQ(refusal(Body::schedule_patch, R"({"schedule":{"doNotRunUntil":"2027-01-02T00:00:00Z",
    "doNotRunAfter":"2027-01-01T00:00:00Z"}})"),
            "InvalidPropertyValue schedule.doNotRunAfter");
  EXPECT_EQ(refusal(Body::schedule_patch, R"({"schedule":{"timeZone":"UTC"}})"),
            "InvalidPropertyValue schedule.timeZone");
  EXPECT_EQ(refusal(Body::pool_remove_nodes, R"({"nodeList":[]})"), "OutOfRangeInput nodeList");
  EXPECT_EQ(refusal(Body::pool_add, pool_with(R"("scaleBetween":{"min":3,"max":2})")),
            "InvalidPropertyValue scaleBetween.min");
}

TEST(ReadBody, ShowsAWrongValueButNoSecret) {
  const auto wrong = read_body(Body::job_patch, kNewest, R"({"priority":2000})");
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().values[1], (std::pair<std::string, std::string>("PropertyValue", "2000")));
  const auto secret =
      read_body(Body::pool_add, kNewest, pool_with(R"("userAccounts":[{"name":"u","password":"hunter2\u0000"}])"));
  ASSERT_FALSE(secret.ok());
  EXPECT_EQ(secret.error().message.find("hunter2"), std::string::npos);
  for (const auto& [name, value] : secret.error().values) EXPECT_EQ(value.find("hunter2"), std::string::npos);
}

TEST(ReadBody, TellsWhichTaskOfACollectionIsWrong) {
  EXPECT_EQ(refusal(Body::task_collection, R"({"value":[{"id":"a","commandLine":"x"},{"id":"b"}]})"),
            "MissingRequiredProperty value[1].commandLine");
  EXPECT_EQ(refusal(Body::task_collection, "{}"), "MissingRequiredProperty value");
  EXPECT_EQ(refusal(Body::task_collection, R"({"value":{}})"), "InvalidRequestBody value");
}

TEST(ReadTaskCollection, GivesEachTaskItsOwnAnswer) {
  const auto read = read_task_collection(kNewest, R"({"value":[{"id":"a","commandLine":"x"},{"id":"b"},5,
    {"id":"c d","commandLine":"x"}]})");
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read.value().size(), 4u);
  EXPECT_EQ(read.value()[0].document.value()["commandLine"], "x");
  EXPECT_EQ(read.value()[1].id, "b");
  EXPECT_EQ(read.value()[1].document.error().api_code, "MissingRequiredProperty");
  EXPECT_EQ(read.value()[2].document.error().api_code, "InvalidRequestBody");
  EXPECT_EQ(read.value()[3].id, "c d");
}

TEST(ReadTaskCollection, TakesAHundredTasksAndNoMore) {
  const auto collection = [](int tasks) {
    std::string out = "{\"value\":[";
    for (int i = 0; i < tasks; ++i) {
      out += std::string(i == 0 ? "" : ",") + R"({"id":"t)" + std::to_string(i) + R"(","commandLine":"x"})";
    }
    return out + "]}";
  };
  EXPECT_TRUE(read_task_collection(kNewest, collection(100)).ok());
  const auto many = read_task_collection(kNewest, collection(101));
  ASSERT_FALSE(many.ok());
  EXPECT_EQ(many.error().api_code, "InvalidPropertyValue");
  EXPECT_EQ(read_task_collection(kNewest, std::string(5 << 20, ' ')).error().api_code, "RequestBodyTooLarge");
}

}  // namespace
}  // namespace scoria::spec
