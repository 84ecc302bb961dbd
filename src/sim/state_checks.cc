// What must be so of a running server's state at every moment, and once all is over.
#include <algorithm>
#include <map>

#include "batch/jobs.h"
#include "batch/nodes.h"
#include "sim/auditor.h"

namespace scoria::sim {
namespace {

// Twice the time after which a remote node is lost (once until it is unknown, once until its agent does not come back), and a moment.
constexpr Duration kLostForSure = std::chrono::seconds(35);

void check_node(const batch::State& state, const batch::Node& node, std::vector<std::string>& broken) {
  std::map<int, spec::AttemptId> devices;
  bool has_task = false;
  for (const auto& [number, attempt] : node.attempts) {
    has_task = has_task || attempt.kind == spec::RunKind::task;
    for (const int device : attempt.devices) {
      // A restarted server knows of attempts of jobs that are being deleted until their node says that they are over.
      if (devices.emplace(device, number).second || node.sequence == 0) continue;
      broken.push_back("the server gave device " + std::to_string(device) + " of '" + node.id + "' to two attempts");
    }
  }
  if (has_task && node.heard && state.now.steady - *node.heard > kLostForSure) {
    broken.push_back("node '" + node.id + "' is silent for long and still has work");
  }
}

}  // namespace

std::vector<std::string> check_state(const batch::State& state) {
  std::vector<std::string> broken;
  std::map<int, std::string> devices;
  for (const auto& [id, pool] : state.pools) {
    for (const auto& [key, node] : pool->nodes) {
      int used = 0;
      for (const auto& [number, attempt] : node->attempts) {
        // What has not begun there waits for slots; only the node knows when there are some.
        if (attempt.phase == spec::Phase::preparing || attempt.phase == spec::Phase::running) used += attempt.slots;
      }
      check_node(state, *node, broken);
      if (node->sequence > 0 && used > node->slots)
        broken.push_back("the server gave node '" + node->id + "' " + std::to_string(used) + " slots of work");
      for (const int device : node->devices) {
        const auto [owner, is_new] = devices.emplace(device, node->id);
        if (!is_new)
          broken.push_back("device " + std::to_string(device) + " is of '" + owner->second + "' and of '" + node->id +
                           "'");
      }
    }
  }
  for (const auto& [id, job] : state.jobs) {
    if (job->state == batch::JobState::disabled && job->running > 0) {
      broken.push_back("job '" + job->id + "' is disabled and runs " + std::to_string(job->running) + " tasks");
    }
    if (job->max_parallel >= 0 && job->running > job->max_parallel) {
      broken.push_back("job '" + job->id + "' runs " + std::to_string(job->running) + " tasks of " +
                       std::to_string(job->max_parallel));
    }
  }
  return broken;
}

std::vector<std::string> unfinished(const batch::State& state) {
  std::vector<std::string> left;
  for (const auto& [id, job] : state.jobs) {
    if (job->state != batch::JobState::active && job->state != batch::JobState::completed) {
      left.push_back("job '" + job->id + "' is " + std::string(batch::job_state_name(job->state)));
    }
    for (const auto& [number, task] : job->unready) {
      if (task->unmet == 0) left.push_back("task '" + job->id + "/" + task->id + "' is held back");
    }
    for (const auto& [number, task] : job->ready) left.push_back("task '" + job->id + "/" + task->id + "' waits");
    if (job->running > 0)
      left.push_back("job '" + job->id + "' has " + std::to_string(job->running) + " running tasks");
    if (job->publishing > 0) left.push_back("job '" + job->id + "' publishes");
  }
  for (const auto& [attempt, node] : state.attempts) {
    left.push_back("attempt " + std::to_string(attempt) + " is on node '" + node->id + "'");
  }
  for (const auto& [id, schedule] : state.schedules) {
    if (schedule->state == batch::Schedule::State::deleting || schedule->state == batch::Schedule::State::terminating) {
      left.push_back("schedule '" + schedule->id + "' has not ended");
    }
  }
  return left;
}

}  // namespace scoria::sim
