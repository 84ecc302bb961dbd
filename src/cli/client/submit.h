// `scoria submit PLAN.yaml --pool P`: runs a plan as a job of a server, and brings back what came out.
// Threads: one call at a time.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/client/view.h"
#include "cli/context.h"

namespace scoria::cli {

struct SubmitOptions : ClientOptions {
  std::string plan;
  std::string pool;
  std::string job;        // default: the plan's name and the time
  std::string container;  // default: the job's name
  std::vector<std::string> settings;
  std::vector<std::string> only;
  bool one_per_node = false;
  bool one_per_item = false;
  std::size_t chunk = 0;
  int retries = 2;
  std::string schedule;  // recurrence: a schedule instead of a job
  bool no_wait = false;
  bool keep = false;  // the job and its container, once its results are here
};

Status submit(const SubmitOptions& options, const Context& context);

struct AddTasksOptions {
  std::string manifest;
};
// What the job manager task of a scheduled plan runs: adds the tasks of a manifest to its own job, with the task's own token.
Status add_tasks_of_manifest(const AddTasksOptions& options);

}  // namespace scoria::cli
