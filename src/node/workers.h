// Threads that wait for the network and the disk, so that the agent's own never does.
// Threads: push() from any; jobs run on the workers' own. Owns: the threads, each with its connections.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "node/server_link.h"
#include "node/web.h"

namespace scoria::node {

// What a worker works with.
struct Bench {
  Web web;
  std::unique_ptr<ServerLink> server;
};

class Workers {
 public:
  using Job = std::function<void(Bench& bench)>;
  Workers(int count, std::function<Bench()> make_bench);
  // Jobs not yet begun are dropped; those in progress have their requests to the server ended.
  ~Workers();
  void push(Job job);

 private:
  void run(const std::stop_token& stop, Bench& bench);

  std::mutex jobs_mutex_;
  std::condition_variable_any has_jobs_;
  std::deque<Job> jobs_;  // guarded by jobs_mutex_
  std::vector<std::unique_ptr<Bench>> benches_;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace scoria::node
