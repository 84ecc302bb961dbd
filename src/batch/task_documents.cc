// What clients and the store read of tasks. Rows are written with every step of every task: as text at once, without a document.
#include <array>

#include "base/iso8601.h"
#include "batch/jobs.h"
#include "batch/task_progress.h"
#include "batch/tasks.h"
#include "spec/json_text.h"

namespace scoria::batch {
namespace {

constexpr std::array<std::string_view, 4> kTaskStates = {"active", "preparing", "running", "completed"};

std::string_view name_of(TaskState state) { return kTaskStates[static_cast<std::size_t>(state)]; }

// An object's text, member by member.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) { out_ += '{'; }
  void close() { out_ += '}'; }
  std::string& key(std::string_view name) {
    if (!is_first_) out_ += ',';
    is_first_ = false;
    out_ += '"';
    out_ += name;
    out_ += "\":";
    return out_;
  }
  void text(std::string_view name, std::string_view value) { spec::append_json_string(key(name), value); }
  // What needs no escapes.
  void plain(std::string_view name, std::string_view value) {
    key(name) += '"';
    out_ += value;
    out_ += '"';
  }
  void time(std::string_view name, WallTime value) { plain(name, format_time(value)); }
  void time(std::string_view name, const std::optional<WallTime>& value) {
    if (value) time(name, *value);
  }
  void number(std::string_view name, std::int64_t value) { key(name) += std::to_string(value); }

 private:
  std::string& out_;
  bool is_first_ = true;
};

void write_execution_info(std::string& out, const Task& task) {
  Writer info(out);
  if (task.state != TaskState::active || task.retry_count + task.requeue_count > 0)
    info.time("startTime", task.started);
  if (task.state == TaskState::completed) {
    info.time("endTime", task.ended);
    info.plain("result", task.failure.is_null() ? "success" : "failure");
  }
  // Of a task that runs again the last end is not its own.
  if (task.state == TaskState::completed) {
    if (task.exit_code) info.number("exitCode", *task.exit_code);
    if (!task.failure.is_null()) info.key("failureInfo") += spec::json_text(task.failure);
    if (!task.container.empty()) {
      Writer container(info.key("containerInfo"));
      container.text("containerId", task.container);
      container.close();
    }
  }
  info.number("retryCount", task.retry_count);
  info.time("lastRetryTime", task.last_retry);
  info.number("requeueCount", task.requeue_count);
  info.time("lastRequeueTime", task.last_requeue);
  info.close();
}

void write_node_info(std::string& out, const Task& task) {
  Writer info(out);
  const std::string node = "/pools/" + task.ran_on_pool + "/nodes/" + task.ran_on_node;
  const std::string directory = task_directory(task.job->id, task.id);
  info.plain("affinityId", "TVM:" + task.ran_on_node);
  info.plain("nodeUrl", node);
  info.plain("poolId", task.ran_on_pool);
  info.plain("nodeId", task.ran_on_node);
  info.plain("taskRootDirectory", directory);
  info.plain("taskRootDirectoryUrl", node + "/files/" + directory);
  info.close();
}

void write_attempt(Writer& own, const Attempt& attempt) {
  own.number("a", static_cast<std::int64_t>(attempt.id));
  own.number("phase", static_cast<std::int64_t>(attempt.phase));
  own.number("slots", attempt.slots);
  own.number("waits", attempt.may_wait ? 1 : 0);
  own.number("assigned", attempt.assigned.time_since_epoch().count());
  if (!attempt.devices.empty()) own.key("devices") += Json(attempt.devices).dump();
  if (!attempt.stop_reason.empty()) {
    own.text("stop", attempt.stop_reason);
    own.number("grace", attempt.stop_grace.count());
    own.number("requeue", attempt.requeue_on_stop ? 1 : 0);
  }
}

void write_private(std::string& out, const Task& task) {
  Writer own(out);
  own.number("v", static_cast<std::int64_t>(task.version));
  if (task.is_manager) own.number("manager", 1);
  if (task.lost_count > 0) own.number("lost", task.lost_count);
  if (task.held_back_until) own.number("heldBack", 1);
  if (task.satisfies) own.number("sat", *task.satisfies ? 1 : 0);
  if (task.publishing != 0) {
    own.number("publishing", static_cast<std::int64_t>(task.publishing));
    own.time("ended", task.ended);
    if (task.exit_code) own.number("exit", *task.exit_code);
    if (!task.failure.is_null()) own.key("failure") += spec::json_text(task.failure);
    own.number("retry", task.may_retry ? 1 : 0);
    own.text("container", task.container);
  }
  if (task.node != nullptr) {
    own.plain("pool", task.node->pool->id);
    own.plain("node", task.node->id);
    write_attempt(own, task.node->attempts.at(task.attempt));
  }
  own.close();
}

Result<Json> parse(const store::TaskRow& row, const std::string& text) {
  Json out = Json::parse(text, nullptr, false);
  if (out.is_object()) return out;
  return Error{Code::corrupt, "the stored task '" + row.id + "' of job number " + std::to_string(row.job) +
                                  " cannot be read: its text is no object"};
}

std::optional<WallTime> time_of(const Json& parent, const char* key) {
  const auto found = parent.find(key);
  if (found == parent.end()) return std::nullopt;
  const auto time = parse_time(found->get_ref<const std::string&>());
  return time.ok() ? std::optional(time.value()) : std::nullopt;
}

TaskState state_of(const std::string& name) {
  for (std::size_t i = 0; i < kTaskStates.size(); ++i) {
    if (kTaskStates[i] == name) return static_cast<TaskState>(i);
  }
  return TaskState::active;
}

void read_info(Task& task, const Json& info) {
  task.version = info.at("~").at("v");
  task.created = time_of(info, "creationTime").value_or(WallTime{});
  task.modified = time_of(info, "lastModified").value_or(task.created);
  task.state_since = time_of(info, "stateTransitionTime").value_or(task.created);
  if (const auto previous = info.find("previousState"); previous != info.end()) {
    task.previous_state = state_of(*previous);
    task.previous_since = time_of(info, "previousStateTransitionTime").value_or(task.created);
  }
  const Json& execution = info.at("executionInfo");
  task.started = time_of(execution, "startTime");
  task.ended = time_of(execution, "endTime");
  task.retry_count = execution.at("retryCount");
  task.requeue_count = execution.at("requeueCount");
  task.last_retry = time_of(execution, "lastRetryTime");
  task.last_requeue = time_of(execution, "lastRequeueTime");
  if (execution.contains("exitCode")) task.exit_code = execution["exitCode"].get<int>();
  if (execution.contains("failureInfo")) task.failure = execution["failureInfo"];
  if (const auto node = info.find("nodeInfo"); node != info.end()) {
    task.ran_on_pool = node->at("poolId");
    task.ran_on_node = node->at("nodeId");
  }
}

void read_private(Task& task, const Json& own) {
  task.is_manager = own.value("manager", 0) != 0;
  task.lost_count = own.value("lost", 0);
  // Until when, in a time that ended with the last server: load_task() begins anew.
  if (own.contains("heldBack")) task.held_back_until = SteadyTime::max();
  if (own.contains("sat")) task.satisfies = own["sat"].get<int>() != 0;
  task.publishing = own.value("publishing", AttemptId{0});
  if (task.publishing == 0) return;
  task.ended = time_of(own, "ended");
  if (own.contains("exit")) task.exit_code = own["exit"].get<int>();
  if (own.contains("failure")) task.failure = own["failure"];
  task.may_retry = own.at("retry").get<int>() != 0;
  task.container = own.at("container");
}

std::vector<std::string> ids_of(const Json& list) {
  std::vector<std::string> ids;
  for (const Json& id : list) ids.push_back(lower(id.get_ref<const std::string&>()));
  return ids;
}

}  // namespace

std::string task_info_text(const Task& task) {
  std::string out;
  out.reserve(640);
  Writer info(out);
  info.plain("state", name_of(task.state));
  info.time("stateTransitionTime", task.state_since);
  if (task.previous_state) {
    info.plain("previousState", name_of(*task.previous_state));
    info.time("previousStateTransitionTime", task.previous_since);
  }
  info.time("creationTime", task.created);
  info.time("lastModified", task.modified);
  info.plain("eTag", Stamp{.modified = task.modified, .version = task.version}.etag());
  write_execution_info(info.key("executionInfo"), task);
  if (!task.ran_on_node.empty()) write_node_info(info.key("nodeInfo"), task);
  write_private(info.key(spec::kPrivate), task);
  info.close();
  return out;
}

Json execution_info(const Task& task) {
  std::string out;
  write_execution_info(out, task);
  return Json::parse(out);
}

Json task_info(const Task& task) { return Json::parse(task_info_text(task)); }

Result<Json> task_document(const store::TaskRow& row) {
  SCORIA_TRY(document, parse(row, row.spec));
  SCORIA_TRY(info, parse(row, row.info));
  for (auto& [name, value] : info.items()) document[name] = std::move(value);
  document["id"] = row.id;
  return std::move(document);
}

namespace {

bool has_job_action(const Json& options) {
  return options.is_object() && lower(options.value("jobAction", "none")) != "none";
}

// `conditions`: an exitConditions, whose members are ExitOptions, or lists of what holds some.
bool acts_on_job(const Json& conditions) {
  for (const Json& member : conditions) {
    if (has_job_action(member)) return true;
    if (!member.is_array()) continue;
    for (const Json& each : member) {
      if (each.contains("exitOptions") && has_job_action(each["exitOptions"])) return true;
    }
  }
  return false;
}

}  // namespace

NewTask new_task(const Json& document) {
  NewTask task;
  task.id = document.at("id");
  task.spec = std::make_shared<const std::string>(spec::json_text(document));
  task.required_slots = std::max(1, document.value("requiredSlots", 1));
  if (const auto constraints = document.find("constraints"); constraints != document.end()) {
    if (constraints->contains("maxTaskRetryCount")) task.max_retries = (*constraints)["maxTaskRetryCount"].get<int>();
    task.is_single_writer = constraints->value("singleWriter", false);
    const auto limit = parse_duration(constraints->value("maxWallClockTime", ""));
    if (limit.ok()) task.max_wall_clock = limit.value();
  }
  if (const auto depends = document.find("dependsOn"); depends != document.end() && depends->is_object()) {
    if (depends->contains("taskIds")) task.depends_on = ids_of((*depends)["taskIds"]);
    for (const Json& range : depends->value("taskIdRanges", Json::array())) {
      task.depends_on_ranges.emplace_back(range.at("start").get<std::int64_t>(), range.at("end").get<std::int64_t>());
    }
  }
  if (const auto affinity = document.find("affinityInfo"); affinity != document.end() && affinity->is_object()) {
    task.affinity = lower(affinity->value("affinityId", ""));
    if (task.affinity.starts_with("tvm:")) task.affinity.erase(0, 4);
  }
  const auto conditions = document.find("exitConditions");
  if (conditions != document.end() && conditions->is_object()) task.acts_on_job = acts_on_job(*conditions);
  return task;
}

Status read_row(Task& task, const store::TaskRow& row) {
  SCORIA_TRY(info, parse(row, row.info));
  try {
    task.number = row.number;
    task.id = row.id;
    task.state = static_cast<TaskState>(row.state);
    task.spec = std::make_shared<const std::string>(row.spec);
    read_info(task, info);
    read_private(task, info.at(spec::kPrivate));
  } catch (const Json::exception& error) {
    return Error{Code::corrupt, "the stored task '" + row.id + "' of job number " + std::to_string(row.job) +
                                    " cannot be read: " + error.what()};
  }
  return Ok{};
}

}  // namespace scoria::batch
