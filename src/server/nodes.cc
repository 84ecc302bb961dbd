#include "server/nodes.h"

#include "batch/nodes.h"
#include "server/documents.h"
#include "server/pools.h"
#include "spec/errors.h"

namespace scoria::server::nodes {
namespace {

using Change = Status (*)(batch::State& state, std::string_view pool, std::string_view node, std::string_view option);

// A body is optional for all of these: without one, or without `field` in it, the option is requeue.
void change_node(const CallPtr& call, spec::Body kind, const char* field, int status, Change change) {
  std::string option = "requeue";
  if (call->body().find_first_not_of(" \t\r\n") != std::string::npos) {
    const auto body = spec::read_body(kind, call->version, call->body());
    if (!body.ok()) return call->fail(body.error());
    option = body.value().value(field, option);
  }
  write(call, {.status = status},
        [change, pool = call->argument("pool"), node = call->argument("node"), option](batch::State& state) {
          return as_json(change(state, pool, node, option));
        });
}

}  // namespace

Result<Json> find(const App& app, std::string_view pool, std::string_view node) {
  SCORIA_TRY(document, app.store.get(store::Kind::node, batch::lower(pool), node));
  if (!document) {
    SCORIA_TRY(of, pools::find(app, pool));
    return spec::batch_error("NodeNotFound", "The specified node '" + std::string(node) + "' does not exist in pool '" +
                                                 std::string(pool) + "'.");
  }
  return parse_stored("node '" + std::string(node) + "'", document->text);
}

void list(CallPtr call) {
  const auto pool = pools::find(call->app(), call->argument("pool"));
  if (!pool.ok()) return call->fail(pool.error());
  const std::string path = "/pools/" + pool.value().value("id", "") + "/nodes/";
  send_list(call, spec::Entity::node, "nodes",
            stored_documents(call, store::Kind::node, batch::lower(call->argument("pool")),
                             [path](const Json& node) { return path + node.value("id", ""); }));
}

void show(CallPtr call) {
  auto node = find(call->app(), call->argument("pool"), call->argument("node"));
  if (!node.ok()) return call->fail(node.error());
  const std::string path = "/pools/" + call->argument("pool") + "/nodes/" + node.value().value("id", "");
  send_document(call, spec::Entity::node, "nodes", path, std::move(node).value());
}

void reboot(CallPtr call) { change_node(call, spec::Body::node_reboot, "nodeRebootOption", 202, batch::reboot_node); }

void reimage(CallPtr call) {
  change_node(call, spec::Body::node_reimage, "nodeReimageOption", 202, batch::reimage_node);
}

void disable_scheduling(CallPtr call) {
  change_node(call, spec::Body::node_disable_scheduling, "nodeDisableSchedulingOption", 200, batch::disable_scheduling);
}

void enable_scheduling(CallPtr call) {
  write(call, {.status = 200}, [pool = call->argument("pool"), node = call->argument("node")](batch::State& state) {
    return as_json(batch::enable_scheduling(state, pool, node));
  });
}

}  // namespace scoria::server::nodes
