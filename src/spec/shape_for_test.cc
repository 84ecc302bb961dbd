#include <gtest/gtest.h>

#include "spec/fields.h"
#include "spec/shape.h"
#include "spec/versions_for_tests.h"

namespace scoria::spec {
namespace {

Json shaped(Entity entity, ApiVersion version, std::string_view document) {
  Json json = Json::parse(document);
  shape_for(entity, version, json);
  return json;
}

TEST(ShapeFor, DropsWhatIsPrivateOfEveryVersion) {
  for (const ApiVersion version : {k2018March, kNewest}) {
    EXPECT_EQ(shaped(Entity::task, version, R"({"id":"t","~":{"x":1},"executionInfo":{"retryCount":0,"~":1}})"),
              Json::parse(R"({"id":"t","executionInfo":{"retryCount":0}})"));
  }
}

TEST(ShapeFor, NeverAnswersSecrets) {
  const Json pool = shaped(Entity::pool, kNewest, R"({"id":"p",
    "userAccounts":[{"name":"u","password":"s3cret","linuxUserConfiguration":{"uid":1,"sshPrivateKey":"s3cret"}}],
    "startTask":{"commandLine":"x","containerSettings":{"imageName":"i","registry":{"username":"u","password":"s3cret"}}},
    "virtualMachineConfiguration":{"containerConfiguration":{"containerRegistries":[{"username":"u","password":"s3cret"}]},
      "extensions":[{"name":"e","protectedSettings":{"k":"s3cret"}}]},
    "mountConfiguration":[{"azureBlobFileSystemConfiguration":{"accountName":"a","accountKey":"s3cret","sasKey":"s3cret"}},
      {"cifsMountConfiguration":{"username":"u","password":"s3cret"}},
      {"azureFileShareConfiguration":{"accountName":"a","accountKey":"s3cret"}}]})");
  EXPECT_EQ(pool.dump().find("s3cret"), std::string::npos);
  EXPECT_EQ(pool["userAccounts"][0]["name"], "u");
  const Json job = shaped(Entity::job, kNewest, R"({"notifications":[{"url":"http://h","secret":"s3cret"}],
    "jobManagerTask":{"containerSettings":{"registry":{"password":"s3cret"}}},
    "poolInfo":{"autoPoolSpecification":{"pool":{"userAccounts":[{"password":"s3cret"}]}}}})");
  EXPECT_EQ(job.dump().find("s3cret"), std::string::npos);
  const Json schedule = shaped(Entity::schedule, kNewest,
                               R"({"jobSpecification":{"notifications":[{"url":"http://h","secret":"s3cret"}]}})");
  EXPECT_EQ(schedule.dump().find("s3cret"), std::string::npos);
}

TEST(ShapeFor, CallsSlotsTasksBefore202009) {
  constexpr std::string_view kPool = R"({"taskSlotsPerNode":2})";
  EXPECT_EQ(shaped(Entity::pool, k2020March, kPool), Json::parse(R"({"maxTasksPerNode":2})"));
  EXPECT_EQ(shaped(Entity::pool, k2020September, kPool), Json::parse(kPool));
  EXPECT_EQ(
      shaped(
          Entity::job, k2020March,
          R"({"poolInfo":{"autoPoolSpecification":{"pool":{"taskSlotsPerNode":2}}}})")["poolInfo"]
                                                                                      ["autoPoolSpecification"]["pool"],
      Json::parse(R"({"maxTasksPerNode":2})"));
  EXPECT_FALSE(shaped(Entity::task, k2020March, R"({"requiredSlots":1})").contains("requiredSlots"));
  EXPECT_FALSE(shaped(Entity::node, k2020March, R"({"runningTaskSlotsCount":1})").contains("runningTaskSlotsCount"));
}

TEST(ShapeFor, CallsUrlsOfResourceFilesBlobSourcesBefore201812) {
  constexpr std::string_view kTaskWithFiles = R"({"resourceFiles":[{"httpUrl":"u","filePath":"f"}]})";
  EXPECT_EQ(shaped(Entity::task, k2018August, kTaskWithFiles),
            Json::parse(R"({"resourceFiles":[{"blobSource":"u","filePath":"f"}]})"));
  EXPECT_EQ(shaped(Entity::task, k2018December, kTaskWithFiles), Json::parse(kTaskWithFiles));
}

TEST(ShapeFor, FlattensTaskCountsBefore202009) {
  constexpr std::string_view kCounts = R"({"taskCounts":{"active":1,"running":2,"completed":3,"succeeded":2,"failed":1},
    "taskSlotCounts":{"active":1,"running":2,"completed":3,"succeeded":2,"failed":1}})";
  EXPECT_EQ(shaped(Entity::task_counts, kNewest, kCounts), Json::parse(kCounts));
  EXPECT_EQ(shaped(Entity::task_counts, k2020September, kCounts), Json::parse(kCounts));
  EXPECT_EQ(shaped(Entity::task_counts, k2018December, kCounts),
            Json::parse(R"({"active":1,"running":2,"completed":3,"succeeded":2,"failed":1})"));
}

TEST(ShapeFor, ValidatesTaskCountsUpTo201803) {
  EXPECT_EQ(shaped(Entity::task_counts, k2018March, R"({"taskCounts":{"active":1},"taskSlotCounts":{}})"),
            Json::parse(R"({"active":1,"validationStatus":"Validated"})"));
  EXPECT_FALSE(shaped(Entity::task_counts, k2018August, R"({"taskCounts":{"active":1}})").contains("validationStatus"));
}

TEST(ShapeFor, ListsAgentsWithTheirImagesBefore201906) {
  constexpr std::string_view kImage = R"({"nodeAgentSKUId":"a","imageReference":{"publisher":"p"},"osType":"linux",
    "verificationType":"verified"})";
  EXPECT_EQ(shaped(Entity::image, k2019June, kImage), Json::parse(kImage));
  EXPECT_EQ(shaped(Entity::image, k2018December, kImage),
            Json::parse(R"({"id":"a","verifiedImageReferences":[{"publisher":"p"}],"osType":"linux"})"));
  constexpr std::string_view kAgent = R"({"id":"a","osType":"linux","verifiedImageReferences":[{"sku":"s"}]})";
  EXPECT_EQ(shaped(Entity::image, k2018December, kAgent), Json::parse(kAgent));
}

TEST(ShapeFor, CallsContainersDockerUpTo201803) {
  constexpr std::string_view kPool =
      R"({"virtualMachineConfiguration":{"containerConfiguration":{"type":"dockerCompatible"}}})";
  EXPECT_EQ(shaped(Entity::pool, k2018March, kPool)["virtualMachineConfiguration"]["containerConfiguration"]["type"],
            "docker");
  EXPECT_EQ(shaped(Entity::pool, k2018August, kPool), Json::parse(kPool));
}

TEST(ShapeFor, LeavesOutResizeErrorsThatAreNone) {
  EXPECT_FALSE(shaped(Entity::pool, kNewest, R"({"resizeErrors":[]})").contains("resizeErrors"));
  EXPECT_TRUE(shaped(Entity::pool, kNewest, R"({"resizeErrors":[{"code":"c"}]})").contains("resizeErrors"));
}

TEST(ShapeFor, EchoesTheConstraintsThatATaskHasNotSet) {
  EXPECT_EQ(
      shaped(Entity::task, kNewest, R"({"constraints":{"retentionTime":"P7D"}})")["constraints"],
      Json::parse(R"({"retentionTime":"P7D","maxTaskRetryCount":0,"maxWallClockTime":"P10675199DT2H48M5.4775807S"})"));
  EXPECT_FALSE(shaped(Entity::task, kNewest, R"({"id":"t"})").contains("constraints"));
}

// The version table, row by row: who is told of what.
TEST(ShapeFor, TellsNoVersionOfWhatCameAfterIt) {
  const struct {
    Entity entity;
    int since;
    const char* document;
    Json::json_pointer where;
  } rows[] = {
      {Entity::node, 20180801, R"({"nodeAgentInfo":{"version":"1"}})", Json::json_pointer("/nodeAgentInfo")},
      {Entity::task, 20190601, R"({"containerSettings":{"workingDirectory":"taskWorkingDirectory"}})",
       Json::json_pointer("/containerSettings/workingDirectory")},
      {Entity::pool, 20190801, R"({"mountConfiguration":[]})", Json::json_pointer("/mountConfiguration")},
      {Entity::pool, 20200301, R"({"virtualMachineConfiguration":{"diskEncryptionConfiguration":{}}})",
       Json::json_pointer("/virtualMachineConfiguration/diskEncryptionConfiguration")},
      {Entity::job, 20210601, R"({"maxParallelTasks":-1})", Json::json_pointer("/maxParallelTasks")},
      {Entity::pool, 20210601, R"({"identity":{}})", Json::json_pointer("/identity")},
      {Entity::job, 20220101, R"({"allowTaskPreemption":false})", Json::json_pointer("/allowTaskPreemption")},
      {Entity::task, 20220101, R"({"outputFiles":[{"destination":{"container":{"uploadHeaders":[]}}}]})",
       Json::json_pointer("/outputFiles/0/destination/container/uploadHeaders")},
      {Entity::pool, 20221001, R"({"targetNodeCommunicationMode":"default"})",
       Json::json_pointer("/targetNodeCommunicationMode")},
      {Entity::pool, 20231101, R"({"resourceTags":{}})", Json::json_pointer("/resourceTags")},
      {Entity::pool, 20240201, R"({"upgradePolicy":{}})", Json::json_pointer("/upgradePolicy")},
  };
  for (const auto& row : rows) {
    EXPECT_TRUE(shaped(row.entity, ApiVersion{row.since}, row.document).contains(row.where)) << row.document;
    EXPECT_FALSE(shaped(row.entity, ApiVersion{row.since - 1}, row.document).contains(row.where)) << row.document;
  }
}

TEST(ShapeFor, CallsTheOsVersionItsTargetBefore201812) {
  constexpr std::string_view kPool = R"({"cloudServiceConfiguration":{"osFamily":"5","osVersion":"*"}})";
  EXPECT_EQ(shaped(Entity::pool, k2018August, kPool)["cloudServiceConfiguration"]["targetOSVersion"], "*");
  EXPECT_EQ(shaped(Entity::pool, k2018December, kPool), Json::parse(kPool));
}

TEST(ShapeFor, KeepsWhatTheServerAdds) {
  constexpr std::string_view kJob = R"({"odata.metadata":"m","url":"u","id":"j","stats":{"x":1}})";
  EXPECT_EQ(shaped(Entity::job, k2018March, kJob), Json::parse(kJob));
}

// The walks over fields and members rely on it.
TEST(Fields, AreInOrderAndUnique) {
  for (const Entity entity : {Entity::pool, Entity::node, Entity::job, Entity::task, Entity::schedule,
                              Entity::prep_status, Entity::task_counts, Entity::node_counts, Entity::image}) {
    const EntityType type = entity_type(entity);
    for (const Type* part : {type.submitted, type.added}) {
      for (std::size_t i = 1; i < part->fields.size(); ++i) EXPECT_LT(part->fields[i - 1].name, part->fields[i].name);
    }
    for (const Field& field : type.added->fields)
      EXPECT_EQ(find_field(*type.submitted, field.name), nullptr) << field.name;
  }
}

}  // namespace
}  // namespace scoria::spec
