// Control groups for attempts, version 1 or 2, where this process may make them: a memory limit and a share of the CPU each.
// Groups are kept and used again, as making one costs more than a short task.
// Source: Linux Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst. Threads: one user at a time. Owns: the groups, removed at the end.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "node/descriptor.h"

namespace scoria::node {

class Cgroups {
 public:
  // With none where no controller can be used; `name` is the node's own group.
  static Cgroups open(const std::string& name);
  Cgroups(Cgroups&&) = default;
  Cgroups& operator=(Cgroups&&) = default;
  ~Cgroups();

  bool are_there() const { return !controllers_.empty(); }
  // A group with these limits (0: none); nothing where it could not be made.
  std::optional<int> take(std::uint64_t memory_limit_bytes, std::uint32_t cpu_weight);
  // Files to which a process writes "0" to be in the group.
  std::span<const int> procs(int group) const;
  // SIGKILL to all that is in it.
  void kill(int group) const;
  void give_back(int group);

 private:
  struct Controller {
    std::string name;    // "memory", "cpu"; "" for version 2's one hierarchy
    std::string folder;  // of the node's group
  };
  struct Group {
    std::vector<std::string> folders;  // as controllers_
    std::vector<Descriptor> files;
    std::vector<int> procs;
  };
  Cgroups() = default;
  std::optional<Group> make(std::size_t number) const;

  std::vector<Controller> controllers_;
  std::vector<Group> groups_;
  std::vector<int> free_;
};

}  // namespace scoria::node
