#include "node/server_link.h"

#include "net/url.h"
#include "spec/json_text.h"

namespace scoria::node {
namespace {

constexpr std::chrono::milliseconds kShort{30'000};

Error error_of(const net::ClientReply& reply, std::string_view what) {
  Code code = Code::unavailable;
  if (reply.status == 404)
    code = Code::not_found;
  else if (reply.status == 401 || reply.status == 403)
    code = Code::denied;
  else if (reply.status == 409)
    code = Code::conflict;
  else if (reply.status == 413)
    code = Code::too_large;
  else if (reply.status == 507)
    code = Code::exhausted;
  else if (reply.status >= 400 && reply.status < 500 && reply.status != 408 && reply.status != 429)
    code = Code::invalid;
  std::string said;
  const auto body = spec::parse_json(reply.body, {.bytes = 64u << 10, .depth = 8, .values = 1000});
  if (body.ok() && body.value().is_object()) {
    const auto message = body.value().find("message");
    if (message != body.value().end() && message->is_object()) said = ": " + message->value("value", "");
  }
  return {code, "server: " + std::string(what) + ": " + std::to_string(reply.status) + said.substr(0, 500)};
}

std::string encoded_path(std::string_view path) {
  std::string encoded;
  while (true) {
    const std::size_t end = std::min(path.find('/'), path.size());
    encoded += net::percent_encode(path.substr(0, end));
    if (end == path.size()) return encoded;
    encoded += '/';
    path.remove_prefix(end + 1);
  }
}

class HttpLink final : public ServerLink {
 public:
  explicit HttpLink(LinkConfig config) : config_(std::move(config)) {
    base_ = "/node/v1/" + net::percent_encode(config_.pool) + "/" + net::percent_encode(config_.node) + "/";
  }

  Result<std::string> sync(const std::string& request, std::chrono::milliseconds timeout) override {
    net::ClientRequest message{.method = "POST", .target = base_ + "sync", .body = request};
    message.headers.emplace_back("Content-Type", "application/json");
    message.timeout = timeout;
    return send(message, "sync");
  }

  Result<std::string> secret(const std::string& name) override {
    net::ClientRequest message{.method = "GET", .target = base_ + "secrets/" + net::percent_encode(name)};
    message.timeout = kShort;
    return send(message, "secret '" + name + "'");
  }

  Status answer_file(std::uint64_t order, const Result<std::string>& answer) override {
    net::ClientRequest message{.method = "POST", .target = base_ + "files/" + std::to_string(order)};
    if (answer.ok()) {
      message.body = answer.value();
      message.headers.emplace_back("Content-Type", "application/octet-stream");
    } else {
      message.body = answer.error().message;
      message.headers.emplace_back("Content-Type", "text/plain");
      message.headers.emplace_back("scoria-error",
                                   answer.error().api_code.empty() ? "InternalError" : answer.error().api_code);
    }
    message.timeout = kShort;
    SCORIA_TRY(reply, send(message, "answer of a file"));
    return Ok{};
  }

  Status put_output(std::uint64_t attempt, const std::string& container, const std::string& blob,
                    const net::FilePart& file, const net::Headers& headers, const std::string& query) override {
    net::ClientRequest message{.method = "PUT",
                               .target = base_ + "outputs/" + std::to_string(attempt) + "/" +
                                         net::percent_encode(container) + "/" + encoded_path(blob) +
                                         (query.empty() ? "" : "?" + query),
                               .headers = headers};
    message.file = file;
    SCORIA_TRY(reply, send(message, "output '" + blob + "'"));
    return Ok{};
  }

  void cancel() override {
    const std::lock_guard lock(connection_mutex_);
    if (connection_) connection_->cancel();
  }

 private:
  Result<std::string> send(net::ClientRequest& message, std::string_view what) {
    if (!connection_) {
      SCORIA_TRY(place, config_.place());
      const std::lock_guard lock(connection_mutex_);
      connection_.emplace(net::ClientConfig{.url = place.url, .ca_file = place.ca_file});
    }
    message.headers.emplace_back("Authorization", "Bearer " + config_.token);
    auto reply = connection_->request(message);
    if (!reply.ok()) {
      const std::lock_guard lock(connection_mutex_);
      connection_.reset();  // the next one asks again where the server is
      return std::move(reply).error();
    }
    if (reply.value().status < 200 || reply.value().status >= 300) return error_of(reply.value(), what);
    return std::move(reply.value().body);
  }

  LinkConfig config_;
  std::string base_;
  std::mutex connection_mutex_;  // of making and dropping it, against cancel()
  std::optional<net::HttpConnection> connection_;
};

}  // namespace

std::unique_ptr<ServerLink> http_link(LinkConfig config) { return std::make_unique<HttpLink>(std::move(config)); }

Result<Joined> join_pool(const ServerPlace& place, const std::string& pool, const std::string& join_token,
                         const std::string& name, int slots) {
  net::HttpConnection server(net::ClientConfig{.url = place.url, .ca_file = place.ca_file});
  net::ClientRequest message{.method = "POST",
                             .target = "/node/v1/" + net::percent_encode(pool) + "/join",
                             .body = spec::json_text({{"name", name}, {"slots", slots}})};
  message.headers = {{"Content-Type", "application/json"}, {"Authorization", "Bearer " + join_token}};
  message.timeout = kShort;
  SCORIA_TRY(reply, server.request(message));
  if (reply.status != 201 && reply.status != 200) return error_of(reply, "joining pool '" + pool + "'");
  const auto body = spec::parse_json(reply.body, {.bytes = 64u << 10, .depth = 8, .values = 1000});
  if (!body.ok() || !body.value().is_object())
    return Error{Code::corrupt, "server: an answer to joining that is no JSON"};
  Joined joined;
  for (const auto& [key, target] :
       {std::pair{"node", &joined.node}, std::pair{"token", &joined.token}, std::pair{"account", &joined.account}}) {
    const auto value = body.value().find(key);
    if (value != body.value().end() && value->is_string()) *target = value->get<std::string>();
    if (target->empty()) return Error{Code::corrupt, std::string("server: an answer to joining without '") + key + "'"};
  }
  return joined;
}

}  // namespace scoria::node
