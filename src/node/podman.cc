#include "node/podman.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <optional>
#include <sstream>

#include "node/azure_root.h"
#include "node/members.h"
#include "node/program.h"
#include "node/task_folders.h"
#include "spec/command_line.h"

namespace scoria::node {
namespace {

// What podman asks for where nothing else is said; the kernel refuses more than we may have.
constexpr rlim_t kPodmanFiles = 1'048'576;
constexpr rlim_t kPodmanProcesses = 4'194'304;

Error settings_error(std::string message) { return {Code::invalid, std::move(message), "ContainerInvalidSettings"}; }

std::string own_path() {
  const char* path = getenv("PATH");
  return path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
}

bool has_option(const std::vector<std::string>& words, std::initializer_list<std::string_view> names) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
      return word == name || (word.starts_with(name) && word.size() > name.size() && word[name.size()] == '=');
    });
  });
}

// "-d", "-itd"
bool is_short_detach(const std::string& word) {
  return word.size() > 1 && word[0] == '-' && word.find_first_not_of("ditqP", 1) == std::string::npos &&
         word.find('d') != std::string::npos;
}

// Version 1's controllers beside a version 2 that has some, too: crun, which podman prefers, refuses such a machine; runc does not.
bool has_hybrid_cgroups() {
  std::ifstream mounts("/proc/self/mounts");
  std::string line, unified;
  bool has_version_1 = false;
  while (std::getline(mounts, line)) {
    std::istringstream words(line);
    std::string device, folder, kind;
    words >> device >> folder >> kind;
    if (kind == "cgroup2") unified = folder;
    has_version_1 = has_version_1 || kind == "cgroup";
  }
  if (!has_version_1 || unified.empty()) return false;
  std::ifstream file(unified + "/cgroup.controllers");
  std::string controller;
  return static_cast<bool>(file >> controller);
}

rlim_t hard_limit(__rlimit_resource_t which) {
  rlimit limit{};
  return getrlimit(which, &limit) == 0 ? limit.rlim_max : RLIM_INFINITY;
}

}  // namespace

std::vector<std::string> limits_of_machine() {
  std::vector<std::string> line;
  const auto add = [&line](const char* name, rlim_t value) {
    line.insert(line.end(),
                {"--ulimit", std::string(name) + "=" + std::to_string(value) + ":" + std::to_string(value)});
  };
  if (const rlim_t files = hard_limit(RLIMIT_NOFILE); files < kPodmanFiles) add("nofile", files);
  if (rlim_t processes = hard_limit(RLIMIT_NPROC); processes < kPodmanProcesses) {
    // podman lowers its own to this before the container gets any.
    std::ifstream file("/proc/sys/kernel/pid_max");
    rlim_t most = 0;
    if (file >> most && most > 0) processes = std::min(processes, most);
    add("nproc", processes);
  }
  return line;
}

namespace {

// Names that mean something to podman itself, or to the programs that it starts: what a task sets is for its container alone.
bool steers_podman(std::string_view name) {
  constexpr std::string_view kPrefixes[] = {"LD_",     "CONTAINER", "_CONTAINERS_", "XDG_",    "DBUS_", "STORAGE_",
                                            "PODMAN_", "BUILDAH_",  "REGISTR",      "LISTEN_", "GO",    "CNI_"};
  constexpr std::string_view kNames[] = {"PATH", "HOME", "TMPDIR", "NOTIFY_SOCKET", "USER"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames) ||
         std::any_of(std::begin(kPrefixes), std::end(kPrefixes),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

// Values travel in podman's own environment, where no list of processes shows them.
void add_environment(ContainerCommand& command, const ContainerRun& run) {
  std::vector<std::string> names;
  for (const auto& setting : run.environment) {
    std::string name = setting.substr(0, setting.find('='));
    if ((name == "PATH" && !run.has_own_path) || (name == "HOME" && !run.has_own_home)) continue;
    if (steers_podman(name)) {
      command.arguments.insert(command.arguments.end(), {"--env", setting});
      continue;
    }
    command.arguments.insert(command.arguments.end(), {"--env", name});
    command.environment.push_back(setting);
    names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  for (char** setting = environ; *setting != nullptr; ++setting) {
    const std::string_view text = *setting;
    if (!std::binary_search(names.begin(), names.end(), text.substr(0, text.find('=')))) {
      command.environment.emplace_back(text);
    }
  }
}

}  // namespace

ContainerPlan plan_image(const std::string& image, const ContainerConfig& config) {
  ContainerPlan plan{.is_host = config.mode == "host", .image = image};
  const auto alias = config.images.find(image);
  if (alias != config.images.end()) {
    if (alias->second == "host")
      plan.is_host = true;
    else
      plan.image = alias->second;
  }
  return plan;
}

ContainerPlan plan_container(const spec::Json& settings, const ContainerConfig& config) {
  return plan_image(text_of(settings, "imageName"), config);
}

Result<std::vector<std::string>> podman_command(const ContainerConfig& config) {
  auto found = find_program("podman", own_path(), "/");
  if (!found.ok()) {
    return Error{
        Code::not_found,
        "the task asks for a container, and this node has no podman; install it, or set `containers: host` (or "
        "`images: {NAME: host}`) in the server's configuration to run such tasks as plain processes",
        "ContainerInvalidSettings"};
  }
  std::vector<std::string> command{std::move(found).value()};
  if (!has_option(config.options, {"--runtime"}) && getenv("CONTAINERS_CONF") == nullptr && has_hybrid_cgroups()) {
    auto runc = find_program("runc", own_path() + ":/usr/sbin:/sbin", "/");
    if (runc.ok()) command.insert(command.end(), {"--runtime", std::move(runc).value()});
  }
  command.insert(command.end(), config.options.begin(), config.options.end());
  return command;
}

Result<ContainerCommand> container_command(const std::vector<std::string>& podman, const ContainerRun& run,
                                           const spec::Json& settings, const ContainerConfig& config) {
  std::vector<std::string> options = config.run_options;
  if (const std::string text = text_of(settings, "containerRunOptions"); !text.empty()) {
    auto words = spec::split_command_line(text);
    if (!words.ok()) return settings_error("containerRunOptions: " + words.error().message);
    if (has_option(words.value(), {"--name", "--detach", "--replace", "--restart", "--cidfile", "--pod"}) ||
        std::any_of(words.value().begin(), words.value().end(), is_short_detach)) {
      return settings_error("containerRunOptions: '" + text +
                            "': name, detach, replace, restart, cidfile and pod are not allowed, as the node names and "
                            "watches containers");
    }
    options.insert(options.end(), words.value().begin(), words.value().end());
  }

  ContainerCommand command{.arguments = podman, .environment = {}};
  std::vector<std::string>& line = command.arguments;
  const std::string root = run.root.string();
  // Its output goes to the task's files alone; --replace: a name is used again where a data folder was deleted and begun anew.
  line.insert(line.end(), {"run", "--rm", "--replace", "--name", run.name, "--pull=never", "--log-driver=none",
                           "--security-opt", "label=disable", "--volume", root + ":" + root});
  if (root != kAzureRoot) line.insert(line.end(), {"--volume", root + ":" + kAzureRoot});
  if (!has_option(options, {"--network", "--net"})) line.emplace_back("--network=host");
  if (!has_option(options, {"--ulimit"})) {
    const auto limits = limits_of_machine();
    line.insert(line.end(), limits.begin(), limits.end());
  }
  if (run.memory_limit_bytes > 0 && !has_option(options, {"--memory", "-m"})) {
    line.insert(line.end(), {"--memory", std::to_string(run.memory_limit_bytes)});
  }
  if (run.cpu_weight > 0 && !has_option(options, {"--cpu-shares", "-c"})) {
    line.insert(line.end(),
                {"--cpu-shares", std::to_string(std::max<std::uint64_t>(2, run.cpu_weight * 1024ull / 100))});
  }
  add_environment(command, run);
  if (text_of(settings, "workingDirectory") != "containerImageDefault") {
    line.insert(line.end(), {"--workdir", run.working_directory});
  }
  line.insert(line.end(), options.begin(), options.end());
  if (!run.command.empty()) line.insert(line.end(), {"--entrypoint", run.command[0]});
  line.push_back(run.image);
  if (!run.command.empty()) line.insert(line.end(), run.command.begin() + 1, run.command.end());
  return command;
}

std::vector<std::string> removal_command(std::vector<std::string> podman, const std::string& name) {
  podman.insert(podman.end(), {"rm", "--force", "--ignore", "--time", "0", name});
  return podman;
}

void remove_container(const ContainerConfig& config, const std::string& name) {
  auto podman = podman_command(config);
  if (!podman.ok()) return;
  // Gone already, mostly: then podman says so, which is as good.
  (void)run_program(removal_command(std::move(podman).value(), name), std::chrono::seconds(60), nullptr);
}

}  // namespace scoria::node
