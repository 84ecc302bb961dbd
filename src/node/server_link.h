// A node's way to its server: one connection, used by one thread. What is asked is in server/node_protocol.h.
// Threads: one user at a time, except cancel(). Owns: its connection.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_connection.h"

namespace scoria::node {

class ServerLink {
 public:
  virtual ~ServerLink() = default;

  // Errors of all: not_found, denied (the node, or what it asks for, is none of the server's), deadline, unavailable.
  virtual Result<std::string> sync(const std::string& request, std::chrono::milliseconds timeout) = 0;
  virtual Result<std::string> secret(const std::string& name) = 0;
  virtual Status answer_file(std::uint64_t order, const Result<std::string>& answer) = 0;
  // `query` is the signature that the task was given for the container.
  virtual Status put_output(std::uint64_t attempt, const std::string& container, const std::string& blob,
                            const net::FilePart& file, const net::Headers& headers, const std::string& query) = 0;
  // Ends a request in progress; from any thread.
  virtual void cancel() = 0;
};

using LinkFactory = std::function<std::unique_ptr<ServerLink>()>;

// Where the server is, as a node was told or reads anew whenever it has lost it.
struct ServerPlace {
  std::string url;
  std::string ca_file;
};

struct LinkConfig {
  std::function<Result<ServerPlace>()> place;  // asked for each new connection
  std::string pool, node, token;
};
std::unique_ptr<ServerLink> http_link(LinkConfig config);

// A machine becomes a node of a pool. Errors: denied (the token), invalid, unavailable.
struct Joined {
  std::string node, token;
  std::string account;  // its name
};
Result<Joined> join_pool(const ServerPlace& place, const std::string& pool, const std::string& join_token,
                         const std::string& name, int slots);

}  // namespace scoria::node
