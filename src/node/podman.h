// How tasks run in containers by podman. Source: Azure Batch REST API, TaskContainerSettings; podman(1), podman-run(1).
// Threads: free functions; none but remove_container() waits.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "spec/json.h"

namespace scoria::node {

struct ContainerConfig {
  std::string mode = "podman";                // "host": container tasks run as plain processes
  std::map<std::string, std::string> images;  // alias -> image, or "host": this one's tasks run as plain processes
  std::vector<std::string> options;           // podman's, before each command: "--root=/fast/containers"
  std::vector<std::string> run_options;       // of `podman run`, before the task's own: "--device=nvidia.com/gpu=all"
};

// What a task's containerSettings, or a name of the pool's images, ask of this node.
struct ContainerPlan {
  bool is_host = false;
  std::string image;
};
ContainerPlan plan_container(const spec::Json& settings, const ContainerConfig& config);
ContainerPlan plan_image(const std::string& image, const ContainerConfig& config);

// podman's file, what this machine makes it need, and the configuration's options: what every command begins with. Errors: not_found,
// api_code ContainerInvalidSettings, saying what can be done.
Result<std::vector<std::string>> podman_command(const ContainerConfig& config);

// Options of `podman run` for limits that podman would set and the kernel would refuse, as they are higher than ours. Mostly none.
std::vector<std::string> limits_of_machine();

struct ContainerRun {
  std::string name;
  std::string image;
  std::filesystem::path root;  // the node's: at the same path in the container
  std::string working_directory;
  const std::vector<std::string>& environment;  // "NAME=value"
  // PATH and HOME are the image's where the task does not set them.
  bool has_own_path = false, has_own_home = false;
  std::vector<std::string> command;  // empty: the image's
  std::uint64_t memory_limit_bytes = 0;
  std::uint32_t cpu_weight = 0;  // 100: as cgroup 2 has it
};

struct ContainerCommand {
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  // podman's: our own, and values that it hands on
};

// Errors: invalid, api_code ContainerInvalidSettings (options that we do not let through).
Result<ContainerCommand> container_command(const std::vector<std::string>& podman, const ContainerRun& run,
                                           const spec::Json& settings, const ContainerConfig& config);

// What ends and removes whatever is left of a container of this name.
std::vector<std::string> removal_command(std::vector<std::string> podman, const std::string& name);
// The same, done. Waits.
void remove_container(const ContainerConfig& config, const std::string& name);

}  // namespace scoria::node
