#include "plan/run.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "model/features.h"
#include "plan/committer.h"
#include "plan/inputs.h"
#include "plan/model_store.h"
#include "plan/partition.h"
#include "plan/set_rows.h"

namespace scoria::plan {
namespace {

// What all partitions together have done; told to by any of their threads.
class Collected {
 public:
  Collected(const RunOptions& options, RunResult& result)
      : options_(options), result_(result), first_failed_(result.partitions.size()) {}

  void add(std::size_t which, Partition::Outcome outcome) {
    const std::lock_guard lock(result_mutex_);
    RunCounts& counts = result_.counts;
    (outcome.skipped ? counts.partitions_skipped : counts.partitions_done) += 1;
    counts.rows += outcome.rows;
    counts.operations += outcome.operations;
    counts.missing_rows += outcome.missing_rows;
    for (auto& [path, use] : outcome.models) {
      const auto [known, is_new] = models_.try_emplace(path);
      if (is_new) {
        known->second = std::move(use);
      } else {
        known->second.rows += use.rows;
        known->second.flagged += use.flagged;
      }
    }
    counts.models = models_.size();
    result_.split_files += outcome.split_files;
    missing_.merge(outcome.missing_models);
    counts.missing_models = missing_.size();
    steps_.merge(outcome.steps);
    result_.outputs[which] = std::move(outcome.output);
    notes_.merge(outcome.notes);
    if (options_.progress) options_.progress(counts);
  }

  // Of several errors the one of the earliest partition is told, so that a run says the same each time.
  void fail(std::size_t which, Error error) {
    const std::lock_guard lock(result_mutex_);
    if (which >= first_failed_) return;
    first_failed_ = which;
    error_ = std::move(error);
  }

  bool failed() const {
    const std::lock_guard lock(result_mutex_);
    return first_failed_ < result_.partitions.size();
  }
  const Error& error() const { return error_; }
  // Once all is done.
  void finish() {
    result_.notes.assign(notes_.begin(), notes_.end());
    result_.steps = steps_.steps();
    std::vector<FlagCount> flagging;
    for (auto& [path, use] : models_) {
      if (use.flags && use.warn_flagged && is_above(use.flagged, use.rows, *use.warn_flagged)) {
        flagging.push_back({use.path, {use.path}, use.rows, use.flagged});
      }
      result_.models.push_back(std::move(use));
    }
    result_.warnings = flag_warnings(std::move(flagging));
    if (!missing_.empty()) result_.missing_model = *missing_.begin();
  }

 private:
  const RunOptions& options_;
  mutable std::mutex result_mutex_;
  RunResult& result_;                       // guarded by result_mutex_
  std::map<std::string, ModelUse> models_;  // guarded by result_mutex_
  std::set<std::string> missing_;           // guarded by result_mutex_
  std::set<std::string> notes_;             // guarded by result_mutex_
  StepLog steps_;                           // guarded by result_mutex_
  std::size_t first_failed_;                // guarded by result_mutex_
  Error error_{};                           // guarded by result_mutex_
};

}  // namespace

Result<std::vector<std::string>> chosen_partitions(const Plan& plan, const std::vector<std::string>& only) {
  SCORIA_TRY(found, find_partitions(plan));
  if (only.empty()) return found;
  for (const std::string& name : only) {
    if (std::find(found.begin(), found.end(), name) == found.end()) {
      return Error{Code::not_found, "there is no partition '" + name + "'; there are " + model::listed(found)};
    }
  }
  return only;
}

Result<RunResult> run_plan(const Plan& plan, const RunOptions& options, Executor& executor) {
  const auto start = std::chrono::steady_clock::now();
  RunResult result;
  SCORIA_TRY(partitions, chosen_partitions(plan, options.only));
  result.partitions = std::move(partitions);
  result.counts.partitions = result.partitions.size();
  result.outputs.resize(result.partitions.size());

  std::optional<ModelStore> store;
  ModelStore& models = options.models != nullptr ? store.emplace(plan.file.parent_path(), *options.models)
                                                 : store.emplace(plan.file.parent_path());
  SharedInputs shared(plan);
  Collected collected(options, result);
  const auto fail = [&](std::size_t i, Error error) {
    const std::string& name = result.partitions[i];
    collected.fail(
        i, name.empty() ? std::move(error) : with_context(plan.partition + " '" + name + "'", std::move(error)));
  };
  Committer committer;
  executor.parallel_for(result.partitions.size(), [&](std::size_t i) {
    if (collected.failed()) return;
    auto outcome = Partition(plan, options, models, shared, executor, result.partitions[i]).run();
    if (!outcome.ok()) return fail(i, std::move(outcome).error());
    auto done = std::make_shared<Partition::Outcome>(std::move(outcome).value());
    std::vector<arrowio::OutputFile> files = std::move(done->files);
    committer.add(std::move(files), [&collected, &fail, i, done](Status committed) {
      if (!committed.ok()) return fail(i, std::move(committed).error());
      collected.add(i, std::move(*done));
    });
  });
  committer.finish();
  if (collected.failed() && options.stop.stop_requested()) {
    const std::size_t done = result.counts.partitions_done + result.counts.partitions_skipped;
    return Error{Code::unavailable, "interrupted: " + std::to_string(done) + " of " +
                                        std::to_string(result.counts.partitions) +
                                        " partitions are done and stay; the same command with --resume does the rest"};
  }
  if (collected.failed()) return collected.error();
  collected.finish();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace scoria::plan
