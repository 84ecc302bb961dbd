// The processes that tasks are, on all simulated machines, and the truth about them: who ran when, on what. Only the auditor looks at all of it.
// A task's command line is "sim MILLISECONDS EXITCODE", with "stubborn" behind it where it ignores SIGTERM.
// Threads: one. Borrows: the timeline.
#pragma once

#include <csignal>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/timeline.h"
#include "spec/node_sync.h"

namespace scoria::sim {

struct ProcessRun {
  spec::AttemptId attempt = 0;
  std::string machine, pool, node;
  spec::StartOrder order;
  Duration started{0};
  std::optional<Duration> ended;
  std::optional<int> exit_code;  // 128 + signal where one ended it; none while it runs, or where its machine died
  bool was_killed = false;
};

class Processes {
 public:
  // (pid, exit code) of a process that ended, to its keeper.
  using Ended = std::function<void(int pid, int exit_code)>;

  explicit Processes(Timeline& timeline) : timeline_(timeline) {}

  // The pid. `told` is asked when it ends by itself or by a signal.
  int start(ProcessRun run, Ended told);
  void signal(int pid, int signal);
  // Nobody hears of its end any more: its keeper died.
  void orphan(int pid);
  bool is_running(int pid) const;
  // Power loss, or a provider that takes the node back: all of its processes are gone, and nobody hears of it.
  void lose_node(const std::string& pool, const std::string& node);

  const std::vector<ProcessRun>& runs() const {
    return runs_;
  }  // in the order of their start; the pid is the place + 1

 private:
  void end(int pid, std::optional<int> exit_code, bool was_killed);

  Timeline& timeline_;
  std::vector<ProcessRun> runs_;
  std::map<int, Ended> told_;
  std::map<int, bool> is_stubborn_;
};

}  // namespace scoria::sim
