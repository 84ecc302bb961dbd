#include "server/schedules.h"

#include "batch/schedules.h"
#include "server/documents.h"
#include "server/jobs.h"
#include "spec/errors.h"

namespace scoria::server::schedules {
namespace {

std::string path_of(const Json& document) { return "/jobschedules/" + document.value("id", ""); }

Result<Json> find(const CallPtr& call) {
  const std::string& id = call->argument("schedule");
  SCORIA_TRY(document, call->app().store.get(store::Kind::schedule, "", id));
  if (!document) {
    return spec::batch_error("JobScheduleNotFound", "The specified job schedule '" + id + "' does not exist.");
  }
  return parse_stored("job schedule '" + id + "'", document->text);
}

using Change = Status (*)(batch::State& state, std::string_view id, const batch::Precondition& condition);
using Rewrite = Result<batch::Stamp> (*)(batch::State& state, std::string_view id, Json body,
                                         const batch::Precondition& condition);

void change_schedule(const CallPtr& call, int status, Change change) {
  write(call, {.status = status},
        [change, id = call->argument("schedule"), condition = call->precondition()](batch::State& state) {
          return as_json(change(state, id, condition));
        });
}

void rewrite(const CallPtr& call, spec::Body kind, Rewrite change) {
  auto body = spec::read_body(kind, call->version, call->body());
  if (!body.ok()) return call->fail(body.error());
  write(call, {.status = 200},
        [change, body = std::move(body).value(), id = call->argument("schedule"), condition = call->precondition()](
            batch::State& state) { return as_json(change(state, id, body, condition)); });
}

}  // namespace

void add(CallPtr call) {
  auto body = spec::read_body(spec::Body::schedule_add, call->version, call->body());
  if (!body.ok()) return call->fail(body.error());
  std::string resource = path_of(body.value());
  write(call, {.status = 201, .resource = std::move(resource)},
        [body = std::move(body).value()](batch::State& state) { return as_json(batch::add_schedule(state, body)); });
}

void list(CallPtr call) {
  send_list(call, spec::Entity::schedule, "jobschedules", stored_documents(call, store::Kind::schedule, "", path_of));
}

void show(CallPtr call) {
  auto schedule = find(call);
  if (!schedule.ok()) return call->fail(schedule.error());
  const std::string path = path_of(schedule.value());
  send_document(call, spec::Entity::schedule, "jobschedules", path, std::move(schedule).value());
}

void exists(CallPtr call) {
  const auto schedule = find(call);
  if (!schedule.ok()) return call->fail(schedule.error());
  send_exists(call, path_of(schedule.value()), schedule.value());
}

void patch(CallPtr call) { rewrite(call, spec::Body::schedule_patch, batch::patch_schedule); }
void update(CallPtr call) { rewrite(call, spec::Body::schedule_update, batch::update_schedule); }
void remove(CallPtr call) { change_schedule(call, 202, batch::delete_schedule); }
void terminate(CallPtr call) { change_schedule(call, 202, batch::terminate_schedule); }
void disable(CallPtr call) { change_schedule(call, 204, batch::disable_schedule); }
void enable(CallPtr call) { change_schedule(call, 204, batch::enable_schedule); }

void list_jobs(CallPtr call) {
  const auto schedule = find(call);
  if (!schedule.ok()) return call->fail(schedule.error());
  send_list(call, spec::Entity::job, "jobs",
            stored_documents(call, store::Kind::job, batch::lower(call->argument("schedule")), jobs::path_of));
}

}  // namespace scoria::server::schedules
