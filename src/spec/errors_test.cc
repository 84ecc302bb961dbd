#include "spec/errors.h"

#include <gtest/gtest.h>

#include <string>

#include "spec/json.h"

namespace scoria::spec {
namespace {

TEST(BatchError, TakesItsCodeAndWordsFromTheTable) {
  const Error error = batch_error("PoolNotFound");
  EXPECT_EQ(error.code, Code::not_found);
  EXPECT_EQ(error.api_code, "PoolNotFound");
  EXPECT_EQ(error.message, "The specified pool does not exist.");
}

TEST(BatchError, KeepsTheCallersWords) {
  const Error error = batch_error("OutOfRangeInput", "slots is 0", {{"PropertyName", "taskSlotsPerNode"}});
  EXPECT_EQ(error.message, "slots is 0");
  ASSERT_EQ(error.values.size(), 1u);
  EXPECT_EQ(error.values[0].second, "taskSlotsPerNode");
}

TEST(BatchError, IsABugForACodeThatIsNotInTheTable) { EXPECT_THROW(batch_error("NoSuchCode"), Bug); }

// Wire document 3.8, row by row.
TEST(HttpStatus, IsWhatAzureBatchAnswers) {
  const std::pair<int, std::vector<const char*>> table[] = {
      {412, {"ConditionNotMet"}},
      {400,
       {"InvalidQueryParameterValue", "OutOfRangeInput", "InvalidPropertyValue", "MissingRequiredProperty",
        "MissingRequiredQueryParameter", "InvalidRequestBody", "InvalidHeaderValue", "UnsupportedRequestVersion",
        "AutoScalingFormulaSyntaxError", "InvalidAutoScalingSettings", "AutoScaleFormulaTooLong",
        "InvalidConstraintValue", "TaskDependenciesNotSpecifiedOnJob", "MutuallyExclusiveProperties"}},
      {403, {"AuthenticationFailed", "InsufficientAccountPermissions"}},
      {404,
       {"PoolNotFound", "NodeNotFound", "JobNotFound", "JobScheduleNotFound", "TaskNotFound", "FileNotFound",
        "ResourceNotFound", "JobPreparationTaskNotRunOnNode"}},
      {405, {"UnsupportedHttpVerb"}},
      {411, {"MissingContentLengthHeader"}},
      {413, {"RequestBodyTooLarge"}},
      {416, {"InvalidRange"}},
      {409,
       {"PoolExists",
        "PoolBeingDeleted",
        "PoolBeingResized",
        "JobExists",
        "JobWithSameIdExists",
        "JobBeingDeleted",
        "JobBeingTerminated",
        "JobCompleted",
        "JobDisabled",
        "JobNotActive",
        "TaskExists",
        "TaskCompleted",
        "TaskNotCompleted",
        "TaskSucceeded",
        "JobScheduleExists",
        "JobScheduleBeingDeleted",
        "JobScheduleBeingTerminated",
        "JobScheduleCompleted",
        "JobScheduleDisabled",
        "OperationInvalidForCurrentState",
        "TaskFilesUnavailable",
        "TaskFilesCleanedup",
        "NodeStateUnusable",
        "NodeAlreadyInTargetSchedulingState",
        "TaskIdSameAsJobPreparationTask",
        "ActiveJobAndScheduleQuotaReached",
        "PoolQuotaReached",
        "TooManyEnableAutoScaleRequests"}},
      {500, {"InternalError", "OperationTimedOut"}},
      {503, {"ServerBusy"}},
  };
  for (const auto& [status, codes] : table) {
    for (const char* code : codes) EXPECT_EQ(http_status(batch_error(code)), status) << code;
  }
}

TEST(HttpStatus, FollowsOurOwnCodeWhereAzureHasNone) {
  EXPECT_EQ(http_status({Code::invalid, "x"}), 400);
  EXPECT_EQ(http_status({Code::not_found, "x"}), 404);
  EXPECT_EQ(http_status({Code::denied, "x"}), 403);
  EXPECT_EQ(http_status({Code::exhausted, "disk full"}), 503);
  EXPECT_EQ(http_status({Code::unsupported, "x"}), 501);
  EXPECT_EQ(http_status({Code::not_found, "x", "BlobNotFound"}), 404);
}

TEST(ErrorBody, IsWhatClientsParse) {
  const auto body = Json::parse(error_body(batch_error("PoolExists", {}, {{"a", "b"}}), "http://localhost:8080/",
                                           "1234", "2026-11-29T12:00:00.0000000Z"));
  EXPECT_EQ(body, Json::parse(R"({
    "odata.metadata":"http://localhost:8080/$metadata#Microsoft.Azure.Batch.Protocol.Entities.Container.errors/@Element",
    "code":"PoolExists",
    "message":{"lang":"en-US","value":"The specified pool already exists.\nRequestId:1234\nTime:2026-11-29T12:00:00.0000000Z"},
    "values":[{"key":"a","value":"b"}]})"));
}

TEST(ErrorBody, IsJsonWhateverTheMessageHolds) {
  const auto body = Json::parse(error_body({Code::invalid, "id '\xff\"\n'"}, "http://h", "r", "t"));
  EXPECT_EQ(body["code"], "InvalidInput");
  EXPECT_FALSE(body.contains("values"));
}

}  // namespace
}  // namespace scoria::spec
