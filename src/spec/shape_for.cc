// The write side of spec/shape.h: documents of the newest shape as clients of older versions know them.
#include "spec/fields.h"
#include "spec/shape.h"

namespace scoria::spec {
namespace {

void shape_object(const EntityType& type, ApiVersion version, Json::object_t& members);

void shape_value(const Field& field, ApiVersion version, Json& value) {
  if (field.type == nullptr) return;
  const EntityType nested{field.type, &kNothing};
  if (value.is_object()) shape_object(nested, version, value.get_ref<Json::object_t&>());
  if (value.is_array()) {
    for (Json& each : value) {
      if (each.is_object()) shape_object(nested, version, each.get_ref<Json::object_t&>());
    }
  }
}

void shape_object(const EntityType& type, ApiVersion version, Json::object_t& members) {
  members.erase(kPrivate);
  Json::object_t renamed;
  for (auto member = members.begin(); member != members.end();) {
    const Field* field = find_field(type, member->first);
    if (field == nullptr) {  // the server's own: odata.metadata, url
      ++member;
      continue;
    }
    if (field->is_secret || version.date < field->first_version) {
      member = members.erase(member);
      continue;
    }
    shape_value(*field, version, member->second);
    const auto here = member++;
    if (version.date < field->renamed) {
      auto node = members.extract(here);
      node.key() = std::string(field->older_name);
      renamed.insert(std::move(node));
    }
  }
  members.merge(renamed);
}

void shape_pool(ApiVersion version, Json::object_t& pool) {
  if (const auto errors = pool.find("resizeErrors"); errors != pool.end() && errors->second.empty()) {
    pool.erase(errors);  // R's client takes an empty list for a failure
  }
  // Up to 2018-03 the only type of containers was called docker.
  if (version < kValidationStatusGone) {
    const auto machine = pool.find("virtualMachineConfiguration");
    if (machine == pool.end() || !machine->second.is_object()) return;
    const auto container = machine->second.find("containerConfiguration");
    if (container == machine->second.end() || !container->is_object() || !container->contains("type")) return;
    (*container)["type"] = "docker";
  }
}

void shape_task(Json::object_t& task) {
  const auto constraints = task.find("constraints");
  if (constraints == task.end() || !constraints->second.is_object()) return;
  auto& members = constraints->second.get_ref<Json::object_t&>();
  if (!members.contains("maxWallClockTime")) members.emplace("maxWallClockTime", kForeverText);
  if (!members.contains("maxTaskRetryCount")) members.emplace("maxTaskRetryCount", 0);
}

// {taskCounts: {...}, taskSlotCounts: {...}} since 2020-09, the first one's members alone before.
void shape_task_counts(ApiVersion version, Json& document) {
  if (version >= kTaskSlots) return;
  auto& members = document.get_ref<Json::object_t&>();
  Json counts = Json::object();
  if (const auto found = members.find("taskCounts"); found != members.end()) {
    counts = std::move(found->second);
    members.erase(found);
  }
  members.erase("taskSlotCounts");
  if (counts.is_object()) members.merge(counts.get_ref<Json::object_t&>());
  if (version < kValidationStatusGone) members["validationStatus"] = "Validated";
}

// An entry of nodeagentskus: the agent with the images that it works on.
void shape_image(ApiVersion version, Json& document) {
  if (version >= kSupportedImages || document.contains("verifiedImageReferences")) return;  // an agent already
  Json agent = Json::object();
  if (const auto sku = document.find("nodeAgentSKUId"); sku != document.end()) agent["id"] = std::move(*sku);
  if (const auto type = document.find("osType"); type != document.end()) agent["osType"] = std::move(*type);
  agent["verifiedImageReferences"] = Json::array();
  if (const auto image = document.find("imageReference"); image != document.end()) {
    agent["verifiedImageReferences"].push_back(std::move(*image));
  }
  document = std::move(agent);
}

}  // namespace

void shape_for(Entity entity, ApiVersion version, Json& document) {
  if (!document.is_object()) return;
  auto& members = document.get_ref<Json::object_t&>();
  shape_object(entity_type(entity), version, members);
  switch (entity) {
    case Entity::pool: shape_pool(version, members); break;
    case Entity::task: shape_task(members); break;
    case Entity::task_counts: shape_task_counts(version, document); break;
    case Entity::image: shape_image(version, document); break;
    case Entity::node:
    case Entity::job:
    case Entity::schedule:
    case Entity::prep_status:
    case Entity::node_counts: break;
  }
}

}  // namespace scoria::spec
