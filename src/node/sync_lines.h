// The two connections over which a node's exchanges go: one that waits, and one beside it for what just happened.
// Threads: one user; answers are told in its mailbox. Owns: two threads and their connections.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "node/mailbox.h"
#include "node/server_link.h"

namespace scoria::node {

class SyncLines {
 public:
  using Answer = std::function<void(std::uint64_t id, Result<std::string> reply)>;  // on the mailbox's thread
  SyncLines(const LinkFactory& links, Mailbox& mailbox, Answer answer);
  ~SyncLines();

  int in_flight() const { return in_flight_; }
  // Precondition: in_flight() < 2.
  void send(std::uint64_t id, std::string request, std::chrono::milliseconds timeout);

 private:
  struct Request {
    std::uint64_t id = 0;
    std::string text;
    std::chrono::milliseconds timeout{0};
  };
  struct Line {
    std::unique_ptr<ServerLink> link;
    std::mutex request_mutex;
    std::condition_variable_any has_request;
    std::optional<Request> request;  // guarded by request_mutex
    bool is_busy = false;            // the user's
    std::jthread thread;             // last: it uses all of the above
  };
  void run(const std::stop_token& stop, Line& line);

  Mailbox& mailbox_;
  Answer answer_;
  int in_flight_ = 0;
  std::array<Line, 2> lines_;
};

}  // namespace scoria::node
