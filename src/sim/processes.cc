#include "sim/processes.h"

#include <cstdlib>

#include "spec/command_line.h"

namespace scoria::sim {

int Processes::start(ProcessRun run, Ended told) {
  Duration takes = std::chrono::milliseconds(100);
  int exit_code = 0;
  const int pid = static_cast<int>(runs_.size()) + 1;
  const auto words = spec::split_command_line(run.order.spec.value("commandLine", ""));
  if (words.ok() && words.value().size() >= 3 && words.value()[0] == "sim") {
    takes = std::chrono::milliseconds(std::atoi(words.value()[1].c_str()));
    exit_code = std::atoi(words.value()[2].c_str());
    is_stubborn_[pid] = words.value().size() > 3;
  }
  run.started = timeline_.now();
  runs_.push_back(std::move(run));
  told_[pid] = std::move(told);
  timeline_.after(takes, [this, pid, exit_code] { end(pid, exit_code, false); });
  return pid;
}

void Processes::signal(int pid, int signal) {
  if (!is_running(pid)) return;
  if (signal != SIGKILL && is_stubborn_[pid]) return;
  timeline_.after(Duration(200), [this, pid, signal] { end(pid, 128 + signal, true); });
}

void Processes::orphan(int pid) { told_.erase(pid); }

bool Processes::is_running(int pid) const {
  return pid > 0 && pid <= static_cast<int>(runs_.size()) && !runs_[static_cast<std::size_t>(pid) - 1].ended;
}

void Processes::lose_node(const std::string& pool, const std::string& node) {
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    if (runs_[i].ended || runs_[i].pool != pool || runs_[i].node != node) continue;
    told_.erase(static_cast<int>(i) + 1);
    end(static_cast<int>(i) + 1, std::nullopt, true);
  }
}

void Processes::end(int pid, std::optional<int> exit_code, bool was_killed) {
  if (!is_running(pid)) return;
  ProcessRun& run = runs_[static_cast<std::size_t>(pid) - 1];
  run.ended = timeline_.now();
  run.exit_code = exit_code;
  run.was_killed = was_killed;
  const auto told = told_.find(pid);
  if (told == told_.end()) return;
  const Ended tell = std::move(told->second);
  told_.erase(told);
  if (exit_code) tell(pid, *exit_code);
}

}  // namespace scoria::sim
