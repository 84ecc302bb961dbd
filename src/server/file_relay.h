// Files of nodes that are elsewhere: asked for in the node's next exchange, answered by its POST .../files/{id}.
//
// A list is {"files": [{"name", "isDirectory", "length", "created_us", "modified_us", "mode"}]}, names relative to the path asked for;
// "properties" is one such object, its name empty. Times are microseconds since 1970, `mode` as stat's.
// Threads: all functions may be called from several threads at once. Borrows: the service.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.h"
#include "batch/service.h"
#include "spec/node_sync.h"

namespace scoria::server {

class FileRelay {
 public:
  using Answer = Result<std::string>;
  using Done = std::function<void(Answer)>;

  static constexpr std::uint64_t kMostBytes = 4u << 20;  // of one answer; longer reads are several orders

  explicit FileRelay(batch::Service& service);
  ~FileRelay();
  // Whoever still waits hears unavailable, and so does who asks from now on.
  void stop();

  // `done` is called once: with the node's answer, or an error after 30 s without one. On a thread of the caller's, the node's or our own.
  void ask(std::string pool, std::string node, spec::FileOrder order, Done done);
  // The node's answer to order `id`. False: nobody waits for it (any more), or it is not this node's to answer.
  bool answer(std::string_view pool, std::string_view node, std::uint64_t id, Answer answer);

 private:
  struct Waiting {
    std::string pool, node;
    std::chrono::steady_clock::time_point until;
    Done done;
  };
  void run(const std::stop_token& stop);

  batch::Service& service_;
  std::mutex waiting_mutex_;
  std::condition_variable_any changed_;
  std::map<std::uint64_t, Waiting> waiting_;  // guarded by waiting_mutex_
  std::uint64_t next_ = 1;                    // guarded by waiting_mutex_
  bool is_stopped_ = false;                   // guarded by waiting_mutex_
  std::jthread thread_;                       // last: it uses all of the above
};

}  // namespace scoria::server
