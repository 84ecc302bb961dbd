#include <string>

#include "spec/fields.h"

namespace scoria::spec {
namespace {

constexpr std::string_view kOnAllTasksComplete[] = {"noaction", "terminatejob"};
constexpr std::string_view kOnTaskFailure[] = {"noaction", "performexitoptionsjobaction"};
constexpr std::string_view kPoolLifetimes[] = {"jobschedule", "job"};
constexpr std::string_view kJobDisableOptions[] = {"requeue", "terminate", "wait"};
constexpr std::string_view kJobStates[] = {"active",      "disabling", "disabled", "enabling",
                                           "terminating", "completed", "deleting"};
constexpr std::string_view kPreparationStates[] = {"running", "completed"};

constexpr auto kAutoPoolFields = fields({
    text("autoPoolIdPrefix", 1, 20),
    one_of("poolLifetimeOption", kPoolLifetimes).required(),
    boolean("keepAlive").otherwise("false"),
    object("pool", kPoolSpecification).required(),
});
constexpr Type kAutoPool{kAutoPoolFields};
constexpr auto kPoolInfoFields = fields({id("poolId"), object("autoPoolSpecification", kAutoPool)});
constexpr Choice kPoolInfoChoices[] = {{{"poolId", "autoPoolSpecification", ""}, true}};
constexpr Type kPoolInfo{kPoolInfoFields, kPoolInfoChoices};

constexpr auto kJobConstraintsFields = fields({
    duration("maxWallClockTime").constraint().otherwise(kForeverText),
    integer("maxTaskRetryCount", -1).constraint().otherwise("0"),
});
constexpr Type kJobConstraints{kJobConstraintsFields};

constexpr auto kJobManagerFields = fields({
    id("id").required(),
    text("displayName", 0, 1024),
    text("commandLine", 0, 64 << 10).required(),
    object("containerSettings", kContainerSettings),
    objects("resourceFiles", kResourceFile),
    objects("outputFiles", kOutputFile),
    objects("environmentSettings", kEnvironmentSetting),
    object("constraints", kTaskConstraints).filled(),
    integer("requiredSlots", 1, 256).since(kTaskSlots.date).otherwise("1"),
    boolean("killJobOnCompletion").otherwise("true"),
    object("userIdentity", kUserIdentity),
    boolean("runExclusive").otherwise("true"),
    objects("applicationPackageReferences", kApplicationPackageReference),
    object("authenticationTokenSettings", kAuthenticationTokenSettings),
    boolean("allowLowPriorityNode").otherwise("true"),
});
constexpr Type kJobManager{kJobManagerFields, {}, check_command};

constexpr auto kJobPreparationFields = fields({
    id("id").otherwise("jobpreparation"),
    text("commandLine", 0, 64 << 10).required(),
    object("containerSettings", kContainerSettings),
    objects("resourceFiles", kResourceFile),
    objects("environmentSettings", kEnvironmentSetting),
    object("constraints", kTaskConstraints).filled(),
    boolean("waitForSuccess").otherwise("true"),
    object("userIdentity", kUserIdentity),
    boolean("rerunOnNodeRebootAfterSuccess").otherwise("true"),
});
constexpr Type kJobPreparation{kJobPreparationFields, {}, check_command};

constexpr auto kJobReleaseFields = fields({
    id("id").otherwise("jobrelease"),
    text("commandLine", 0, 64 << 10).required(),
    object("containerSettings", kContainerSettings),
    objects("resourceFiles", kResourceFile),
    objects("environmentSettings", kEnvironmentSetting),
    duration("maxWallClockTime", 0, 15 * 60).constraint().otherwise("PT15M"),
    duration("retentionTime").constraint().otherwise("P7D").before(kResourceFileUrls.date, kForeverText),
    object("userIdentity", kUserIdentity),
});
constexpr Type kJobRelease{kJobReleaseFields, {}, check_command};

constexpr auto kNetworkFields = fields({text("subnetId"), boolean("skipWithdrawFromVNet")});
constexpr Type kNetwork{kNetworkFields};

// Ours: a signed POST when the job completes or fails.
constexpr auto kNotificationFields = fields({text("url", 1, 4096).required(), text("secret", 1, 1024).secret()});
std::optional<Problem> check_notification(Json::object_t& notification) {
  const auto& url = notification.find("url")->second.get_ref<const std::string&>();
  if (url.starts_with("http://") || url.starts_with("https://") || url.starts_with("secret:")) return {};
  return Problem{"InvalidPropertyValue", "url", "must be a URL of http or https, or secret:NAME"};
}
constexpr Type kNotification{kNotificationFields, {}, check_notification};

// maxParallelTasks is -1 (no limit) or above 0.
std::optional<Problem> check_parallel(Json::object_t& job) {
  const auto parallel = job.find("maxParallelTasks");
  if (parallel == job.end() || parallel->second != 0) return {};
  return Problem{"OutOfRangeInput", "maxParallelTasks", "must be -1 (no limit) or 1 to 2147483647"};
}

std::optional<Problem> check_job(Json::object_t& job) {
  if (auto problem = check_parallel(job)) return problem;
  if (job.contains("jobReleaseTask") && !job.contains("jobPreparationTask")) {
    return Problem{"MissingRequiredProperty", "jobPreparationTask", "is required with a jobReleaseTask"};
  }
  return {};
}

// What a job is made of, in a job and in a schedule.
constexpr auto kJobSpecificationFields = fields({
    text("displayName", 0, 1024),
    integer("priority", -1000, 1000).otherwise("0"),
    integer("maxParallelTasks", -1).since(20210601).otherwise("-1"),
    boolean("allowTaskPreemption").since(20220101).otherwise("false"),
    object("constraints", kJobConstraints).filled(),
    object("jobManagerTask", kJobManager),
    object("jobPreparationTask", kJobPreparation),
    object("jobReleaseTask", kJobRelease),
    objects("commonEnvironmentSettings", kEnvironmentSetting),
    object("poolInfo", kPoolInfo).required(),
    one_of("onAllTasksComplete", kOnAllTasksComplete).otherwise("noaction"),
    one_of("onTaskFailure", kOnTaskFailure).otherwise("noaction"),
    object("networkConfiguration", kNetwork),
    objects("metadata", kMetadataItem),
    boolean("usesTaskDependencies").otherwise("false"),
    objects("notifications", kNotification),
});
constexpr auto kJobAddFields = fields(kJobSpecificationFields, {id("id").required()});

constexpr auto kJobPatchFields = fields({
    integer("priority", -1000, 1000),
    integer("maxParallelTasks", -1),
    boolean("allowTaskPreemption"),
    one_of("onAllTasksComplete", kOnAllTasksComplete),
    object("constraints", kJobConstraints),
    object("poolInfo", kPoolInfo),
    object("networkConfiguration", kNetwork),
    objects("metadata", kMetadataItem),
});
constexpr auto kJobUpdateFields = fields({
    integer("priority", -1000, 1000).otherwise("0"),
    integer("maxParallelTasks", -1).otherwise("-1"),
    boolean("allowTaskPreemption").otherwise("false"),
    object("constraints", kJobConstraints).filled(),
    object("poolInfo", kPoolInfo).required(),
    object("networkConfiguration", kNetwork),
    objects("metadata", kMetadataItem),
    one_of("onAllTasksComplete", kOnAllTasksComplete).otherwise("noaction"),
});
constexpr auto kJobDisableFields = fields({one_of("disableTasks", kJobDisableOptions).required()});
constexpr auto kJobTerminateFields = fields({text("terminateReason", 0, 4096)});

constexpr auto kSchedulingErrorFields = fields({
    one_of("category", kCategories),
    text("code"),
    text("message"),
    objects("details", kNameValuePair),
});
constexpr Type kSchedulingError{kSchedulingErrorFields};
constexpr auto kJobExecutionFields = fields({
    time("startTime"),
    time("endTime"),
    text("poolId"),
    object("schedulingError", kSchedulingError),
    text("terminateReason"),
});
constexpr Type kJobExecution{kJobExecutionFields};
constexpr auto kJobAddedFields = fields({
    text("url"),
    text("eTag"),
    time("lastModified"),
    time("creationTime"),
    one_of("state", kJobStates),
    time("stateTransitionTime"),
    one_of("previousState", kJobStates),
    time("previousStateTransitionTime"),
    object("executionInfo", kJobExecution),
    any_object("stats"),
});

constexpr auto kPreparationExecutionFields = fields({
    time("startTime"),
    time("endTime"),
    one_of("state", kPreparationStates),
    text("taskRootDirectory"),
    text("taskRootDirectoryUrl"),
    integer("exitCode"),
    object("containerInfo", kContainerExecutionInformation),
    object("failureInfo", kFailureInformation),
    integer("retryCount"),
    time("lastRetryTime"),
    one_of("result", kResults),
});
constexpr Type kPreparationExecution{kPreparationExecutionFields};
constexpr auto kPreparationStatusFields = fields({
    text("poolId"),
    text("nodeId"),
    text("nodeUrl"),
    object("jobPreparationTaskExecutionInfo", kPreparationExecution),
    object("jobReleaseTaskExecutionInfo", kPreparationExecution),
});

}  // namespace

constexpr Type kJobSpecification{kJobSpecificationFields, {}, check_job};
constexpr Type kJobAdd{kJobAddFields, {}, check_job};
constexpr Type kJobPatch{kJobPatchFields, {}, check_parallel};
constexpr Type kJobUpdate{kJobUpdateFields, {}, check_parallel};
constexpr Type kJobDisable{kJobDisableFields};
constexpr Type kJobTerminate{kJobTerminateFields};
constexpr Type kJobAdded{kJobAddedFields};
constexpr Type kPreparationStatusAdded{kPreparationStatusFields};

}  // namespace scoria::spec
