#include "server/jobs.h"

#include "batch/jobs.h"
#include "server/documents.h"
#include "spec/errors.h"

namespace scoria::server::jobs {
namespace {

template <typename Change>
void change_job(const CallPtr& call, int status, Change change) {
  write(call, {.status = status},
        [change = std::move(change), id = call->argument("job"),
         condition = call->precondition()](batch::State& state) { return as_json(change(state, id, condition)); });
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

const Json& private_part(const Json& document) {
  static const Json kNothing = Json::object();
  const auto found = document.find(spec::kPrivate);
  return found != document.end() && found->is_object() ? *found : kNothing;
}

}  // namespace

std::uint64_t number(const Json& document) { return private_part(document).value("number", std::uint64_t{0}); }

std::string path_of(const Json& document) { return "/jobs/" + document.value("id", ""); }

Result<std::optional<Json>> find(const App& app, std::string_view job) {
  SCORIA_TRY(document, app.store.get(store::Kind::job, "", job));
  if (!document) {
    // A schedule's job is named SCHEDULE:job-N and stored below its schedule.
    const auto colon = job.rfind(':');
    if (colon == std::string_view::npos) return std::optional<Json>();
    SCORIA_TRY(below, app.store.get(store::Kind::job, batch::lower(job.substr(0, colon)), job));
    document = std::move(below);
    if (!document) return std::optional<Json>();
  }
  SCORIA_TRY(json, parse_stored("job '" + std::string(job) + "'", document->text));
  return std::optional<Json>(std::move(json));
}

Result<Json> must_find(const App& app, std::string_view job) {
  SCORIA_TRY(document, find(app, job));
  if (!document) {
    return spec::batch_error("JobNotFound", "The specified job '" + std::string(job) + "' does not exist.");
  }
  return std::move(*document);
}

void add(CallPtr call) {
  auto body = spec::read_body(spec::Body::job_add, call->version, call->body());
  if (!body.ok()) return call->fail(body.error());
  std::string resource = path_of(body.value());
  write(call, {.status = 201, .resource = std::move(resource)},
        [body = std::move(body).value()](batch::State& state) { return as_json(batch::add_job(state, body)); });
}

void list(CallPtr call) {
  send_list(call, spec::Entity::job, "jobs", stored_documents(call, store::Kind::job, std::nullopt, path_of));
}

void show(CallPtr call) {
  auto job = must_find(call->app(), call->argument("job"));
  if (!job.ok()) return call->fail(job.error());
  const std::string path = path_of(job.value());
  send_document(call, spec::Entity::job, "jobs", path, std::move(job).value());
}

void patch(CallPtr call) {
  auto body = spec::read_body(spec::Body::job_patch, call->version, call->body());
  if (!body.ok()) return call->fail(body.error());
  change_job(call, 200,
             [body = std::move(body).value()](batch::State& state, const std::string& id,
                                              const batch::Precondition& condition) {
               return batch::patch_job(state, id, body, condition);
             });
}

void update(CallPtr call) {
  auto body = spec::read_body(spec::Body::job_update, call->version, call->body());
  if (!body.ok()) return call->fail(body.error());
  change_job(call, 200,
             [body = std::move(body).value()](batch::State& state, const std::string& id,
                                              const batch::Precondition& condition) {
               return batch::update_job(state, id, body, condition);
             });
}

void remove(CallPtr call) { change_job(call, 202, batch::delete_job); }

void terminate(CallPtr call) {
  std::string reason = "UserTerminate";
  if (!is_blank(call->body())) {
    const auto body = spec::read_body(spec::Body::job_terminate, call->version, call->body());
    if (!body.ok()) return call->fail(body.error());
    reason = body.value().value("terminateReason", reason);
  }
  change_job(call, 202, [reason](batch::State& state, const std::string& id, const batch::Precondition& condition) {
    return batch::terminate_job(state, id, reason, condition);
  });
}

void disable(CallPtr call) {
  const auto body = spec::read_body(spec::Body::job_disable, call->version, call->body());
  if (!body.ok()) return call->fail(body.error());
  change_job(call, 202,
             [tasks = body.value().value("disableTasks", "requeue")](batch::State& state, const std::string& id,
                                                                     const batch::Precondition& condition) {
               return batch::disable_job(state, id, tasks, condition);
             });
}

void enable(CallPtr call) { change_job(call, 202, batch::enable_job); }

void task_counts(CallPtr call) {
  const auto job = must_find(call->app(), call->argument("job"));
  if (!job.ok()) return call->fail(job.error());
  const Json none = Json::object();
  const Json& hidden = private_part(job.value());
  const Json& counts = hidden.contains("counts") && hidden["counts"].is_object() ? hidden["counts"] : none;
  const auto count = [&counts](const char* name) { return counts.value(name, std::uint64_t{0}); };
  // Azure's "running" holds the preparing ones too; "completed" is the sum of its two kinds.
  const std::uint64_t running = count("running") + count("preparing");
  Json document{{"taskCounts",
                 {{"active", count("active")},
                  {"running", running},
                  {"completed", count("succeeded") + count("failed")},
                  {"succeeded", count("succeeded")},
                  {"failed", count("failed")}}},
                {"taskSlotCounts",
                 {{"active", count("active_slots")},
                  {"running", count("running_slots")},
                  {"completed", count("succeeded_slots") + count("failed_slots")},
                  {"succeeded", count("succeeded_slots")},
                  {"failed", count("failed_slots")}}}};
  spec::shape_for(spec::Entity::task_counts, call->version, document);
  document["odata.metadata"] = call->base_url() + "/$metadata#taskcounts/@Element";
  call->send_json(200, document, {{"DataServiceId", call->url()}});
}

void preparation_status(CallPtr call) {
  const auto job = must_find(call->app(), call->argument("job"));
  if (!job.ok()) return call->fail(job.error());
  if (!job.value().contains("jobPreparationTask")) {
    return call->fail(spec::batch_error("JobPreparationTaskNotSpecified"));
  }
  send_list(call, spec::Entity::prep_status, "jobpreparationandreleasetaskstatuslist",
            stored_documents(call, store::Kind::preparation, std::to_string(number(job.value())),
                             [](const Json&) { return std::string(); }));
}

}  // namespace scoria::server::jobs
