// What clients and the store read of jobs.
#include <algorithm>
#include <array>

#include "base/iso8601.h"
#include "batch/job_settings.h"
#include "batch/jobs.h"
#include "batch/state_json.h"

namespace scoria::batch {
namespace {

constexpr std::array<std::string_view, 7> kJobStates = {"active",      "disabling", "disabled", "enabling",
                                                        "terminating", "completed", "deleting"};

Json counts_json(const JobCounts& counts) {
  return {{"active", counts.active},
          {"preparing", counts.preparing},
          {"running", counts.running},
          {"succeeded", counts.succeeded},
          {"failed", counts.failed},
          {"active_slots", counts.active_slots},
          {"running_slots", counts.running_slots},
          {"succeeded_slots", counts.succeeded_slots},
          {"failed_slots", counts.failed_slots}};
}

JobCounts counts_of(const Json& stored) {
  return {.active = stored.at("active"),
          .preparing = stored.at("preparing"),
          .running = stored.at("running"),
          .succeeded = stored.at("succeeded"),
          .failed = stored.at("failed"),
          .active_slots = stored.at("active_slots"),
          .running_slots = stored.at("running_slots"),
          .succeeded_slots = stored.at("succeeded_slots"),
          .failed_slots = stored.at("failed_slots")};
}

// What Azure shows of a job whether it was said or not.
void set_defaults(Json& document) {
  const auto fill = [](Json& parent, const char* key, Json value) {
    if (!parent.contains(key) || parent[key].is_null()) parent[key] = std::move(value);
  };
  fill(document, "priority", 0);
  fill(document, "maxParallelTasks", -1);
  fill(document, "allowTaskPreemption", false);
  fill(document, "onAllTasksComplete", "noaction");
  fill(document, "onTaskFailure", "noaction");
  fill(document, "usesTaskDependencies", false);
  fill(document, "constraints", Json::object());
  fill(document["constraints"], "maxWallClockTime", format_duration(kForever));
  fill(document["constraints"], "maxTaskRetryCount", 0);
}

}  // namespace

std::string_view job_state_name(JobState state) { return kJobStates[static_cast<std::size_t>(state)]; }

std::string job_parent(std::string_view id) {
  const std::size_t colon = id.rfind(':');
  return colon == std::string_view::npos ? std::string() : lower(id.substr(0, colon));
}

std::string job_directory(std::string_view id) {
  const std::size_t colon = id.rfind(':');
  std::string directory = "workitems/" + std::string(id.substr(0, colon));
  if (colon != std::string_view::npos) directory += "/" + std::string(id.substr(colon + 1));
  return directory;
}

std::string task_directory(std::string_view job, std::string_view task) {
  std::string directory = job_directory(job);
  if (job.find(':') == std::string_view::npos) directory += "/job-1";
  return directory + "/" + std::string(task);
}

std::string preparation_id(const Job& job) {
  const auto task = job.body.find("jobPreparationTask");
  return task == job.body.end() ? "jobpreparation" : task->value("id", "jobpreparation");
}

std::string release_id(const Job& job) {
  const auto task = job.body.find("jobReleaseTask");
  return task == job.body.end() ? "jobrelease" : task->value("id", "jobrelease");
}

Json job_document(const Job& job) {
  Json out = job.body;
  set_defaults(out);
  out["id"] = job.id;
  out["url"] = "/jobs/" + job.id;
  out["eTag"] = job.stamp.etag();
  out["lastModified"] = format_time(job.stamp.modified);
  out["creationTime"] = format_time(job.stamp.created);
  out["state"] = job_state_name(job.state);
  out["stateTransitionTime"] = format_time(job.stamp.state_since);
  if (job.previous_state) {
    out["previousState"] = *job.previous_state;
    out["previousStateTransitionTime"] = format_time(job.previous_since);
  }
  out["executionInfo"] = job.execution_info;
  return out;
}

Json stored_job(const Job& job) {
  Json out = job_document(job);
  Json& own = out[spec::kPrivate];
  own = {{"number", job.number},
         {"schedule", job.schedule},
         {"stamp", stamp_json(job.stamp)},
         {"state", static_cast<int>(job.state)},
         {"previousSince", micros(job.previous_since)},
         {"poolId", job.pool_id},
         {"disable", job.disable_tasks},
         {"reason", job.terminate_reason},
         {"counts", counts_json(job.counts)},
         {"next", job.next_number},
         {"meanRun", job.mean_run.count()}};
  if (job.manager_state) own["manager"] = static_cast<int>(*job.manager_state);
  return out;
}

Result<std::unique_ptr<Job>> read_job(State& state, const store::Document& document) {
  auto made = make<Job>(state);
  Job& job = *made;
  const Status read = guarded_load(document, [&](Json stored) -> Status {
    const Json own = stored.at(spec::kPrivate);
    stored.erase(spec::kPrivate);
    job.number = own.at("number");
    job.id = stored.at("id");
    job.schedule = own.at("schedule");
    job.stamp = stamp_of(own.at("stamp"));
    const int kind = own.at("state");
    if (kind < 0 || kind >= static_cast<int>(kJobStates.size())) {
      return Error{Code::corrupt, "the stored job '" + job.id + "' has no known state"};
    }
    job.state = static_cast<JobState>(kind);
    if (stored.contains("previousState")) job.previous_state = stored["previousState"].get<std::string>();
    job.previous_since = wall_of(own.at("previousSince"));
    job.pool_id = own.at("poolId");
    job.disable_tasks = own.at("disable");
    job.terminate_reason = own.at("reason");
    job.counts = counts_of(own.at("counts"));
    job.next_number = own.at("next");
    job.mean_run = Duration(own.at("meanRun").get<std::int64_t>());
    if (own.contains("manager"))
      job.manager_state = static_cast<TaskState>(std::clamp(own["manager"].get<int>(), 0, 3));
    job.execution_info = std::move(stored["executionInfo"]);
    for (const char* key : {"url", "eTag", "lastModified", "creationTime", "state", "stateTransitionTime",
                            "previousState", "previousStateTransitionTime", "executionInfo"}) {
      stored.erase(key);
    }
    job.body = std::move(stored);
    take_settings(job);
    return Ok{};
  });
  if (!read.ok()) return read.error();
  return made;
}

}  // namespace scoria::batch
