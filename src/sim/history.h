// What clients saw: which operations they asked for, in which order, and what they heard. With the final store it is all that the auditor knows.
// Threads: plain values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "spec/json.h"

namespace scoria::sim {

struct Operation {
  enum class Kind {
    add_job,
    add_task,
    delete_job,
    delete_task,
    terminate_job,
    terminate_task,
    reactivate_task,
    disable_job,
    enable_job,
    add_schedule,
    delete_schedule,
    end_schedule,  // terminate or disable
    other          // of pools, nodes, and what changes no promise
  };
  enum class Outcome { unknown, acknowledged, refused };

  Kind kind = Kind::other;
  std::string job, task;      // or the schedule's id in `job`
  spec::Json body;            // of what is added
  bool is_id_reused = false;  // of a job that was deleted, and may still be on its way out
  Duration asked{0};
  std::optional<Duration> heard;
  Outcome outcome = Outcome::unknown;
  bool was_asked_again = false;  // as nothing was heard
  std::string code;              // of a refusal
};

using History = std::vector<Operation>;

}  // namespace scoria::sim
