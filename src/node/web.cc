#include "node/web.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace scoria::node {
namespace {

constexpr int kMaxRedirects = 5;

// <Code>BlobNotFound</Code> of a storage's error.
std::string storage_code(const net::ClientReply& reply) {
  if (const auto header = reply.header("x-ms-error-code")) return std::string(*header);
  const std::size_t begin = reply.body.find("<Code>");
  const std::size_t end = reply.body.find("</Code>");
  if (begin == std::string::npos || end == std::string::npos || end < begin || end - begin > 100) return {};
  return reply.body.substr(begin + 6, end - begin - 6);
}

Error error_of(const net::Url& url, const net::ClientReply& reply) {
  const std::string code = storage_code(reply);
  const std::string message = url.shown() + ": " + std::to_string(reply.status) + (code.empty() ? "" : " " + code);
  Code kind = Code::unavailable;
  if (reply.status == 404 || reply.status == 410)
    kind = Code::not_found;
  else if (reply.status == 401 || reply.status == 403)
    kind = Code::denied;
  else if (reply.status == 413)
    kind = Code::too_large;
  else if (reply.status == 408)
    kind = Code::deadline;
  else if (reply.status == 507)
    kind = Code::exhausted;
  else if (reply.status >= 400 && reply.status < 500 && reply.status != 429)
    kind = Code::invalid;
  return {kind, message, code};
}

bool may_pass(const Error& error) { return error.code == Code::unavailable || error.code == Code::deadline; }

// A server that is killed breaks off in the middle of an answer, which is then no HTTP.
bool may_be_a_restart(const Error& error) { return may_pass(error) || error.code == Code::corrupt; }

constexpr std::chrono::milliseconds kLongestPause{2000};

bool ends_with_host(std::string_view authority, std::string_view pattern) {
  if (!pattern.starts_with("*.")) return authority == pattern;
  const std::string_view suffix = pattern.substr(1);
  return authority.size() > suffix.size() && authority.ends_with(suffix);
}

// Until the time is over or somebody cancels; looked at often enough for a person.
void wait(std::chrono::milliseconds time, const std::atomic<bool>* is_cancelled) {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end && (is_cancelled == nullptr || !*is_cancelled)) {
    (void)never.wait_for(lock, std::chrono::milliseconds(20));
  }
}

}  // namespace

bool Web::is_own(const net::Url& url) const {
  // A host may be known with the port that its scheme implies: a URL's authority leaves that out.
  const std::string authority = url.authority(), whole = url.host + ":" + url.port;
  return std::any_of(config_.own_hosts.begin(), config_.own_hosts.end(), [&](const std::string& host) {
    return ends_with_host(authority, host) || ends_with_host(whole, host);
  });
}

Result<net::ClientReply> Web::once(const Call& call, const net::Url& url, std::unique_ptr<net::BodySink>& sink) {
  const bool own = is_own(url);
  const std::string server = std::string(url.is_tls ? "https://" : "http://") + url.authority();
  auto connection = connections_.find(server);
  if (connection == connections_.end()) {
    net::ClientConfig config{.url = server, .ca_file = own ? config_.own_ca_file : std::string()};
    // Names below localhost are this machine (RFC 6761), though its resolver may not know them.
    if (url.host.ends_with(".localhost")) config.connect_to = "127.0.0.1:" + url.port;
    connection = connections_.emplace(server, net::HttpConnection(std::move(config))).first;
  }
  net::ClientRequest request{.method = call.method, .target = url.target, .headers = call.headers, .body = call.body};
  request.file = call.file;
  request.reply_sink = sink.get();
  return connection->second.request(request);
}

Result<net::ClientReply> Web::call(const Call& call) {
  SCORIA_TRY(first_url, net::parse_url(call.url));
  net::Url url = first_url;
  std::chrono::milliseconds pause = config_.first_wait;
  int redirects = 0;
  const auto own_end = std::chrono::steady_clock::now() + config_.own_patience;
  for (int tried = 1;; ++tried) {
    if (call.is_cancelled != nullptr && *call.is_cancelled) {
      return Error{Code::unavailable, url.shown() + ": given up, as the task is ended"};
    }
    std::unique_ptr<net::BodySink> sink;
    if (call.make_sink) {
      auto made = call.make_sink();
      if (!made.ok()) return std::move(made).error();
      sink = std::move(made).value();
    }
    auto reply = once(call, url, sink);
    std::optional<Error> error;
    if (!reply.ok()) {
      error = std::move(reply).error();
    } else {
      const int status = reply.value().status;
      if ((status >= 200 && status < 300) || status == 304) return reply;
      const auto location = reply.value().header("Location");
      if (status >= 300 && status < 400 && location && call.method == "GET" && redirects < kMaxRedirects) {
        ++redirects;
        --tried;
        SCORIA_TRY(next, net::resolve(url, *location));
        url = next;
        continue;
      }
      error = error_of(url, reply.value());
    }
    const bool goes_on = is_own(url) ? may_be_a_restart(*error) && std::chrono::steady_clock::now() < own_end
                                     : may_pass(*error) && tried < config_.tries;
    if (!goes_on) return std::move(*error);
    wait(pause, call.is_cancelled);
    pause = std::min(pause * 2, kLongestPause);
  }
}

Status Web::outwait(const std::function<Status()>& once, const std::atomic<bool>* is_cancelled) const {
  const auto end = std::chrono::steady_clock::now() + config_.own_patience;
  for (std::chrono::milliseconds pause = config_.first_wait;; pause = std::min(pause * 2, kLongestPause)) {
    Status status = once();
    const bool goes_on = !status.ok() && may_be_a_restart(status.error()) && std::chrono::steady_clock::now() < end &&
                         (is_cancelled == nullptr || !*is_cancelled);
    if (!goes_on) return status;
    wait(pause, is_cancelled);
  }
}

Result<std::string> blob_url(std::string_view container_url, std::string_view name) {
  const std::string_view base = without_query(container_url);
  std::string url(base.substr(0, base.find_last_not_of('/') + 1));
  while (true) {
    const std::size_t end = std::min(name.find('/'), name.size());
    url += "/" + net::percent_encode(name.substr(0, end));
    if (end == name.size()) break;
    name.remove_prefix(end + 1);
  }
  url += container_url.substr(base.size());
  SCORIA_TRY(parsed, net::parse_url(url));
  return url;
}

std::string_view without_query(std::string_view url) { return url.substr(0, url.find_first_of("?#")); }

std::string with_query(std::string_view url, std::string_view parameters) {
  const std::string_view base = without_query(url);
  std::string joined(base);
  joined.append("?").append(parameters);
  if (base.size() + 1 < url.size() && url[base.size()] == '?') joined.append("&").append(url.substr(base.size() + 1));
  return joined;
}

}  // namespace scoria::node
