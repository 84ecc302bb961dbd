// A warm R or Python that `scoria workers` lent to this program alone: called over its own socket, killed and asked how it ended over a connection of its
// own to the host, so that nobody waits for another's worker.
// Source: docs/formats/worker.md. Threads: one user at a time; interrupt() and is_interrupted() by any. Owns: the lease; the worker is killed with it.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "node/descriptor.h"
#include "worker/kit.h"
#include "worker/worker_socket.h"

namespace scoria::worker {

struct Lease {
  std::string from;  // id of a leased worker that has become a template; the next four are then that one's
  Runtime runtime = Runtime::r;
  std::string program;                             // empty: from PATH of the environment
  std::vector<std::string> preload;                // packages, modules
  std::map<std::string, std::string> environment;  // all that the worker gets
  std::string directory = "/";
  std::uint64_t memory_bytes = 0;  // of data; 0: no limit
  bool has_network = true;         // as a service
  std::uint64_t calls = 10'000, seconds = 3600, resident_bytes = 2ull << 30;
};

struct WorkerAnswer {
  std::uint32_t kind = 0;  // kValue, kFailed or kDone
  bool is_last = false;    // the worker ends by itself: it has had its share
  std::string payload;
};

class LeasedWorker {
 public:
  using Until = std::chrono::steady_clock::time_point;

  // Waits for a template that is loading; starts the host where there is none. Errors: the host's (not_found: no such runtime; unavailable), denied.
  static Result<std::unique_ptr<LeasedWorker>> lease(const Lease& lease);

  // One frame, one answer. Errors: deadline (it still runs: kill it), unavailable (it is gone: end() says how), too_large (its answer).
  Result<WorkerAnswer> call(std::uint32_t kind, std::string_view payload, Until until);
  // From now on it answers nothing, and leases may name it. False: it cannot be one, and stays a worker; `why` is its payload. Errors: as call().
  Result<bool> become_template(Until until, std::string& why);
  // Of one that is not called now: whether it has ended meanwhile, as one does that the system needed the memory of.
  bool is_gone() const;
  // A call that waits for its answer, and each one after it, finds it gone within a tenth of a second.
  void interrupt() { is_interrupted_.store(true, std::memory_order_relaxed); }
  bool is_interrupted() const { return is_interrupted_.load(std::memory_order_relaxed); }
  void kill();
  // After its socket closed, or kill(): "it was killed by signal 9 (Killed)...", with what it wrote last below it.
  std::string end();

  pid_t pid() const { return pid_; }
  const std::string& id() const { return id_; }

 private:
  LeasedWorker() = default;
  Status send(std::uint32_t kind, std::string_view payload, Until until);
  Status receive(void* into, std::size_t size, Until until, node::Descriptor* descriptor);
  Status wait(short events, Until until) const;

  node::Descriptor host_, socket_;
  std::string id_;
  pid_t pid_ = -1;
  std::atomic<bool> is_interrupted_ = false;
};

}  // namespace scoria::worker
