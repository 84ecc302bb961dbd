// The agent: makes a machine (or a part of it) a node of a pool. It keeps one exchange with the server waiting, starts what the server
// orders through its keeper, moves files in and out, and reports what ended until the server has it.
//
// An agent that dies is replaced by another one with the same folders: running tasks are found again at the keeper. While the server has been
// silent for longer than the fence, tasks run on, but outputs wait: they may belong to somebody else by now.
// Threads: run_agent() serves on threads of its own and returns when all have ended. Owns: the private folder, and what is in root.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "node/podman.h"
#include "node/server_link.h"

namespace scoria::node {

struct AgentConfig {
  // Where the server is: a URL and its CA; or a JSON file {"url": ..., "ca_file": ..., "blob_hosts": [...]} that is read again for each new connection.
  std::string server_url, ca_file;
  std::filesystem::path server_file;
  std::string pool;
  std::string node;                  // empty with a join token: the machine's name
  std::filesystem::path token_file;  // the node's token, as text
  std::filesystem::path
      join_token_file;         // instead: joins the pool; the token that it gets is kept in the private folder
  std::filesystem::path root;  // AZ_BATCH_NODE_ROOT_DIR
  std::filesystem::path private_folder;  // empty: beside root, "ROOT.private"; on the same file system

  int slots = 1;
  int cores = 0;                   // 0: the machine's
  std::uint64_t memory_bytes = 0;  // 0: the machine's
  std::vector<int> devices;        // indexes of GPUs, or of what stands for them
  bool is_dedicated = true;
  std::string ip_address;  // empty: the first one that is not loopback

  std::string account_name, account_url, blob_url;  // for tasks' environment and autoStorageContainerName
  // Where the account's own storage answers: "localhost:10100", "*.blob.localhost:10101"; the server's own address is added.
  std::vector<std::string> blob_hosts;
  std::string task_path;                      // tasks' PATH; empty: the agent's own
  std::vector<std::string> task_environment;  // "NAME=value", below tasks' own settings
  // stand_ins.h: "missing": behind tasks' PATH, so that a program that the machine has wins; "first": before it; "none".
  std::string stand_ins = "missing";
  std::string program;  // scoria, for what tasks call it for; empty: this very program

  std::vector<std::string> keeper_command{"/proc/self/exe", "keeper"};
  std::vector<std::string> warm_command{"/proc/self/exe",
                                        "warm-scorer"};  // empty: `scoria score` is a process like any other
  bool limit_memory =
      false;  // a task to its slots' share of the memory: by cgroup where they can be made, else by RLIMIT_DATA
  bool use_cgroups = false;  // also the CPU by slots' shares; costs about 0.3 ms per task
  ContainerConfig containers;

  std::chrono::milliseconds wait{4'000};    // how long the server may hold an exchange; below fence
  std::chrono::milliseconds fence{12'000};  // of silence, until outputs wait; 0: never
  std::chrono::milliseconds sample_interval{30'000};
  std::chrono::milliseconds kill_grace{2'000};  // when a wall clock limit is over
  std::uint64_t min_free_bytes = 512ull << 20;  // less than this on root's disk: takes no new work
  std::uint64_t cache_bytes = 10ull << 30;      // of fetched resource files; 0: none are kept
  int transfers = 4;                            // files moved at the same time, 1 to 64
  std::string version = "0";
};

enum class AgentEnd {
  stopped,  // by the stop token: tasks run on
  left,     // the server let it go, or does not know it: nothing runs
};

// Errors: invalid, denied, unavailable: it could not begin. Once it has, it goes on whatever happens.
Result<AgentEnd> run_agent(AgentConfig config, const std::stop_token& stop);
// The same over links that a test brings.
Result<AgentEnd> run_agent(AgentConfig config, const std::stop_token& stop, const LinkFactory& links);

}  // namespace scoria::node
