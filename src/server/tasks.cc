#include "server/tasks.h"

#include <charconv>

#include "base/iso8601.h"
#include "batch/tasks.h"
#include "server/documents.h"
#include "server/jobs.h"
#include "spec/errors.h"
#include "spec/json_text.h"

namespace scoria::server::tasks {
namespace {

template <typename Change>
void change_task(const CallPtr& call, int status, Change change) {
  write(
      call, {.status = status},
      [change = std::move(change), job = call->argument("job"), task = call->argument("task"),
       condition = call->precondition()](batch::State& state) { return as_json(change(state, job, task, condition)); });
}

std::string task_path(std::string_view job, std::string_view task) {
  return "/jobs/" + std::string(job) + "/tasks/" + std::string(task);
}

// The one result of an entry of addtaskcollection, as JSON text.
struct Entry {
  std::string id;
  std::optional<Error> refused;  // before State saw it
};

void append_result(std::string& out, const Call& call, std::string_view base, const Entry& entry,
                   const Result<batch::Stamp>& result) {
  const bool ok = result.ok();
  const bool is_servers = !ok && spec::http_status(result.error()) >= 500;
  out += ok           ? R"({"status":"success","taskId":)"
         : is_servers ? R"({"status":"servererror","taskId":)"
                      : R"({"status":"clienterror","taskId":)";
  spec::append_json_string(out, entry.id);
  if (ok) {
    // What clients send back in If-Match is the header's form, quotes included.
    out += ",\"eTag\":";
    spec::append_json_string(out, result.value().etag());
    out += ",\"lastModified\":\"" + format_time(result.value().modified) + "\",\"location\":";
    spec::append_json_string(out, std::string(base) + entry.id);
  } else {
    out += ",\"error\":";
    std::string error =
        spec::error_body(result.error(), call.base_url(), call.request_id(), format_time(call.app().clock.now().wall));
    // Below another document there is no odata.metadata.
    if (const auto at = error.find("\"code\":"); at != std::string::npos) error.replace(1, at - 1, "");
    out += error;
  }
  out += '}';
}

struct Collection {
  std::vector<Entry> entries;
  std::vector<batch::NewTask> tasks;  // of the entries that were not refused
};

Result<Collection> read_collection(const Call& call) {
  SCORIA_TRY(bodies, spec::read_task_collection(call.version, call.body()));
  Collection collection;
  collection.entries.reserve(bodies.size());
  collection.tasks.reserve(bodies.size());
  for (spec::NewTaskBody& body : bodies) {
    Entry& entry = collection.entries.emplace_back();
    entry.id = std::move(body.id);
    if (body.document.ok()) {
      collection.tasks.push_back(batch::new_task(body.document.value()));
    } else {
      entry.refused = std::move(body.document).error();
    }
  }
  return collection;
}

}  // namespace

Result<Json> find(const App& app, std::string_view job, std::string_view task) {
  SCORIA_TRY(document, jobs::must_find(app, job));
  SCORIA_TRY(row, app.store.task(jobs::number(document), task));
  if (!row) {
    return spec::batch_error("TaskNotFound", "The specified task '" + std::string(task) + "' does not exist in job '" +
                                                 std::string(job) + "'.");
  }
  return batch::task_document(*row);
}

void add(CallPtr call) {
  auto body = spec::read_body(spec::Body::task_add, call->version, call->body());
  if (!body.ok()) return call->fail(body.error());
  std::string resource = task_path(call->argument("job"), body.value().value("id", ""));
  auto task = std::make_shared<batch::NewTask>(batch::new_task(body.value()));
  write(call, {.status = 201, .resource = std::move(resource)},
        [task, job = call->argument("job")](batch::State& state) -> Result<Json> {
          std::vector<batch::NewTask> one;
          one.push_back(std::move(*task));
          SCORIA_TRY(results, batch::add_tasks(state, job, std::move(one)));
          return as_json(results.front());
        });
}

void add_collection(CallPtr call) {
  auto read = read_collection(*call);
  if (!read.ok()) return call->fail(read.error());
  auto collection = std::make_shared<Collection>(std::move(read).value());
  // Results do not go through JSON: there may be ten thousand in flight.
  auto results = std::make_shared<std::vector<Result<batch::Stamp>>>();
  write(
      call,
      [collection, results, job = call->argument("job")](batch::State& state) -> Result<Json> {
        SCORIA_TRY(added, batch::add_tasks(state, job, std::move(collection->tasks)));
        *results = std::move(added);
        return Json();
      },
      [collection, results](Call& self, const Json&) {
        const std::string base = self.base_url() + task_path(self.argument("job"), "");
        std::string out = "{\"odata.metadata\":";
        spec::append_json_string(out, self.base_url() + "/$metadata#taskaddresult");
        out += ",\"value\":[";
        std::size_t at = 0;
        for (const Entry& entry : collection->entries) {
          if (out.back() != '[') out += ',';
          append_result(out, self, base, entry,
                        entry.refused ? Result<batch::Stamp>(*entry.refused) : results->at(at++));
        }
        out += "]}";
        self.send_text(200, std::move(out), "application/json;odata=minimalmetadata", {{"DataServiceId", self.url()}});
      });
}

void list(CallPtr call) {
  const auto job = jobs::must_find(call->app(), call->argument("job"));
  if (!job.ok()) return call->fail(job.error());
  const std::string path = jobs::path_of(job.value()) + "/tasks/";
  send_list(call, spec::Entity::task, "tasks",
            SourceOfState([call, path, number = jobs::number(job.value())](const std::optional<std::string>& required) {
              std::optional<store::TaskState> state;
              if (required == "active") state = store::TaskState::active;
              if (required == "preparing") state = store::TaskState::preparing;
              if (required == "running") state = store::TaskState::running;
              if (required == "completed") state = store::TaskState::completed;
              const std::string base = call->base_url();
              return Source([call, path, number, state, base](std::string_view after,
                                                              std::size_t limit) -> Result<std::vector<Row>> {
                std::uint64_t behind = 0;
                std::from_chars(after.data(), after.data() + after.size(), behind);
                SCORIA_TRY(found, call->app().store.tasks(number, behind, limit, state));
                std::vector<Row> rows;
                rows.reserve(found.size());
                for (const store::TaskRow& row : found) {
                  SCORIA_TRY(document, batch::task_document(row));
                  document["url"] = path + row.id;
                  make_urls_absolute(base, document);
                  rows.push_back({std::to_string(row.number), std::move(document)});
                }
                return rows;
              });
            }));
}

void show(CallPtr call) {
  auto task = find(call->app(), call->argument("job"), call->argument("task"));
  if (!task.ok()) return call->fail(task.error());
  const std::string path = task_path(call->argument("job"), task.value().value("id", ""));
  send_document(call, spec::Entity::task, "tasks", path, std::move(task).value());
}

void update(CallPtr call) {
  auto body = spec::read_body(spec::Body::task_update, call->version, call->body());
  if (!body.ok()) return call->fail(body.error());
  change_task(call, 200,
              [body = std::move(body).value()](batch::State& state, const std::string& job, const std::string& task,
                                               const batch::Precondition& condition) {
                return batch::update_task(state, job, task, body, condition);
              });
}

void remove(CallPtr call) { change_task(call, 200, batch::delete_task); }
void terminate(CallPtr call) { change_task(call, 204, batch::terminate_task); }
void reactivate(CallPtr call) { change_task(call, 204, batch::reactivate_task); }

void subtasks(CallPtr call) {
  const auto task = find(call->app(), call->argument("job"), call->argument("task"));
  if (!task.ok()) return call->fail(task.error());
  // No task has any: multiInstanceSettings is refused when a task is added.
  call->send_json(200, {{"odata.metadata", call->base_url() + "/$metadata#subtasks"}, {"value", Json::array()}});
}

}  // namespace scoria::server::tasks
