// One request of the Batch surface on its way through a handler: what it asks, who asks, and how it is answered.
//
// A handler answers exactly once, now or from another thread; a call that is dropped unanswered is answered 500.
// Source: Azure Batch REST API, common headers and query parameters.
// Threads: one at a time; may move between threads. Shared by the closures of its own work.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/access.h"
#include "batch/service.h"
#include "net/http.h"
#include "server/app.h"
#include "spec/api_version.h"
#include "spec/json.h"

namespace scoria::server {

using spec::Json;

// A request target taken apart. Segments are percent-decoded each; a query's names and values too ('+' stays '+').
struct Target {
  std::string path;  // as on the wire, leading slashes collapsed to one
  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> query;

  // Errors: invalid (a broken percent escape, a NUL, more than 64 segments or query parameters).
  static Result<Target> parse(std::string_view target);
  std::optional<std::string_view> query_value(std::string_view name) const;
};

// Whose request it is: the account's, a task's that holds a token of its job, or a user's.
struct Identity {
  std::string job;                // of a task's token; empty without a caller: the account, which may do everything
  access::CallerPtr caller = {};  // of a user, or of a key of theirs
  std::string principal = {};     // whose token it is that does what the account's key does: its client id

  bool is_account() const { return caller == nullptr && job.empty(); }
  // For people who look for whoever did it: "ann", "key:ID", "SUBJECT of ISSUER", "job:ID", "principal:ID", "the account's key".
  std::string name() const;
};

// A random version 4 UUID: request-id.
std::string new_request_id();

class Call {
 public:
  Call(App& app, net::HttpRequest request, Target target, net::Responder responder);

  App& app() const { return app_; }
  const net::HttpRequest& request() const { return request_; }
  const Target& target() const { return target_; }
  const std::string& body() const { return request_.body; }
  const std::string& request_id() const { return request_id_; }
  spec::ApiVersion version;
  Identity identity;
  std::optional<access::Identified> user;  // of a request with a user's credential
  batch::Work work = batch::Work::more;    // of the route: what its changes are while the disk is full
  std::vector<std::pair<std::string_view, std::string>> arguments;  // of the route's pattern: {"pool", "p1"}

  // The value of a part of the route's pattern, which must be there.
  const std::string& argument(std::string_view name) const;
  // "http://127.0.0.1:10100", as the client named us.
  std::string base_url() const;
  // base_url() and the path asked for.
  std::string url() const { return base_url() + target_.path; }
  batch::Precondition precondition() const;

  void send(net::HttpReply reply);
  void send_empty(int status, net::Headers headers = {});
  void send_json(int status, const Json& body, net::Headers headers = {});
  void send_text(int status, std::string body, std::string_view content_type, net::Headers headers = {});
  void fail(const Error& error, net::Headers headers = {});

 private:
  App& app_;
  net::HttpRequest request_;
  Target target_;
  net::Responder responder_;
  std::string request_id_;
};

using CallPtr = std::shared_ptr<Call>;

// What a handler that changes something answers once the change is durable.
struct Success {
  int status = 200;
  std::string resource = {};  // path of what it made or changed, "/pools/p1": DataServiceId, and Location with 201
};

// Runs `change` on the owner of the batch state, as work of the call's kind, and answers `success`, with an empty body, when it is on disk. A Stamp that the change
// returns by stamp_json() becomes ETag and Last-Modified.
void write(const CallPtr& call, Success success, std::function<Result<Json>(batch::State&)> change);
// The same where the answer has a body.
void write(const CallPtr& call, std::function<Result<Json>(batch::State&)> change,
           std::function<void(Call& call, Json answer)> answer);

// Runs what answers a call where no exception may pass (other parts' threads): a bug in it is answered 500.
void guarded(const CallPtr& call, const std::function<void()>& answer);

Json stamp_json(const batch::Stamp& stamp);
net::Headers stamp_headers(const Json& stamp);
// For changes that return a Stamp, or nothing.
Result<Json> as_json(const Result<batch::Stamp>& stamp);
Result<Json> as_json(const Status& status);

std::string quoted_tag(std::string_view etag);

}  // namespace scoria::server
