// Where things lie on a node: root/{startup,shared,workitems/JOB/job-1/TASK,mounts,certs}/..., and what the process of a task gets to know of it
// in its environment.
// Source: Azure Batch, "Files and directories", "Environment runtime variables". Threads: free functions.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "spec/node_sync.h"

namespace scoria::node {

// What all tasks of a node have in common.
struct NodePlace {
  std::filesystem::path root;
  std::string pool, node;
  std::string account_name, account_url;
  bool is_dedicated = true;
  int cores = 0, slots = 1;  // 0: not known
  bool has_devices = false;  // the pool counts some: a task without any of them sees none
  std::string path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  std::vector<std::string> environment;  // "NAME=value", below the task's own settings
};

// shared, startup, workitems, mounts, certs. Errors: denied, exhausted (disk full), unavailable.
Status make_node_folders(const std::filesystem::path& root);

// The task's directory and its wd; an earlier try's stay as they are. Errors: as make_node_folders(), api_code ResourceDirectoryCreateFailed
// or DiskFull.
Status make_task_folders(const std::filesystem::path& root, const std::string& directory);

// "NAME=value" in order, each name once: the node's own, the task's, and AZ_BATCH_*, which nothing overrides. `settings` are the task's, secrets
// resolved. Names that no environment can hold are left out.
std::vector<std::string> task_environment(const NodePlace& place, const spec::StartOrder& order,
                                          const std::vector<std::pair<std::string, std::string>>& settings);
std::optional<std::string_view> find_setting(const std::vector<std::string>& environment, std::string_view name);

// The file that `name` is: with a slash relative to `directory`, else in a folder of `path`. Errors: not_found, api_code CommandProgramNotFound;
// denied, api_code CommandLaunchFailed (there, but not to be run).
Result<std::string> find_program(const std::string& name, std::string_view path,
                                 const std::filesystem::path& directory);

}  // namespace scoria::node
