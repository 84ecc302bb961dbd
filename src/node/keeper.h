// The keeper: one small process per node that starts the tasks' processes, waits for them and spools how they end, so that an agent or a
// server that dies finds all of them again. Started by an agent that finds none; goes away by itself when it holds nothing and no agent
// has spoken to it for a while.
//
// It ends with SIGTERM, then SIGKILL after a grace, whole process groups and what had left them (by AZ_BATCH_NODE_ROOT_DIR and
// AZ_BATCH_TASK_ATTEMPT in its environment); it holds wall clock limits with no agent alive. A keeper that dies takes no process with it: the
// next one ends them and reports them as lost, under another boot id.
// Threads: none; run_keeper() must be called before a thread exists in the process. Owns: the private folder's keeper.* files.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace scoria::node {

struct KeeperConfig {
  std::filesystem::path private_folder;          // keeper.sock, keeper.spool, keeper.lock; made 0700
  std::filesystem::path root;                    // the node's: what still runs with it is of an earlier keeper
  std::vector<std::string> warm_command;         // starts a warm scorer; "--fd", "3" are appended; empty: none
  int ready_descriptor = -1;                     // gets one byte when the socket listens
  bool detach = false;                           // forks into a session of its own; the first process then ends with 0
  std::chrono::milliseconds idle_exit{120'000};  // nothing runs, and without an agent
  bool use_cgroups = false;                      // limits by cgroup v1 or v2, where they can be made; else by rlimit
  std::string cgroup_name;                       // "scoria-pool-node"
};

// Until it is told to leave, gets SIGTERM (then everything that runs is ended), or is idle. Errors: conflict (another keeper has this
// folder), denied, unavailable, corrupt (the spool).
Status run_keeper(KeeperConfig config);

// The configuration as a command line's arguments, and back. Errors: invalid, naming the argument.
std::vector<std::string> keeper_arguments(const KeeperConfig& config);
Result<KeeperConfig> read_keeper_arguments(const std::vector<std::string>& arguments);

// `scoria keeper ARGUMENTS...`: what main() calls with all of its own arguments, before it starts a thread. Returns the exit code.
int keeper_main(int argc, char** argv);

}  // namespace scoria::node
