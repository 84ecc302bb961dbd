// Versions that the catalog has no more. Each is let go on a thread of its own, once no request holds it: a script's version waits for its workers as it
// goes, which a thread that serves has no time for, and a worker's own thread, which may be the last to hold one, would wait for itself.
// Threads: any number. Owns: the versions, until nobody else does.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "serve/service_version.h"

namespace scoria::serve {

class RetiredVersions {
 public:
  RetiredVersions() : thread_([this] { let_go(); }) {}
  ~RetiredVersions();
  RetiredVersions(const RetiredVersions&) = delete;
  RetiredVersions& operator=(const RetiredVersions&) = delete;

  void add(ServiceVersionPtr version);
  // Ends what runs in them, and waits until all are gone. False: somebody holds one still after `patience`.
  bool stop(std::chrono::milliseconds patience);

 private:
  void let_go() noexcept;

  std::mutex mutex_;  // guards all below
  std::condition_variable changed_, gone_;
  std::vector<ServiceVersionPtr> versions_;
  bool is_going_ = false;  // the thread lets go of one at this moment
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace scoria::serve
