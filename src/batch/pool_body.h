// Parts of the bodies that pools are made and resized with. Threads: State's owner.
#pragma once

#include "batch/state.h"

namespace scoria::batch {

inline constexpr const char* kLocal = "local";
inline constexpr const char* kJoined = "joined";
inline constexpr int kMaxNodes = 10'000;

struct Targets {
  int dedicated = 0, low_priority = 0;
};

// What a new pool's body says, but for autoscale. Errors: InvalidPropertyValue, UnsupportedVMSize (where sizes are strict).
Status read_pool_body(const State& state, Pool& pool, Json body);
// The part of it that says what each node is: vmSize, taskSlotsPerNode, taskSchedulingPolicy. Changes nothing where it fails.
Status read_node_shape(const State& state, Pool& pool, const Json& body);
// targetDedicatedNodes and targetLowPriorityNodes, where they are given: 0 to kMaxNodes.
Status read_targets(const Json& body, Targets& targets);
// resizeTimeout: PT5M to PT168H, PT15M by default.
Result<Duration> read_resize_timeout(const Json& body);
// requeue by default.
Result<Deallocation> read_deallocation(const Json& body, const char* key);
Result<Deallocation> parse_deallocation(std::string_view text, std::string_view property);
std::string_view deallocation_name(Deallocation option);

}  // namespace scoria::batch
