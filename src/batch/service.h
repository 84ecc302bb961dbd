// The batch state machine at work: one thread owns the State, applies changes as they come, commits them in groups, and only then lets
// anybody hear of them. While one group is written the next one gathers.
//
//   service.write([body](State& s) -> Result<Json> {...add_pool(s, body)...}, [](Result<Json> answer) {...reply...});
//
// Threads: all functions may be called from several threads at once; `done` is called on the commit thread and must not block.
// Borrows: store, providers, clock. A failed fsync ends the process (exit 74): what is on disk is then unknown, and a restart reads it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "batch/machine.h"
#include "batch/state.h"
#include "pool/provider.h"
#include "spec/node_sync.h"
#include "store/store.h"

namespace scoria::batch {

// What the service needs done by parts that it does not know.
struct Hooks {
  std::function<Status(AttemptId)> publish_outputs;  // make an attempt's uploads visible; again is no error
  std::function<void(AttemptId)> discard_outputs;
  std::function<void(const Json& notice)> deliver;  // a webhook; the service hears delivered() or tries again
};

struct Metrics {
  std::map<std::string, std::uint64_t> nodes_by_state;
  JobCounts tasks;
  std::uint64_t tasks_completed_total = 0, tasks_failed_total = 0, tasks_requeued_total = 0;
  double queue_wait_seconds_sum = 0, run_seconds_sum = 0;
  std::uint64_t commits_total = 0;
  double commit_seconds_sum = 0;
  std::uint64_t autoscale_evaluations_total = 0, autoscale_errors_total = 0;
};

class Service {
 public:
  // Reads what the store holds and goes on from there. Errors: corrupt (a document that cannot be read: which).
  static Result<std::unique_ptr<Service>> start(store::Store& store,
                                                std::map<std::string, scoria::pool::Provider*> providers,
                                                const Clock& clock, Settings settings, Hooks hooks);
  ~Service();

  // Runs `change` on the owner's thread. `done` gets its result once everything it did is durable. With a full disk new work is refused
  // (exhausted) and what runs goes on; a change that was made when the disk became full may hear exhausted, and be durable later.
  void write(std::function<Result<Json>(State&)> change, std::function<void(Result<Json>)> done,
             Work work = Work::more);
  // The same, waiting. Errors: also unavailable, while it stops.
  Result<Json> write_and_wait(std::function<Result<Json>(State&)> change, Work work = Work::more);

  // One exchange with a node; `done` may come late, up to wait_ms. Errors: not_found (no such node), denied (`token_hash` differs).
  void sync(std::string pool, std::string node, std::string token_hash, spec::SyncRequest request,
            const std::function<void(Result<spec::SyncReply>)>& done);
  // Asks a node for a file (see spec::FileOrder) in its next answer. For a node that is not there it is dropped: who asks has a time limit.
  void ask_for_file(std::string pool, std::string node, spec::FileOrder order);

  Metrics metrics() const;
  // Everything written; nothing new is taken.
  void stop();

 private:
  struct Parts;
  explicit Service(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace scoria::batch
