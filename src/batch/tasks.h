// Tasks: adding them in bulk, their dependencies, what clients ask of one. Source: Azure Batch REST API, Task. Threads: State's owner.
#pragma once

#include <vector>

#include "batch/state.h"

namespace scoria::batch {

// One task of a collection, parsed and checked before State's thread sees it: what scheduling needs, and the text to keep.
struct NewTask {
  std::string id;
  std::shared_ptr<const std::string> spec;  // the document's text
  int required_slots = 1;
  std::optional<int> max_retries;  // none: the job's
  Duration max_wall_clock = Task::kMax;
  std::vector<std::string> depends_on;                                   // ids
  std::vector<std::pair<std::int64_t, std::int64_t>> depends_on_ranges;  // both ends included
  std::string affinity;
  bool is_single_writer = false;
  bool acts_on_job = false;  // an exit condition has a jobAction other than none
};
NewTask new_task(const Json& document);  // of read_body(Body::task_add)

// One result for each, in order. Errors of all: JobNotFound, JobCompleted, ...; of one: TaskExists, TaskDependenciesNotSpecifiedOnJob,
// TaskIdSameAsJobPreparationTask; InvalidPropertyValue of a jobAction where the job's onTaskFailure is noaction.
Result<std::vector<Result<Stamp>>> add_tasks(State& state, std::string_view job, std::vector<NewTask> tasks);
// The job manager task of a new job. Errors: as one of add_tasks().
Status add_manager_task(State& state, Job& job);
Result<Stamp> update_task(State& state, std::string_view job, std::string_view task, const Json& body,
                          const Precondition& condition);
Status delete_task(State& state, std::string_view job, std::string_view task, const Precondition& condition);
Status terminate_task(State& state, std::string_view job, std::string_view task, const Precondition& condition);
Status reactivate_task(State& state, std::string_view job, std::string_view task, const Precondition& condition);

// A task's runtime part as clients see it; a store's row holds it as text, with what recovery needs under "~".
Json task_info(const Task& task);
std::string task_info_text(const Task& task);
// Its "executionInfo" alone.
Json execution_info(const Task& task);
// The whole document of a stored task: its spec with its info laid over. nodeInfo's urls are paths, as in pool_document(); who answers sets
// `url`. Errors: corrupt.
Result<Json> task_document(const store::TaskRow& row);
// An open task of a job that is in memory; rows of other jobs are left in the store.
Status load_task(State& state, const store::TaskRow& row);

}  // namespace scoria::batch
