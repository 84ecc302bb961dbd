#include "spec/fields.h"

namespace scoria::spec {
namespace {

constexpr std::string_view kStopOptions[] = {"requeue", "terminate", "taskcompletion", "retaineddata"};
constexpr std::string_view kNodeDisableOptions[] = {"requeue", "terminate", "taskcompletion"};
constexpr std::string_view kNodeStates[] = {
    "idle",      "rebooting",           "reimaging",       "running",    "unusable",    "creating",
    "starting",  "waitingforstarttask", "starttaskfailed", "unknown",    "leavingpool", "offline",
    "preempted", "upgradingos",         "deallocating",    "deallocated"};
constexpr std::string_view kSchedulingStates[] = {"enabled", "disabled"};
constexpr std::string_view kStartTaskStates[] = {"running", "completed"};

constexpr auto kRebootFields = fields({one_of("nodeRebootOption", kStopOptions).otherwise("requeue")});
constexpr auto kReimageFields = fields({one_of("nodeReimageOption", kStopOptions).otherwise("requeue")});
constexpr auto kDisableFields =
    fields({one_of("nodeDisableSchedulingOption", kNodeDisableOptions).otherwise("requeue")});
constexpr auto kUserFields = fields({
    text("name", 1, 20),
    boolean("isAdmin"),
    time("expiryTime"),
    text("password").secret(),
    text("sshPublicKey"),
});

constexpr auto kStartTaskInfoFields = fields({
    one_of("state", kStartTaskStates),
    time("startTime"),
    time("endTime"),
    integer("exitCode"),
    object("containerInfo", kContainerExecutionInformation),
    object("failureInfo", kFailureInformation),
    integer("retryCount"),
    time("lastRetryTime"),
    one_of("result", kResults),
});
constexpr Type kStartTaskInfo{kStartTaskInfoFields};
constexpr auto kTaskInformationFields = fields({
    text("taskUrl"),
    text("jobId"),
    text("taskId"),
    integer("subtaskId"),
    text("taskState"),
    object("executionInfo", kTaskExecutionInformation),
});
constexpr Type kTaskInformation{kTaskInformationFields};
constexpr auto kNodeErrorFields = fields({text("code"), text("message"), objects("errorDetails", kNameValuePair)});
constexpr Type kNodeError{kNodeErrorFields};
constexpr auto kAgentFields = fields({text("version"), time("lastUpdateTime")});
constexpr Type kAgent{kAgentFields};

constexpr auto kNodeFields = fields({
    text("id"),
    text("url"),
    one_of("state", kNodeStates),
    one_of("schedulingState", kSchedulingStates),
    time("stateTransitionTime"),
    time("lastBootTime"),
    time("allocationTime"),
    text("ipAddress"),
    text("affinityId"),
    text("vmSize"),
    integer("totalTasksRun"),
    integer("runningTasksCount"),
    integer("runningTaskSlotsCount").since(kTaskSlots.date),
    integer("totalTasksSucceeded"),
    objects("recentTasks", kTaskInformation),
    object("startTask", kStartTask),
    object("startTaskInfo", kStartTaskInfo),
    any_list("certificateReferences"),
    objects("errors", kNodeError),
    boolean("isDedicated"),
    any_object("endpointConfiguration"),
    object("nodeAgentInfo", kAgent).since(kValidationStatusGone.date),
    any_object("virtualMachineInfo").since(20220101),
});

constexpr auto kNodesByStateFields = fields({
    integer("creating"),
    integer("idle"),
    integer("offline"),
    integer("preempted"),
    integer("rebooting"),
    integer("reimaging"),
    integer("running"),
    integer("starting"),
    integer("startTaskFailed"),
    integer("leavingPool"),
    integer("unknown"),
    integer("unusable"),
    integer("waitingForStartTask"),
    integer("total"),
});
constexpr Type kNodesByState{kNodesByStateFields};
constexpr auto kNodeCountsFields =
    fields({text("poolId"), object("dedicated", kNodesByState), object("lowPriority", kNodesByState)});

}  // namespace

constexpr Type kNodeReboot{kRebootFields};
constexpr Type kNodeReimage{kReimageFields};
constexpr Type kNodeDisableScheduling{kDisableFields};
constexpr Type kNodeUser{kUserFields};
constexpr Type kNodeAdded{kNodeFields};
constexpr Type kNodeCountsAdded{kNodeCountsFields};

}  // namespace scoria::spec
