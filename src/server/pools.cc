#include "server/pools.h"

#include "batch/pools.h"
#include "server/documents.h"
#include "spec/errors.h"

namespace scoria::server::pools {
namespace {

std::string path_of(const Json& document) { return "/pools/" + document.value("id", ""); }

// Reads the request's body as one of `kind`, and runs `change` with it.
template <typename Change>
void change_with_body(const CallPtr& call, spec::Body kind, int status, Change change) {
  auto body = spec::read_body(kind, call->version, call->body());
  if (!body.ok()) return call->fail(body.error());
  write(call, {.status = status},
        [change, body = std::move(body).value(), id = call->argument("pool"), condition = call->precondition()](
            batch::State& state) { return as_json(change(state, id, body, condition)); });
}

}  // namespace

Result<Json> find(const App& app, std::string_view pool) {
  SCORIA_TRY(document, app.store.get(store::Kind::pool, "", pool));
  if (!document) {
    return spec::batch_error("PoolNotFound", "The specified pool '" + std::string(pool) + "' does not exist.");
  }
  return parse_stored("pool '" + std::string(pool) + "'", document->text);
}

void add(CallPtr call) {
  auto body = spec::read_body(spec::Body::pool_add, call->version, call->body());
  if (!body.ok()) return call->fail(body.error());
  std::string resource = path_of(body.value());
  write(call, {.status = 201, .resource = std::move(resource)},
        [body = std::move(body).value()](batch::State& state) { return as_json(batch::add_pool(state, body)); });
}

void list(CallPtr call) {
  send_list(call, spec::Entity::pool, "pools", stored_documents(call, store::Kind::pool, "", path_of));
}

void show(CallPtr call) {
  auto pool = find(call->app(), call->argument("pool"));
  if (!pool.ok()) return call->fail(pool.error());
  const std::string path = path_of(pool.value());
  send_document(call, spec::Entity::pool, "pools", path, std::move(pool).value());
}

void exists(CallPtr call) {
  const auto pool = find(call->app(), call->argument("pool"));
  if (!pool.ok()) return call->fail(pool.error());
  send_exists(call, path_of(pool.value()), pool.value());
}

void patch(CallPtr call) { change_with_body(call, spec::Body::pool_patch, 200, batch::patch_pool); }

void remove(CallPtr call) {
  write(call, {.status = 202}, [id = call->argument("pool"), condition = call->precondition()](batch::State& state) {
    return as_json(batch::delete_pool(state, id, condition));
  });
}

void enable_autoscale(CallPtr call) {
  change_with_body(call, spec::Body::pool_enable_autoscale, 200, batch::enable_autoscale);
}

void disable_autoscale(CallPtr call) {
  write(call, {.status = 200},
        [id = call->argument("pool")](batch::State& state) { return as_json(batch::disable_autoscale(state, id)); });
}

void evaluate_autoscale(CallPtr call) {
  const auto body = spec::read_body(spec::Body::pool_evaluate_autoscale, call->version, call->body());
  if (!body.ok()) return call->fail(body.error());
  write(
      call,
      [id = call->argument("pool"), formula = body.value().value("autoScaleFormula", "")](batch::State& state) {
        return batch::evaluate_autoscale(state, id, formula);
      },
      [](Call& self, Json answer) {
        answer["odata.metadata"] =
            self.base_url() + "/$metadata#Microsoft.Azure.Batch.Protocol.Entities.Container.AutoScaleRun/@Element";
        self.send_json(200, answer, {{"DataServiceId", self.url()}});
      });
}

void resize(CallPtr call) { change_with_body(call, spec::Body::pool_resize, 202, batch::resize_pool); }

void stop_resize(CallPtr call) {
  write(call, {.status = 202}, [id = call->argument("pool"), condition = call->precondition()](batch::State& state) {
    return as_json(batch::stop_resize(state, id, condition));
  });
}

void remove_nodes(CallPtr call) { change_with_body(call, spec::Body::pool_remove_nodes, 202, batch::remove_nodes); }

void update_properties(CallPtr call) {
  change_with_body(call, spec::Body::pool_update, 204,
                   [](batch::State& state, const std::string& id, const Json& body, const batch::Precondition&) {
                     return batch::update_pool(state, id, body);
                   });
}

}  // namespace scoria::server::pools
