#include "batch/pool_body.h"

#include <algorithm>
#include <array>

#include "base/iso8601.h"
#include "spec/errors.h"

namespace scoria::batch {

using spec::batch_error;

namespace {

Error bad_value(const char* property, const Json& value, std::string reason) {
  return batch_error("InvalidPropertyValue", std::string(property) + " is " + value.dump() + ", " + reason,
                     {{"PropertyName", property}, {"PropertyValue", value.dump()}, {"Reason", std::move(reason)}});
}

Result<int> read_count(const Json& body, const char* key, int fallback, int least, int most) {
  const auto found = body.find(key);
  if (found == body.end() || found->is_null()) return fallback;
  if (!found->is_number_integer() || found->get<std::int64_t>() < least || found->get<std::int64_t>() > most) {
    return bad_value(key, *found,
                     "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return found->get<int>();
}

constexpr std::array<std::string_view, 4> kOptions{"requeue", "terminate", "taskcompletion", "retaineddata"};

}  // namespace

Status read_targets(const Json& body, Targets& targets) {
  SCORIA_TRY(dedicated, read_count(body, "targetDedicatedNodes", targets.dedicated, 0, kMaxNodes));
  SCORIA_TRY(low_priority, read_count(body, "targetLowPriorityNodes", targets.low_priority, 0, kMaxNodes));
  targets = {dedicated, low_priority};
  return Ok{};
}

Result<Duration> read_resize_timeout(const Json& body) {
  const auto found = body.find("resizeTimeout");
  if (found == body.end() || found->is_null()) return Duration(std::chrono::minutes(15));
  if (!found->is_string()) return bad_value("resizeTimeout", *found, "must be a duration from PT5M to PT168H");
  const auto parsed = parse_duration(found->get<std::string>());
  if (!parsed.ok() || parsed.value() < std::chrono::minutes(5) || parsed.value() > std::chrono::hours(168)) {
    return bad_value("resizeTimeout", *found, "must be a duration from PT5M to PT168H");
  }
  return parsed.value();
}

Result<Deallocation> parse_deallocation(std::string_view text, std::string_view property) {
  if (text.empty()) return Deallocation::requeue;
  const auto found = std::ranges::find(kOptions, lower(text));
  if (found == kOptions.end()) {
    return batch_error("InvalidPropertyValue",
                       std::string(property) + " is '" + std::string(text) +
                           "', must be requeue, terminate, taskcompletion or retaineddata",
                       {{"PropertyName", std::string(property)}, {"PropertyValue", std::string(text)}});
  }
  return static_cast<Deallocation>(found - kOptions.begin());
}

Result<Deallocation> read_deallocation(const Json& body, const char* key) {
  const auto found = body.find(key);
  if (found == body.end() || found->is_null()) return Deallocation::requeue;
  if (!found->is_string()) return bad_value(key, *found, "must be a text");
  return parse_deallocation(found->get<std::string>(), key);
}

std::string_view deallocation_name(Deallocation option) { return kOptions[static_cast<std::size_t>(option)]; }

Status read_node_shape(const State& state, Pool& pool, const Json& body) {
  const std::string size_name = body.value("vmSize", "");
  auto size = scoria::pool::find_resource_class(size_name, state.settings.sizes);
  const bool is_known = size.has_value();
  if (!is_known) {
    if (state.settings.strict_sizes && !size_name.empty()) {
      return batch_error("UnsupportedVMSize", "vmSize '" + size_name + "' is in no table of sizes",
                         {{"PropertyName", "vmSize"}, {"PropertyValue", size_name}});
    }
    size = scoria::pool::ResourceClass{.name = lower(size_name)};
  }
  // Azure's bound on slots; of a size that nobody knows only the absolute one.
  const int most_slots = is_known ? std::min(4 * size->cores, 256) : 256;
  SCORIA_TRY(slots, read_count(body, "taskSlotsPerNode", 1, 1, most_slots));
  pool.size = std::move(size);
  pool.slots_per_node = slots;
  pool.packs = lower(body.value("/taskSchedulingPolicy/nodeFillType"_json_pointer, "")) == "pack";
  return Ok{};
}

Status read_pool_body(const State& state, Pool& pool, Json body) {
  SCORIA_TRY_STATUS(read_node_shape(state, pool, body));
  pool.provider = body.value("provider", kLocal);
  const bool scales_itself = body.value("enableAutoScale", false) || body.contains("scaleBetween");
  const bool has_targets = body.contains("targetDedicatedNodes") || body.contains("targetLowPriorityNodes");
  if (scales_itself && has_targets) {
    return batch_error(
        "InvalidPropertyValue", "a pool that scales itself takes no targetDedicatedNodes and no targetLowPriorityNodes",
        {{"PropertyName", body.contains("targetDedicatedNodes") ? "targetDedicatedNodes" : "targetLowPriorityNodes"}});
  }
  if (pool.provider == kJoined && scales_itself) {
    return batch_error("InvalidAutoScalingSettings",
                       "a pool of provider 'joined' has the nodes that join it: autoscale is for other providers");
  }
  Targets targets;
  SCORIA_TRY_STATUS(read_targets(body, targets));
  if (pool.provider == kJoined && targets.dedicated + targets.low_priority > 0) {
    return batch_error("InvalidPropertyValue", "a pool of provider 'joined' has the nodes that join it, and no targets",
                       {{"PropertyName", "targetDedicatedNodes"}});
  }
  pool.target_dedicated = targets.dedicated;
  pool.target_low_priority = targets.low_priority;
  SCORIA_TRY(timeout, read_resize_timeout(body));
  pool.resize_timeout = timeout;
  pool.evaluates_on_change = body.value("evaluatesOnChange", state.settings.evaluates_on_change);
  pool.body = std::move(body);
  return Ok{};
}

}  // namespace scoria::batch
