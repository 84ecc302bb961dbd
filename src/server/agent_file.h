// What the agent of a local node is to do, as a JSON file that its process reads: `scoria agent FILE`. It names the file of its token, and
// holds none. Threads: free functions.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "node/agent.h"

namespace scoria::server {

// What differs from AgentConfig's defaults and a local node has: places, sizes, containers, storage's hosts.
Status write_agent_file(const std::filesystem::path& path, const node::AgentConfig& config);
// Errors: not_found, invalid.
Result<node::AgentConfig> read_agent_file(const std::filesystem::path& path);

}  // namespace scoria::server
