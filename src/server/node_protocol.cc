#include "net/url.h"

#include <charconv>

#include "auth/bearer.h"
#include "auth/sas.h"
#include "auth/tokens.h"
#include "base/iso8601.h"
#include "batch/nodes.h"
#include "net/url.h"
#include "server/blob/access_policy.h"
#include "server/file_relay.h"
#include "server/jobs.h"
#include "server/secrets.h"
#include "server/uploads.h"
#include "spec/errors.h"
#include "spec/json_text.h"

namespace scoria::server {
namespace {

// A task's life is at most this long (Azure Batch's own limit), and so is its token's.
constexpr auto kTokenLife = std::chrono::hours(24) * 180;
constexpr std::uint64_t kMostOfSync = 4u << 20;

std::string token_scope(std::string_view pool) { return "join/" + batch::lower(pool); }

// The token of "Authorization: Bearer ...".
Result<std::string> bearer_of(const Call& call) {
  const auto header = call.request().header("Authorization");
  if (!header || header->size() < 8 || !header->starts_with("Bearer ")) {
    return spec::batch_error("AuthenticationFailed", "a node's request must have 'Authorization: Bearer TOKEN'");
  }
  return std::string(header->substr(7));
}

// Runs `then` where the token is the node's.
void as_node(const CallPtr& call, const std::string& pool, const std::string& node,
             std::function<void(const CallPtr& call)> then) {
  const auto token = bearer_of(*call);
  if (!token.ok()) return call->fail(token.error());
  call->work = batch::Work::less;  // a node brings work to its end
  write(
      call,
      [pool, node, hash = auth::hash_token(token.value())](batch::State& state) -> Result<Json> {
        const batch::Node* found = batch::find_node(state, pool, node);
        if (found == nullptr) {
          return spec::batch_error("NodeNotFound", "there is no node '" + node + "' in pool '" + pool + "'");
        }
        if (!auth::equal_in_constant_time(found->token_hash, hash)) {
          return spec::batch_error("AuthenticationFailed", "the token is not the one of node '" + node + "'");
        }
        return Json();
      },
      [call, then = std::move(then)](Call&, const Json&) { then(call); });
}

// Tasks that asked for a token of their job get it on the way out: it is signed, not stored.
Status add_tokens(const App& app, spec::SyncReply& reply) {
  for (spec::StartOrder& order : reply.start) {
    const auto settings = order.spec.find("authenticationTokenSettings");
    if (settings == order.spec.end() || !settings->is_object() || order.job.empty()) continue;
    const auto access = settings->find("access");
    if (access == settings->end() || !access->is_array() || access->empty()) continue;
    SCORIA_TRY(job, jobs::find(app, order.job));
    if (!job) continue;
    order.token = auth::make_task_token(app.token_key, {.account = app.account.name,
                                                        .job = jobs::number(*job),
                                                        .job_id = job->value("id", order.job),
                                                        .expires = app.clock.now().wall + kTokenLife});
  }
  return Ok{};
}

// Resource files of "autoStorageContainerName" are the account's own: a node reads them by a signature made for it.
void sign_own_containers(const App& app, spec::SyncReply& reply) {
  const WallTime now = app.clock.now().wall;
  for (spec::StartOrder& order : reply.start) {
    const auto files = order.spec.find("resourceFiles");
    if (files == order.spec.end() || !files->is_array()) continue;
    for (Json& file : *files) {
      const auto name = file.find("autoStorageContainerName");
      if (name == file.end() || !name->is_string()) continue;
      const std::string container = name->get<std::string>();
      file["storageContainerUrl"] =
          app.account_url + "/" + app.account.name + "/" + net::percent_encode(container) + "?" +
          auth::make_sas(app.account, container, "", "rl", now - std::chrono::minutes(15), now + kTokenLife);
      file.erase("autoStorageContainerName");
    }
  }
}

void sync(const CallPtr& call, const std::string& pool, const std::string& node) {
  const auto token = bearer_of(*call);
  if (!token.ok()) return call->fail(token.error());
  auto request = spec::parse_sync_request(call->body());
  if (!request.ok()) return call->fail(request.error());
  call->app().service.sync(pool, node, auth::hash_token(token.value()), std::move(request).value(),
                           [call](Result<spec::SyncReply> reply) {
                             guarded(call, [&] {
                               if (!reply.ok()) return call->fail(reply.error());
                               const Status added = add_tokens(call->app(), reply.value());
                               if (!added.ok()) return call->fail(added.error());
                               sign_own_containers(call->app(), reply.value());
                               call->send_text(200, spec::to_text(reply.value()), "application/json");
                             });
                           });
}

void join(const CallPtr& call, const std::string& pool) {
  const auto token = bearer_of(*call);
  if (!token.ok()) return call->fail(token.error());
  const auto document = call->app().store.get(store::Kind::token, token_scope(pool), auth::hash_token(token.value()));
  if (!document.ok()) return call->fail(document.error());
  const Json stored =
      document.value() ? Json::parse(document.value()->text, nullptr, /*allow_exceptions=*/false) : Json();
  const auto expires = parse_time(stored.is_object() ? stored.value("expires", "") : "");
  if (!expires.ok() || expires.value() < call->app().clock.now().wall) {
    return call->fail(spec::batch_error("AuthenticationFailed",
                                        "the token is none by which machines join pool '" + pool +
                                            "', or has expired; make one with `scoria node token " + pool + "`"));
  }
  const auto body = spec::parse_json(call->body());
  if (!body.ok()) return call->fail(body.error());
  const auto name_at = body.value().is_object() ? body.value().find("name") : body.value().end();
  const auto slots_at = body.value().is_object() ? body.value().find("slots") : body.value().end();
  if (!body.value().is_object() || name_at == body.value().end() || !name_at->is_string() ||
      (slots_at != body.value().end() && !slots_at->is_number_unsigned())) {
    return call->fail(spec::batch_error("InvalidRequestBody", R"(the body must be {"name": "...", "slots": N})"));
  }
  const int slots = slots_at == body.value().end()
                        ? 0
                        : static_cast<int>(std::min(slots_at->get<std::uint64_t>(), std::uint64_t{100'000}));
  const std::string node_token = auth::random_token();
  write(
      call,
      [pool, name = name_at->get<std::string>(), slots,
       hash = auth::hash_token(node_token)](batch::State& state) -> Result<Json> {
        SCORIA_TRY(node, batch::join_node(state, pool, name, hash, slots));
        return Json{{"node", node->id}, {"pool", node->pool->id}};
      },
      [node_token](Call& self, Json answer) {
        answer["token"] = node_token;
        answer["account"] = self.app().account.name;
        self.send_json(201, answer);
      });
}

void take_file(const CallPtr& call, const std::string& pool, const std::string& node, std::string_view id_text) {
  std::uint64_t id = 0;
  std::from_chars(id_text.data(), id_text.data() + id_text.size(), id);
  as_node(call, pool, node, [pool, node, id](const CallPtr& self) {
    FileRelay::Answer answer = self->body();
    if (const auto code = self->request().header("scoria-error"); code && code->size() <= 64) {
      answer = Error{*code == "FileNotFound" ? Code::not_found : Code::unavailable, self->body().substr(0, 1000),
                     std::string(*code)};
    }
    if (!self->app().relay.answer(pool, node, id, std::move(answer))) {
      return self->fail(spec::batch_error("ResourceNotFound", "nobody waits for this file"));
    }
    self->send_empty(204);
  });
}

void give_secret(const CallPtr& call, const std::string& pool, const std::string& node, const std::string& name) {
  as_node(call, pool, node, [name](const CallPtr& self) {
    auto secret = self->app().secrets.open(name);
    if (!secret.ok()) return self->fail(secret.error());
    self->send_text(200, std::move(secret).value(), "text/plain", {{"Cache-Control", "no-store"}});
  });
}

// node v1 POOL NODE outputs ATTEMPT CONTAINER BLOB...
std::string blob_name(const std::vector<std::string>& parts) {
  std::string blob = parts[7];
  for (std::size_t i = 8; i < parts.size(); ++i) blob += "/" + parts[i];
  return blob;
}

net::HttpReply refusal(const App& app, const Error& error) {
  return {.status = spec::http_status(error),
          .headers = {{"Content-Type", "application/json;odata=minimalmetadata"}},
          .body = spec::error_body(error, app.account_url, new_request_id(), format_time(app.clock.now().wall)),
          .file = {},
          .source = {},
          .head_length = {}};
}

void take_output(const CallPtr& call, const std::string& pool, const std::string& node) {
  const auto& parts = call->target().segments;
  std::uint64_t attempt = 0;
  const std::string& text = parts[5];
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), attempt);
  if (error != std::errc{} || end != text.data() + text.size() || parts.size() < 8) {
    return call->fail(spec::batch_error("InvalidInput", "the path must end in outputs/ATTEMPT/CONTAINER/BLOB"));
  }
  const std::string blob = blob_name(parts);
  const auto token = bearer_of(*call);
  if (!token.ok()) return call->fail(token.error());
  write(
      call,
      [pool, node, attempt, hash = auth::hash_token(token.value())](batch::State& state) -> Result<Json> {
        const batch::Node* found = batch::find_node(state, pool, node);
        if (found == nullptr || !auth::equal_in_constant_time(found->token_hash, hash)) {
          return spec::batch_error("AuthenticationFailed", "the token is not the one of node '" + node + "'");
        }
        // Fenced: an attempt that is not this node's any more publishes nothing.
        if (!found->attempts.contains(attempt)) {
          return spec::batch_error("OperationInvalidForCurrentState",
                                   "attempt " + std::to_string(attempt) + " is not one of node '" + node + "'");
        }
        return Json();
      },
      [call, attempt, container = parts[6], blob](Call&, const Json&) {
        stage_upload(call, attempt, container, blob);
      });
}

}  // namespace

store::Document join_token_document(std::string_view pool, std::string_view token, std::string_view expires) {
  return {store::Kind::token, token_scope(pool), auth::hash_token(token), Json{{"expires", expires}}.dump()};
}

net::BodyPlan plan_node_body(const App& app, const net::HttpRequest& head, const Target& target) {
  net::BodyPlan plan;
  plan.max_bytes = std::max(kMostOfSync, FileRelay::kMostBytes) + 4096;
  const auto& parts = target.segments;
  if (head.method == "PUT" && parts.size() >= 8 && parts[4] == "outputs") {
    // Before a byte is taken: the task must have been given a signature that allows writing there.
    const auth::SasUse use{.container = parts[6],
                           .blob = blob_name(parts),
                           .service_permissions = "wc",
                           .account_permissions = "wc",
                           .is_tls = head.is_tls,
                           .peer = head.peer};
    const auto policies = [&app](std::string_view container, std::string_view id) -> std::optional<auth::AccessPolicy> {
      const auto found = app.blobs.container(container);
      if (!found.ok()) return std::nullopt;
      const auto policy = found.value().policies.find(std::string(id));
      return policy == found.value().policies.end() ? std::nullopt : storage::stored_policy(policy->second);
    };
    const auto grant =
        auth::check_sas(app.account, auth::split_target(head.target), use, policies, app.clock.now().wall);
    if (!grant.ok()) {
      plan.refuse = refusal(app, grant.error());
      return plan;
    }
    plan.max_bytes = app.config.max_upload_bytes;
    plan.sink = std::make_unique<UploadSink>(app.blobs);
  }
  return plan;
}

void serve_node(const CallPtr& call) {
  const auto& parts = call->target().segments;
  const std::string& method = call->request().method;
  if (parts.size() == 4 && parts[3] == "join" && method == "POST") return join(call, parts[2]);
  if (parts.size() == 5 && parts[4] == "sync" && method == "POST") return sync(call, parts[2], parts[3]);
  if (parts.size() == 6 && parts[4] == "files" && method == "POST")
    return take_file(call, parts[2], parts[3], parts[5]);
  if (parts.size() == 6 && parts[4] == "secrets" && method == "GET") {
    return give_secret(call, parts[2], parts[3], parts[5]);
  }
  if (parts.size() >= 8 && parts[4] == "outputs" && method == "PUT") return take_output(call, parts[2], parts[3]);
  call->fail(spec::batch_error("ResourceNotFound",
                               "there is no operation " + method + " " + call->target().path + " for nodes"));
}

}  // namespace scoria::server
