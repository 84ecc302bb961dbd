#include "node/cgroups.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>

namespace scoria::node {
namespace {

bool write_text(const std::string& path, std::string_view text) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file.is_open() && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

bool make_group_folder(const std::string& path) { return mkdir(path.c_str(), 0755) == 0 || errno == EEXIST; }

struct Mount {
  std::string folder, kind, options;
};

std::vector<Mount> mounts() {
  std::vector<Mount> found;
  std::ifstream file("/proc/self/mounts");
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    Mount mount;
    std::string device;
    if (words >> device >> mount.folder >> mount.kind >> mount.options && mount.kind.starts_with("cgroup")) {
      found.push_back(std::move(mount));
    }
  }
  return found;
}

bool lists(const std::string& list, std::string_view name) {
  std::istringstream words(list);
  std::string word;
  while (std::getline(words, word, ',')) {
    if (word == name) return true;
  }
  return false;
}

// Where this process is in the hierarchy of `controller`: "/user.slice".
std::string own_place(std::string_view controller) {
  std::ifstream file("/proc/self/cgroup");
  std::string line;
  while (std::getline(file, line)) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (controller.empty() ? controllers.empty() : lists(controllers, controller)) return line.substr(second + 1);
  }
  return "/";
}

}  // namespace

Cgroups Cgroups::open(const std::string& name) {
  Cgroups groups;
  for (const auto& mount : mounts()) {
    if (mount.kind != "cgroup") continue;
    for (const char* controller : {"memory", "cpu"}) {
      if (!lists(mount.options, controller)) continue;
      std::string folder = mount.folder + own_place(controller) + "/" + name;
      if (make_group_folder(folder) && access((folder + "/cgroup.procs").c_str(), W_OK) == 0) {
        groups.controllers_.push_back({controller, std::move(folder)});
      }
    }
  }
  if (!groups.controllers_.empty()) return groups;
  for (const auto& mount : mounts()) {
    if (mount.kind != "cgroup2") continue;
    // Version 2 gives controllers to the children of groups without processes of their own: only where that was delegated to us.
    const std::string above = mount.folder + own_place("");
    const std::string folder = above + "/" + name;
    if (!make_group_folder(folder)) continue;
    (void)write_text(above + "/cgroup.subtree_control", "+memory +cpu");
    if (write_text(folder + "/cgroup.subtree_control", "+memory +cpu")) {
      groups.controllers_.push_back({"", folder});
      return groups;
    }
    (void)rmdir(folder.c_str());
  }
  return groups;
}

Cgroups::~Cgroups() {
  for (auto& group : groups_) {
    group.files.clear();
    for (const auto& folder : group.folders) (void)rmdir(folder.c_str());  // stays while something is in it
  }
  for (const auto& controller : controllers_) (void)rmdir(controller.folder.c_str());
}

std::optional<Cgroups::Group> Cgroups::make(std::size_t number) const {
  Group group;
  for (const auto& controller : controllers_) {
    std::string folder = controller.folder + "/" + std::to_string(number);
    if (!make_group_folder(folder)) return std::nullopt;
    Descriptor procs(::open((folder + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
    if (!procs.is_open()) return std::nullopt;
    group.folders.push_back(std::move(folder));
    group.procs.push_back(procs.get());
    group.files.push_back(std::move(procs));
  }
  return group;
}

std::optional<int> Cgroups::take(std::uint64_t memory_limit_bytes, std::uint32_t cpu_weight) {
  if (controllers_.empty()) return std::nullopt;
  if (free_.empty()) {
    auto group = make(groups_.size());
    if (!group) return std::nullopt;
    free_.push_back(static_cast<int>(groups_.size()));
    groups_.push_back(std::move(*group));
  }
  const int number = free_.back();
  free_.pop_back();
  const auto& group = groups_[static_cast<std::size_t>(number)];
  for (std::size_t i = 0; i < controllers_.size(); ++i) {
    const std::string& folder = group.folders[i];
    const bool is_unified = controllers_[i].name.empty();
    if (controllers_[i].name == "memory") {
      (void)write_text(folder + "/memory.limit_in_bytes",
                       memory_limit_bytes > 0 ? std::to_string(memory_limit_bytes) : "-1");
    }
    if (controllers_[i].name == "cpu" && cpu_weight > 0) {
      // Version 1's shares: 1,024 are what version 2 calls a weight of 100.
      (void)write_text(folder + "/cpu.shares", std::to_string(std::max<std::uint64_t>(2, cpu_weight * 1024ull / 100)));
    }
    if (is_unified) {
      (void)write_text(folder + "/memory.max", memory_limit_bytes > 0 ? std::to_string(memory_limit_bytes) : "max");
      if (cpu_weight > 0) (void)write_text(folder + "/cpu.weight", std::to_string(cpu_weight));
    }
  }
  return number;
}

std::span<const int> Cgroups::procs(int group) const { return groups_[static_cast<std::size_t>(group)].procs; }

void Cgroups::kill(int group) const {
  for (const auto& folder : groups_[static_cast<std::size_t>(group)].folders) {
    if (write_text(folder + "/cgroup.kill", "1")) continue;
    std::ifstream procs(folder + "/cgroup.procs");
    pid_t pid = 0;
    while (procs >> pid) {
      if (pid > 1) (void)::kill(pid, SIGKILL);
    }
  }
}

void Cgroups::give_back(int group) { free_.push_back(group); }

}  // namespace scoria::node
