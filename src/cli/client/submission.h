// A plan as a job: which of its files the tasks need, how its partitions are shared out, and each task's body.
// Threads: free functions.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"
#include "spec/json.h"

namespace scoria::cli {

using spec::Json;

// A local file and its name in the container: its path relative to the plan's folder, where a task finds it again.
struct SubmittedFile {
  std::filesystem::path path;
  std::string name;
  auto operator<=>(const SubmittedFile&) const = default;
};

struct SubmittedFiles {
  std::vector<SubmittedFile> shared;                     // the plan, models, inputs without partition
  std::vector<std::vector<SubmittedFile>> of_partition;  // inputs of each
};

// What a plan's tasks read. What stands at URIs is theirs to fetch. Errors: not_found (an input, no model at all); denied (a file outside the
// plan's folder, which a task could not find under the same name).
Result<SubmittedFiles> files_of(const plan::Plan& plan, const std::vector<std::string>& partitions);

// Which partitions each task runs: `size` each, in order; at least one task.
std::vector<std::vector<std::size_t>> share_out(std::size_t partitions, std::size_t size);

struct SubmittedTask {
  std::vector<std::string> settings;  // --set of the plan
  std::string container_url;          // with a signature to read, write and list
  std::string results;                // prefix of the outputs' names: "results/{job}"
  int retries = 2;
};

// The tasks' bodies, ids t0001, ...: `scoria run PLAN --only ...`, its files as resource files, its outputs as output files.
std::vector<Json> task_bodies(const plan::Plan& plan, const std::vector<std::string>& partitions,
                              const SubmittedFiles& files, const std::vector<std::vector<std::size_t>>& shares,
                              const SubmittedTask& options);

// The folder patterns that hold what a plan writes, relative to it: "out/**/*".
std::vector<std::string> output_patterns(const plan::Plan& plan);

}  // namespace scoria::cli
