#include <string>

#include "spec/fields.h"

namespace scoria::spec {
namespace {

constexpr std::string_view kFillTypes[] = {"spread", "pack"};
constexpr std::string_view kCommunicationModes[] = {"default", "classic", "simplified"};
constexpr std::string_view kDeallocationOptions[] = {"requeue", "terminate", "taskcompletion", "retaineddata"};
constexpr std::string_view kLoginModes[] = {"batch", "interactive"};
constexpr std::string_view kProviders[] = {"local", "joined"};
constexpr std::string_view kContainerTypes[] = {"dockerCompatible", "criCompatible", "docker"};
constexpr std::string_view kPoolStates[] = {"active", "deleting"};
constexpr std::string_view kAllocationStates[] = {"steady", "resizing", "stopping"};

constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kMaxNodes = 100'000;
constexpr std::size_t kMaxFormula = 8192;

bool is_true(const Json::object_t& object, std::string_view name) {
  const auto found = object.find(name);
  return found != object.end() && found->second.is_boolean() && found->second.get<bool>();
}

std::optional<Problem> check_formula(Json::object_t& object) {
  const auto formula = object.find("autoScaleFormula");
  if (formula == object.end() || formula->second.get_ref<const std::string&>().size() <= kMaxFormula) return {};
  return Problem{"AutoScaleFormulaTooLong", "autoScaleFormula",
                 "must have at most " + std::to_string(kMaxFormula) + " characters"};
}

constexpr auto kCloudServiceFields = fields({
    text("osFamily").required(),
    text("osVersion").was("targetOSVersion", kResourceFileUrls.date),
});
constexpr Type kCloudService{kCloudServiceFields};

constexpr auto kImageReferenceFields = fields({
    text("publisher"),
    text("offer"),
    text("sku"),
    text("version"),
    text("virtualMachineImageId"),
    text("exactVersion").since(20200901),
    text("sharedGalleryImageId").since(20230501),
    text("communityGalleryImageId").since(20230501),
});
constexpr Type kImageReference{kImageReferenceFields};

constexpr auto kContainerConfigurationFields = fields({
    one_of("type", kContainerTypes).otherwise("dockerCompatible"),
    texts("containerImageNames"),
    objects("containerRegistries", kContainerRegistry),
});
// "docker" is what versions up to 2018-03 call "dockerCompatible"; shape_for() turns it back.
std::optional<Problem> check_container_configuration(Json::object_t& object) {
  if (const auto type = object.find("type"); type != object.end() && type->second == "docker") {
    type->second = "dockerCompatible";
  }
  return {};
}
constexpr Type kContainerConfiguration{kContainerConfigurationFields, {}, check_container_configuration};

constexpr auto kExtensionFields = fields({
    text("name").required(),
    text("publisher").required(),
    text("type").required(),
    text("typeHandlerVersion"),
    boolean("autoUpgradeMinorVersion"),
    boolean("enableAutomaticUpgrade"),
    any_object("settings"),
    any_object("protectedSettings").secret(),
    texts("provisionAfterExtensions"),
});
constexpr Type kExtension{kExtensionFields};

constexpr auto kVirtualMachineFields = fields({
    object("imageReference", kImageReference).required(),
    text("nodeAgentSKUId").required(),
    any_object("windowsConfiguration"),
    any_list("dataDisks"),
    text("licenseType"),
    object("containerConfiguration", kContainerConfiguration),
    any_object("diskEncryptionConfiguration").since(20200301),
    any_object("nodePlacementConfiguration").since(20210101),
    objects("extensions", kExtension).since(20210601),
    any_object("osDisk"),
    any_object("securityProfile").since(20231101),
    any_object("serviceArtifactReference").since(20231101),
});
constexpr Type kVirtualMachine{kVirtualMachineFields};

constexpr auto kLinuxUserFields = fields({
    integer("uid", 0),
    integer("gid", 0),
    text("sshPrivateKey").secret(),
});
constexpr Type kLinuxUser{kLinuxUserFields};
constexpr auto kWindowsUserFields = fields({one_of("loginMode", kLoginModes)});
constexpr Type kWindowsUser{kWindowsUserFields};
constexpr auto kUserAccountFields = fields({
    text("name", 1, 20).required(),
    text("password").required().secret(),
    one_of("elevationLevel", kElevationLevels).otherwise("nonadmin"),
    object("linuxUserConfiguration", kLinuxUser),
    object("windowsUserConfiguration", kWindowsUser),
});
constexpr Type kUserAccount{kUserAccountFields};

constexpr auto kBlobMountFields = fields({
    text("accountName").required(),
    text("containerName").required(),
    text("accountKey").secret(),
    text("sasKey").secret(),
    text("blobfuseOptions"),
    text("relativeMountPath", 1).required(),
    object("identityReference", kIdentityReference),
});
constexpr Type kBlobMount{kBlobMountFields};
constexpr auto kNfsMountFields = fields({
    text("source", 1).required(),
    text("relativeMountPath", 1).required(),
    text("mountOptions"),
});
constexpr Type kNfsMount{kNfsMountFields};
constexpr auto kCifsMountFields = fields({
    text("username").required(),
    text("source", 1).required(),
    text("relativeMountPath", 1).required(),
    text("mountOptions"),
    text("password").required().secret(),
});
constexpr Type kCifsMount{kCifsMountFields};
constexpr auto kFileShareMountFields = fields({
    text("accountName").required(),
    text("azureFileUrl").required(),
    text("accountKey").required().secret(),
    text("relativeMountPath", 1).required(),
    text("mountOptions"),
});
constexpr Type kFileShareMount{kFileShareMountFields};
constexpr auto kMountFields = fields({
    object("azureBlobFileSystemConfiguration", kBlobMount),
    object("nfsMountConfiguration", kNfsMount),
    object("cifsMountConfiguration", kCifsMount),
    object("azureFileShareConfiguration", kFileShareMount),
});
constexpr Type kMount{kMountFields};

constexpr auto kSchedulingPolicyFields = fields({one_of("nodeFillType", kFillTypes).otherwise("spread")});
constexpr Type kSchedulingPolicy{kSchedulingPolicyFields};

constexpr auto kStartTaskFields = fields({
    text("commandLine", 0, 64 << 10).required(),
    object("containerSettings", kContainerSettings),
    objects("resourceFiles", kResourceFile),
    objects("environmentSettings", kEnvironmentSetting),
    object("userIdentity", kUserIdentity),
    integer("maxTaskRetryCount", -1).constraint().otherwise("0"),
    boolean("waitForSuccess").otherwise("true").before(kWaitForSuccessDefault.date, "false"),
});

// Ours: a pool that follows its queue between two bounds, without a formula.
constexpr auto kScaleFields = fields({
    integer("min", 0, kMaxNodes).otherwise("0"),
    integer("max", 0, kMaxNodes).required(),
    duration("idle").otherwise("PT2M"),
    boolean("lowPriority"),
});
std::optional<Problem> check_scale(Json::object_t& scale) {
  if (scale.find("min")->second.get<std::int64_t>() <= scale.find("max")->second.get<std::int64_t>()) return {};
  return Problem{"InvalidPropertyValue", "min", "must not be above max"};
}
constexpr Type kScale{kScaleFields, {}, check_scale};

// What a pool is made of, wherever it is described.
constexpr auto kPoolSpecificationFields = fields({
    text("displayName", 0, 1024),
    text("vmSize", 1, 64),
    object("cloudServiceConfiguration", kCloudService),
    object("virtualMachineConfiguration", kVirtualMachine),
    duration("resizeTimeout", 5 * kMinute, 7 * 24 * kHour).otherwise("PT15M"),
    integer("targetDedicatedNodes", 0, kMaxNodes),
    integer("targetLowPriorityNodes", 0, kMaxNodes),
    boolean("enableAutoScale").otherwise("false"),
    text("autoScaleFormula", 1),
    duration("autoScaleEvaluationInterval", 1, 168 * kHour),
    boolean("enableInterNodeCommunication").otherwise("false"),
    any_object("networkConfiguration"),
    object("startTask", kStartTask),
    any_list("certificateReferences"),
    objects("applicationPackageReferences", kApplicationPackageReference),
    texts("applicationLicenses"),
    integer("taskSlotsPerNode", 1, 256).was("maxTasksPerNode", kTaskSlots.date).otherwise("1"),
    object("taskSchedulingPolicy", kSchedulingPolicy).filled(),
    objects("userAccounts", kUserAccount),
    objects("metadata", kMetadataItem),
    objects("mountConfiguration", kMount).since(20190801),
    one_of("targetNodeCommunicationMode", kCommunicationModes).since(20221001),
    any_object("resourceTags").since(20231101),
    any_object("upgradePolicy").since(20240201),
    one_of("provider", kProviders),
    boolean("evaluatesOnChange"),
    object("scaleBetween", kScale),
});
constexpr auto kPoolAddFields = fields(kPoolSpecificationFields, {id("id").required()});
constexpr Choice kPoolChoices[] = {{{"virtualMachineConfiguration", "cloudServiceConfiguration", ""}}};

std::optional<Problem> check_pool(Json::object_t& pool) {
  if (!pool.contains("vmSize") && !pool.contains("provider")) {
    return Problem{"MissingRequiredProperty", "vmSize", "the size of the pool's nodes is required"};
  }
  const auto exclude = [&](std::string_view with, std::string_view reason) -> std::optional<Problem> {
    if (!pool.contains(with)) return {};
    return Problem{"MutuallyExclusiveProperties", with, std::string(reason)};
  };
  constexpr std::string_view kTargets[] = {"targetDedicatedNodes", "targetLowPriorityNodes"};
  const bool scales = pool.contains("scaleBetween");
  if (is_true(pool, "enableAutoScale")) {
    for (const auto target : kTargets) {
      if (auto problem = exclude(target, "must not be set with enableAutoScale: the formula sets it")) return problem;
    }
    if (auto problem = exclude("scaleBetween", "must not be set with enableAutoScale")) return problem;
    if (!pool.contains("autoScaleFormula")) {
      return Problem{"MissingRequiredProperty", "autoScaleFormula", "is required with enableAutoScale"};
    }
    pool.try_emplace("autoScaleEvaluationInterval", "PT15M");
  } else {
    for (const std::string_view name : {"autoScaleFormula", "autoScaleEvaluationInterval"}) {
      if (pool.contains(name)) {
        return Problem{"InvalidAutoScalingSettings", name, "must not be set where enableAutoScale is not true"};
      }
    }
    for (const auto target : kTargets) {
      if (scales) {
        if (auto problem = exclude(target, "must not be set with scaleBetween")) return problem;
      } else {
        pool.try_emplace(std::string(target), 0);
      }
    }
  }
  return check_formula(pool);
}

// Since 2024-07 a patch may name nearly all of a pool.
constexpr auto kPoolPatchFields = fields({
    text("displayName", 0, 1024),
    text("vmSize", 1, 64),
    object("virtualMachineConfiguration", kVirtualMachine),
    boolean("enableInterNodeCommunication"),
    any_object("networkConfiguration"),
    object("startTask", kStartTask),
    any_list("certificateReferences"),
    objects("applicationPackageReferences", kApplicationPackageReference),
    integer("taskSlotsPerNode", 1, 256),
    object("taskSchedulingPolicy", kSchedulingPolicy),
    objects("userAccounts", kUserAccount),
    objects("metadata", kMetadataItem),
    objects("mountConfiguration", kMount),
    one_of("targetNodeCommunicationMode", kCommunicationModes),
    any_object("resourceTags"),
    any_object("upgradePolicy"),
});
constexpr auto kPoolUpdateFields = fields({
    object("startTask", kStartTask),
    any_list("certificateReferences"),
    objects("applicationPackageReferences", kApplicationPackageReference).required(),
    objects("metadata", kMetadataItem).required(),
    one_of("targetNodeCommunicationMode", kCommunicationModes),
});
constexpr auto kPoolResizeFields = fields({
    integer("targetDedicatedNodes", 0, kMaxNodes),
    integer("targetLowPriorityNodes", 0, kMaxNodes),
    duration("resizeTimeout", 5 * kMinute, 7 * 24 * kHour).otherwise("PT15M"),
    one_of("nodeDeallocationOption", kDeallocationOptions).otherwise("requeue"),
});
std::optional<Problem> check_resize(Json::object_t& resize) {
  if (resize.contains("targetDedicatedNodes") || resize.contains("targetLowPriorityNodes")) return {};
  return Problem{"MissingRequiredProperty", "targetDedicatedNodes",
                 "one of targetDedicatedNodes and targetLowPriorityNodes is required"};
}
constexpr auto kEnableAutoScaleFields = fields({
    text("autoScaleFormula", 1),
    duration("autoScaleEvaluationInterval", 1, 168 * kHour),
});
constexpr auto kEvaluateAutoScaleFields = fields({text("autoScaleFormula", 1).required()});
constexpr auto kRemoveNodesFields = fields({
    texts("nodeList").required(),
    duration("resizeTimeout", 5 * kMinute, 7 * 24 * kHour).otherwise("PT15M"),
    one_of("nodeDeallocationOption", kDeallocationOptions).otherwise("requeue"),
});
std::optional<Problem> check_remove_nodes(Json::object_t& remove) {
  const std::size_t nodes = remove.find("nodeList")->second.size();
  if (nodes >= 1 && nodes <= 100) return {};
  return Problem{"OutOfRangeInput", "nodeList", "must hold 1 to 100 nodes, not " + std::to_string(nodes)};
}

constexpr auto kErrorFields = fields({text("code"), text("message"), objects("values", kNameValuePair)});
constexpr Type kError{kErrorFields};
constexpr auto kAutoScaleRunFields = fields({time("timestamp"), text("results"), object("error", kError)});
constexpr Type kAutoScaleRun{kAutoScaleRunFields};
constexpr auto kPoolAddedFields = fields({
    text("url"),
    text("eTag"),
    time("lastModified"),
    time("creationTime"),
    one_of("state", kPoolStates),
    time("stateTransitionTime"),
    one_of("allocationState", kAllocationStates),
    time("allocationStateTransitionTime"),
    objects("resizeErrors", kError),
    integer("currentDedicatedNodes"),
    integer("currentLowPriorityNodes"),
    object("autoScaleRun", kAutoScaleRun),
    any_object("stats"),
    any_object("identity").since(20210601),
    one_of("currentNodeCommunicationMode", kCommunicationModes).since(20221001),
});

// The last two are nodeagentskus'.
constexpr auto kImageFields = fields({
    text("nodeAgentSKUId"),
    object("imageReference", kImageReference),
    text("osType"),
    texts("capabilities"),
    time("batchSupportEndOfLife"),
    text("verificationType"),
    text("id"),
    any_list("verifiedImageReferences"),
});

}  // namespace

constexpr Type kStartTask{kStartTaskFields, {}, check_command};
constexpr Type kPoolAdd{kPoolAddFields, kPoolChoices, check_pool};
constexpr Type kPoolSpecification{kPoolSpecificationFields, kPoolChoices, check_pool};
constexpr Type kPoolPatch{kPoolPatchFields};
constexpr Type kPoolUpdate{kPoolUpdateFields};
constexpr Type kPoolResize{kPoolResizeFields, {}, check_resize};
constexpr Type kPoolEnableAutoScale{kEnableAutoScaleFields, {}, check_formula};
constexpr Type kPoolEvaluateAutoScale{kEvaluateAutoScaleFields, {}, check_formula};
constexpr Type kPoolRemoveNodes{kRemoveNodesFields, {}, check_remove_nodes};
constexpr Type kPoolAdded{kPoolAddedFields};
constexpr Type kImageAdded{kImageFields};

}  // namespace scoria::spec
