#include <string>

#include "spec/fields.h"

namespace scoria::spec {
namespace {

constexpr std::string_view kJobActions[] = {"none", "disable", "terminate"};
constexpr std::string_view kDependencyActions[] = {"satisfy", "block"};
constexpr std::string_view kTaskStates[] = {"active", "preparing", "running", "completed"};
constexpr std::size_t kMaxDependencyIds = 64'000;  // characters of all ids together

constexpr auto kExitOptionsFields =
    fields({one_of("jobAction", kJobActions), one_of("dependencyAction", kDependencyActions)});
constexpr Type kExitOptions{kExitOptionsFields};
constexpr auto kExitCodeFields = fields({integer("code").required(), object("exitOptions", kExitOptions).required()});
constexpr Type kExitCode{kExitCodeFields};
constexpr auto kExitCodeRangeFields = fields({
    integer("start").required(),
    integer("end").required(),
    object("exitOptions", kExitOptions).required(),
});

std::optional<Problem> check_range(Json::object_t& range) {
  if (range.find("start")->second.get<std::int64_t>() <= range.find("end")->second.get<std::int64_t>()) return {};
  return Problem{"InvalidPropertyValue", "end", "must not be below start"};
}
constexpr Type kExitCodeRange{kExitCodeRangeFields, {}, check_range};
constexpr auto kExitConditionsFields = fields({
    objects("exitCodes", kExitCode),
    objects("exitCodeRanges", kExitCodeRange),
    object("preProcessingError", kExitOptions),
    object("fileUploadError", kExitOptions),
    object("default", kExitOptions),
});
constexpr Type kExitConditions{kExitConditionsFields};

constexpr auto kTaskIdRangeFields = fields({integer("start").required(), integer("end").required()});
constexpr Type kTaskIdRange{kTaskIdRangeFields, {}, check_range};
constexpr auto kDependenciesFields = fields({ids("taskIds"), objects("taskIdRanges", kTaskIdRange)});
std::optional<Problem> check_dependencies(Json::object_t& dependencies) {
  const auto found = dependencies.find("taskIds");
  if (found == dependencies.end()) return {};
  std::size_t characters = 0;
  for (const Json& each : found->second) characters += each.get_ref<const std::string&>().size();
  if (characters <= kMaxDependencyIds) return {};
  return Problem{"TaskDependencyListTooLong", "taskIds",
                 "the ids have " + std::to_string(characters) + " characters together, must be at most " +
                     std::to_string(kMaxDependencyIds)};
}
constexpr Type kDependencies{kDependenciesFields, {}, check_dependencies};

constexpr auto kAffinityFields = fields({text("affinityId", 1).required()});
constexpr Type kAffinity{kAffinityFields};
constexpr auto kMultiInstanceFields = fields({
    integer("numberOfInstances", 1, 100'000).otherwise("1"),
    text("coordinationCommandLine", 1, 64 << 10).required(),
    objects("commonResourceFiles", kResourceFile),
});
constexpr Type kMultiInstance{kMultiInstanceFields};

constexpr auto kTaskAddFields = fields({
    id("id").required(),
    text("displayName", 0, 1024),
    text("commandLine", 0, 64 << 10).required(),
    object("containerSettings", kContainerSettings),
    object("exitConditions", kExitConditions),
    objects("resourceFiles", kResourceFile),
    objects("outputFiles", kOutputFile),
    objects("environmentSettings", kEnvironmentSetting),
    object("affinityInfo", kAffinity),
    object("constraints", kTaskConstraints).filled(),
    integer("requiredSlots", 1, 256).since(kTaskSlots.date).otherwise("1"),
    object("userIdentity", kUserIdentity),
    object("multiInstanceSettings", kMultiInstance),
    object("dependsOn", kDependencies),
    objects("applicationPackageReferences", kApplicationPackageReference),
    object("authenticationTokenSettings", kAuthenticationTokenSettings),
});
constexpr auto kTaskUpdateFields = fields({object("constraints", kTaskConstraints).filled()});

constexpr auto kExecutionFields = fields({
    time("startTime"),
    time("endTime"),
    integer("exitCode"),
    object("containerInfo", kContainerExecutionInformation),
    object("failureInfo", kFailureInformation),
    integer("retryCount"),
    time("lastRetryTime"),
    integer("requeueCount"),
    time("lastRequeueTime"),
    one_of("result", kResults),
});
constexpr auto kNodeInfoFields = fields({
    text("affinityId"),
    text("nodeUrl"),
    text("poolId"),
    text("nodeId"),
    text("taskRootDirectory"),
    text("taskRootDirectoryUrl"),
});
constexpr Type kNodeInfo{kNodeInfoFields};
constexpr auto kTaskAddedFields = fields({
    text("url"),
    text("eTag"),
    time("lastModified"),
    time("creationTime"),
    one_of("state", kTaskStates),
    time("stateTransitionTime"),
    one_of("previousState", kTaskStates),
    time("previousStateTransitionTime"),
    object("executionInfo", kTaskExecutionInformation),
    object("nodeInfo", kNodeInfo),
    any_object("stats"),
});

constexpr auto kTasksByStateFields = fields({
    integer("active"),
    integer("running"),
    integer("completed"),
    integer("succeeded"),
    integer("failed"),
});
constexpr Type kTasksByState{kTasksByStateFields};
constexpr auto kTaskCountsFields =
    fields({object("taskCounts", kTasksByState), object("taskSlotCounts", kTasksByState)});

}  // namespace

constexpr Type kTaskAdd{kTaskAddFields, {}, check_command};
constexpr Type kTaskUpdate{kTaskUpdateFields};
constexpr Type kTaskExecutionInformation{kExecutionFields};
constexpr Type kTaskAdded{kTaskAddedFields};
constexpr Type kTaskCountsAdded{kTaskCountsFields};

}  // namespace scoria::spec
