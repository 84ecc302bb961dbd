#include "spec/fields.h"

namespace scoria::spec {
namespace {

constexpr std::string_view kAccessScopes[] = {"job"};
constexpr std::string_view kWorkingDirectories[] = {"taskWorkingDirectory", "containerImageDefault"};
constexpr std::string_view kAutoUserScopes[] = {"task", "pool"};
constexpr std::string_view kUploadConditions[] = {"tasksuccess", "taskfailure", "taskcompletion"};

constexpr auto kIdentityReferenceFields = fields({text("resourceId")});

constexpr auto kMetadataFields = fields({text("name").required(), text("value").required()});
constexpr auto kNameValueFields = fields({text("name"), text("value")});
constexpr auto kApplicationPackageFields = fields({text("applicationId").required(), text("version")});
constexpr auto kTokenFields = fields({some_of("access", kAccessScopes)});

// A value "secret:NAME" is resolved on the node.
constexpr auto kEnvironmentFields = fields({text("name", 1, 32 << 10).required(), text("value")});
std::optional<Problem> check_environment(Json::object_t& setting) {
  if (setting.find("name")->second.get_ref<const std::string&>().find('=') == std::string::npos) return std::nullopt;
  return Problem{"InvalidPropertyValue", "name", "the name of an environment variable must not hold '='"};
}

constexpr auto kRegistryFields = fields({
    text("username").was("userName", 0),
    text("password").secret(),
    text("registryServer"),
    object("identityReference", kIdentityReference).since(20210601),
});

constexpr auto kContainerSettingsFields = fields({
    text("imageName", 1).required(),
    text("containerRunOptions"),
    object("registry", kContainerRegistry),
    one_of("workingDirectory", kWorkingDirectories).since(20190601),
    any_list("containerHostBatchBindMounts").since(20240701),
});

constexpr auto kResourceFileFields = fields({
    text("autoStorageContainerName", 1),
    text("storageContainerUrl", 1),
    text("httpUrl", 1).was("blobSource", 20181201),
    text("blobPrefix"),
    text("filePath"),
    text("fileMode", 1, 16),
    object("identityReference", kIdentityReference).since(20210601),
});
constexpr Choice kResourceFileChoices[] = {{{"httpUrl", "storageContainerUrl", "autoStorageContainerName"}, true}};
std::optional<Problem> check_resource_file(Json::object_t& file) {
  if (file.contains("httpUrl")) {
    const auto path = file.find("filePath");
    if (path == file.end() || path->second.get_ref<const std::string&>().empty()) {
      return Problem{"MissingRequiredProperty", "filePath", "the name of a file that comes from httpUrl is required"};
    }
    if (file.contains("blobPrefix")) {
      return Problem{"MutuallyExclusiveProperties", "blobPrefix", "goes with a container, not with httpUrl"};
    }
  }
  if (const auto mode = file.find("fileMode"); mode != file.end()) {
    const auto& text = mode->second.get_ref<const std::string&>();
    if (text.find_first_not_of("01234567") != std::string::npos || text.size() > 5) {
      return Problem{"InvalidPropertyValue", "fileMode", "must be an octal number, as 0770"};
    }
  }
  return std::nullopt;
}

constexpr auto kUploadHeaderFields = fields({text("name", 1).required(), text("value")});
constexpr Type kUploadHeader{kUploadHeaderFields};
constexpr auto kContainerDestinationFields = fields({
    text("path"),
    text("containerUrl", 1).required(),
    object("identityReference", kIdentityReference).since(20210601),
    objects("uploadHeaders", kUploadHeader).since(20220101),
});
constexpr Type kContainerDestination{kContainerDestinationFields};
constexpr auto kDestinationFields = fields({object("container", kContainerDestination).required()});
constexpr Type kDestination{kDestinationFields};
constexpr auto kUploadOptionsFields =
    fields({one_of("uploadCondition", kUploadConditions).otherwise("taskcompletion")});
constexpr Type kUploadOptions{kUploadOptionsFields};
constexpr auto kOutputFileFields = fields({
    text("filePattern", 1).required(),
    object("destination", kDestination).required(),
    object("uploadOptions", kUploadOptions).filled(),
});

constexpr auto kAutoUserFields = fields({
    one_of("scope", kAutoUserScopes).otherwise("pool").before(kWaitForSuccessDefault.date, "task"),
    one_of("elevationLevel", kElevationLevels).otherwise("nonadmin"),
});
constexpr Type kAutoUser{kAutoUserFields};
constexpr auto kUserIdentityFields = fields({text("username", 1).was("userName", 0), object("autoUser", kAutoUser)});
constexpr Choice kUserIdentityChoices[] = {{{"username", "autoUser", ""}}};

// A missing maxTaskRetryCount is the job's, a missing maxWallClockTime has no end.
constexpr auto kTaskConstraintsFields = fields({
    duration("maxWallClockTime").constraint(),
    duration("retentionTime").constraint().otherwise("P7D").before(kResourceFileUrls.date, kForeverText),
    integer("maxTaskRetryCount", -1).constraint(),
    boolean("singleWriter"),  // ours: no two attempts run at the same time, whatever becomes of a node
});

constexpr auto kFailureFields = fields({
    one_of("category", kCategories),
    text("code"),
    text("message"),
    objects("details", kNameValuePair),
});
constexpr auto kContainerExecutionFields = fields({text("containerId"), text("state"), text("error")});

}  // namespace

constexpr Type kIdentityReference{kIdentityReferenceFields};
constexpr Type kMetadataItem{kMetadataFields};
constexpr Type kNameValuePair{kNameValueFields};
constexpr Type kApplicationPackageReference{kApplicationPackageFields};
constexpr Type kAuthenticationTokenSettings{kTokenFields};
constexpr Type kEnvironmentSetting{kEnvironmentFields, {}, check_environment};
constexpr Type kContainerRegistry{kRegistryFields};
constexpr Type kContainerSettings{kContainerSettingsFields};
constexpr Type kResourceFile{kResourceFileFields, kResourceFileChoices, check_resource_file};
constexpr Type kOutputFile{kOutputFileFields};
constexpr Type kUserIdentity{kUserIdentityFields, kUserIdentityChoices};
constexpr Type kTaskConstraints{kTaskConstraintsFields};
constexpr Type kFailureInformation{kFailureFields};
constexpr Type kContainerExecutionInformation{kContainerExecutionFields};
constexpr Type kNothing{};

std::optional<Problem> check_command(Json::object_t& task) {
  const auto& command = task.find("commandLine")->second.get_ref<const std::string&>();
  if (command.find_first_not_of(" \t\r\n") != std::string::npos || task.contains("containerSettings")) {
    return std::nullopt;
  }
  return Problem{"InvalidPropertyValue", "commandLine",
                 "must not be empty: only a container's image can have a command"};
}

const Field* find_field(const Type& type, std::string_view name) {
  const auto found = std::ranges::lower_bound(type.fields, name, {}, &Field::name);
  return found != type.fields.end() && found->name == name ? &*found : nullptr;
}

const Field* find_field(const EntityType& entity, std::string_view name) {
  const Field* found = find_field(*entity.submitted, name);
  return found != nullptr ? found : find_field(*entity.added, name);
}

const Type& body_type(Body kind) {
  switch (kind) {
    case Body::pool_add: return kPoolAdd;
    case Body::pool_patch: return kPoolPatch;
    case Body::pool_update: return kPoolUpdate;
    case Body::pool_resize: return kPoolResize;
    case Body::pool_enable_autoscale: return kPoolEnableAutoScale;
    case Body::pool_evaluate_autoscale: return kPoolEvaluateAutoScale;
    case Body::pool_remove_nodes: return kPoolRemoveNodes;
    case Body::node_reboot: return kNodeReboot;
    case Body::node_reimage: return kNodeReimage;
    case Body::node_disable_scheduling: return kNodeDisableScheduling;
    case Body::node_user: return kNodeUser;
    case Body::job_add: return kJobAdd;
    case Body::job_patch: return kJobPatch;
    case Body::job_update: return kJobUpdate;
    case Body::job_disable: return kJobDisable;
    case Body::job_terminate: return kJobTerminate;
    case Body::task_add:
    case Body::task_collection: return kTaskAdd;
    case Body::task_update: return kTaskUpdate;
    case Body::schedule_add: return kScheduleAdd;
    case Body::schedule_patch: return kSchedulePatch;
    case Body::schedule_update: return kScheduleUpdate;
  }
  return kNothing;
}

EntityType entity_type(Entity entity) {
  switch (entity) {
    case Entity::pool: return {&kPoolAdd, &kPoolAdded};
    case Entity::node: return {&kNothing, &kNodeAdded};
    case Entity::job: return {&kJobAdd, &kJobAdded};
    case Entity::task: return {&kTaskAdd, &kTaskAdded};
    case Entity::schedule: return {&kScheduleAdd, &kScheduleAdded};
    case Entity::prep_status: return {&kNothing, &kPreparationStatusAdded};
    case Entity::task_counts: return {&kNothing, &kTaskCountsAdded};
    case Entity::node_counts: return {&kNothing, &kNodeCountsAdded};
    case Entity::image: return {&kNothing, &kImageAdded};
  }
  return {&kNothing, &kNothing};
}

}  // namespace scoria::spec
