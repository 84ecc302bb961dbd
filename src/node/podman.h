// Runs tasks in containers by podman. Source: Azure Batch REST API, TaskContainerSettings; podman-run(1).
// Threads: free functions, each waiting for podman where it says so.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "spec/node_sync.h"

namespace scoria::node {

struct ContainerConfig {
  std::string mode = "podman";                // "host": container tasks run as plain processes
  std::map<std::string, std::string> images;  // alias -> image, or "host": this one's tasks run as plain processes
  std::vector<std::string> run_options;       // before the task's own: "--runtime=runc"
};

// What a task's containerSettings ask of this node.
struct ContainerPlan {
  bool is_host = false;
  std::string image;
};
ContainerPlan plan_container(const spec::Json& settings, const ContainerConfig& config);

// podman's file. Errors: not_found, api_code ContainerInvalidSettings, saying what can be done.
Result<std::string> find_podman();

struct ProgramOutcome {
  int exit_code = 0;
  std::string output;  // both streams, at most 64 KiB from the end
};
// Runs a program of ours (not of a task) to its end. Errors: not_found, deadline, unavailable.
Result<ProgramOutcome> run_program(const std::vector<std::string>& arguments, const std::vector<std::string>& extra,
                                   std::chrono::seconds timeout, const std::atomic<bool>* is_cancelled);

// Fetches the image where it is not here. `reveal` resolves the registry's password. Errors: api_code ContainerInvalidImage or
// ContainerInvalidSettings.
Status ensure_image(const std::string& podman, const std::string& image, const spec::Json& settings,
                    const std::filesystem::path& private_folder,
                    const std::function<Result<std::string>(const std::string&)>& reveal,
                    const std::atomic<bool>* is_cancelled);

// The command that runs the task's own one (empty: the image's) in a container of this name. Values of `environment` are not in it: podman
// takes them from its own. Errors: invalid, api_code ContainerInvalidSettings (options that we do not let through).
Result<std::vector<std::string>> container_command(const std::string& podman, const std::string& name,
                                                   const std::string& image, const spec::Json& settings,
                                                   const ContainerConfig& config, const std::filesystem::path& root,
                                                   const std::string& working_directory,
                                                   const std::vector<std::string>& environment,
                                                   const std::vector<std::string>& command);

// Whatever is left of it. Waits.
void remove_container(const std::string& name);

}  // namespace scoria::node
