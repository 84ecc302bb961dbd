// Runs a plan: reads each partition's tables, makes its features, scores them with its models, writes what came out.
//
// The life of a partition: inputs (inputs.h) are hashed and read, stacked and ordered (ordering.h); features are columns of an
// expr::Frame, computed for the rows that a pass asks for; every model of every pass scores those rows; the passes' rows are
// put into the partition's order and written at once, with their provenance beside them (provenance.h).
//
// Threads: partitions, and a partition's models, run on the executor's threads.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/result.h"
#include "model/model.h"
#include "plan/explain.h"
#include "plan/memory_limit.h"
#include "plan/plan.h"

namespace scoria::plan {

class ModelCache;

// What a run has done so far.
struct RunCounts {
  std::size_t partitions = 0;
  std::size_t partitions_done = 0;
  std::size_t partitions_skipped = 0;  // by resume
  std::size_t models = 0;
  std::uint64_t rows = 0;
  std::uint64_t operations = 0;    // rows x models: single predictions
  std::size_t missing_models = 0;  // files that are not there
  std::uint64_t missing_rows = 0;  // predictions that were left out, or made by the model to use instead
};

struct RunOptions {
  std::vector<std::string> only;  // partitions to run; empty: all
  bool resume = false;            // skip partitions whose output is_current()
  model::SimdTarget simd = model::SimdTarget::automatic;
  std::string command_line;
  std::string version;
  std::stop_token stop;
  std::uint64_t memory_limit = default_memory_limit();  // for rows that are held at once, about
  ModelCache* models = nullptr;  // of the plan's folder, for several runs with the same models; null: the run's own
  std::function<void(const RunCounts&)> progress;  // after each partition, one call at a time; may be empty
};

struct RunResult {
  RunCounts counts;
  double seconds = 0;
  std::vector<std::string> partitions;  // that were run or skipped
  std::vector<std::string> outputs;     // their files, relative to the plan's folder
  std::vector<std::string> notes;       // what models had to say, each once
  std::vector<std::string> warnings;    // models that flag too large a share of their rows
  std::size_t split_files = 0;          // beside the outputs
  std::vector<Step> steps;              // of all partitions together
  std::vector<ModelUse> models;         // by path
  std::string missing_model;            // the first file that is not there
};

// The values of the partition's variable that a run would go through. Errors: not_found.
Result<std::vector<std::string>> chosen_partitions(const Plan& plan, const std::vector<std::string>& only);

// Errors: of the first partition that failed, naming it; unavailable, when stopped. Outputs of finished partitions stay; of the
// others there is nothing.
Result<RunResult> run_plan(const Plan& plan, const RunOptions& options, Executor& executor);

}  // namespace scoria::plan
