// HTTP for the files of tasks: connections kept by server, redirects followed, repeated where a failure may pass.
// Threads: one user at a time, except `is_cancelled`, which any thread may set. Owns: its connections.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http_connection.h"
#include "net/url.h"

namespace scoria::node {

struct WebConfig {
  // "127.0.0.1:10100", "*.blob.localhost:10101": where the server itself answers. The port is part of it where a URL has one.
  std::vector<std::string> own_hosts;
  std::string own_ca_file;  // of the server; others are verified by the system's authorities, too
  int tries = 4;
  std::chrono::milliseconds first_wait{200};  // doubles
  // How long our own server may be away: tasks wait for its restart instead of failing by it.
  std::chrono::milliseconds own_patience{600'000};
};

class Web {
 public:
  explicit Web(WebConfig config) : config_(std::move(config)) {}

  struct Call {
    std::string method = "GET";
    std::string url;
    net::Headers headers;
    std::string body;
    std::optional<net::FilePart> file;
    // Called for a body of its own; again for each try. Kept until the call returns.
    std::function<Result<std::unique_ptr<net::BodySink>>()> make_sink;
    const std::atomic<bool>* is_cancelled = nullptr;
  };
  // 2xx and 304. Errors, with the storage's own code as api_code where it told one: not_found (404, 410), denied (401, 403), deadline, invalid,
  // too_large, unavailable (cancelled, too). Messages hold no query.
  Result<net::ClientReply> call(const Call& call);

  bool is_own(const net::Url& url) const;

  // Does `once` until it works, is refused for good, is cancelled, or our own server was away for longer than own_patience.
  Status outwait(const std::function<Status()>& once, const std::atomic<bool>* is_cancelled) const;

 private:
  Result<net::ClientReply> once(const Call& call, const net::Url& url, std::unique_ptr<net::BodySink>& sink);

  WebConfig config_;
  std::map<std::string, net::HttpConnection> connections_;  // by scheme and authority
};

// "https://a.blob.h/c/name?sig" of the container URL "https://a.blob.h/c?sig"; each part of the name percent-encoded.
Result<std::string> blob_url(std::string_view container_url, std::string_view name);
// The URL with these query parameters in front of its own.
std::string with_query(std::string_view url, std::string_view parameters);
// Without query and fragment.
std::string_view without_query(std::string_view url);

}  // namespace scoria::node
