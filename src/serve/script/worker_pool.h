// A pool of warm workers of one service's version. Each worker has a thread, which takes from one bounded queue when its worker is idle: a stuck worker
// keeps nobody but its own jobs waiting, until their deadline, when it is killed and another takes its place.
//
//   grows    at once, when a job has waited longer than `patience` and there are fewer than `most` workers
//   shrinks  to `least`, by workers that were idle for `idle`
//   a call of several jobs (tables of the same columns, where most_rows > 0) that fails is taken in halves, until the job that fails is alone
//   gathers  behind a call of several jobs, for an eighth of its time, as many as it had: they ask again nearly together
//   refuses  with 503 what it could not answer by its deadline, as calls have taken so far, behind those that wait: begun too late, it would cost a worker
//   a worker that cannot be started is tried again after 0.1 s, then twice as long each time, at most 30 s
//
// Threads: submit() and numbers() by any; a job's done() is called on a worker's or the pool's own thread, or within submit(), and must not block.
// Ownership: owns its threads and workers; all jobs are answered before it is gone.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "serve/script/answered_jobs.h"
#include "serve/script/call_times.h"
#include "serve/script/job_queue.h"
#include "serve/script/pool_numbers.h"
#include "serve/script/script_worker.h"

namespace scoria::serve::script {

// Of one pool: the descriptors of all that are asked for at once travel in one message (worker/host.cc). Larger numbers stand for it.
inline constexpr std::size_t kMostWorkers = 128;

struct PoolOptions {
  std::string runtime;                     // for numbers
  std::size_t least = 1, most = 1;         // workers, 1 to kMostWorkers
  std::size_t queue = 0;                   // jobs that may wait; 0: 64 for each of `most`
  std::size_t most_rows = 0;               // of one call; 0: jobs do not share calls
  std::chrono::milliseconds patience{20};  // of a waiting job, before another worker is started
  std::chrono::milliseconds idle{60'000};  // before a worker that is not needed goes
  std::chrono::milliseconds first_backoff{100}, most_backoff{30'000};
};

class WorkerPool {
 public:
  // When `least` workers are ready. Errors: what the first that fails says.
  static Result<std::unique_ptr<WorkerPool>> open(PoolOptions options, MakeWorker make);
  // Running calls may end; those that wait are answered with "stopped".
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void submit(Question question, Time deadline, std::function<void(Outcome)> done);
  // Those that wait are answered with "stopped", and those that run soon after; what is submitted from now on at once.
  void stop();
  PoolNumbers numbers() const;

 private:
  enum class State : unsigned char { starting, idle, busy, over };
  struct Slot {
    std::thread thread;
    State state = State::starting;
    std::shared_ptr<ScriptWorker> worker;
    std::vector<JobPtr> running;
    std::size_t together = 0;  // jobs of its last call, until it has gathered as many again
    Time gathers_until;
  };

  WorkerPool(PoolOptions options, MakeWorker make);
  void add_worker();
  void stop_taking();
  void work(Slot& slot) noexcept;
  void leave(Slot& slot, const char* why) noexcept;
  bool start_worker(Slot& slot, std::unique_lock<std::mutex>& lock);
  void gather(Slot& slot, std::unique_lock<std::mutex>& lock);
  bool wait_for_jobs(Slot& slot, std::unique_lock<std::mutex>& lock, std::vector<JobPtr>& jobs);
  void run(Slot& slot, std::unique_lock<std::mutex>& lock, std::vector<JobPtr> jobs);
  void settle(std::vector<JobPtr>& jobs, Outcome outcome, AnsweredJobs& answered);
  void retry_or_fail(std::vector<JobPtr>& jobs, const Outcome& outcome, AnsweredJobs& answered);
  void supervise() noexcept;
  void look_after(std::unique_lock<std::mutex>& lock);
  void answer_expired(Time now, AnsweredJobs& answered);
  void answer_hopeless(Time now, AnsweredJobs& answered);
  void grow(Time now);
  Time next_event(Time now) const;
  std::size_t count(State state) const;
  std::size_t alive() const { return slots_.size() - count(State::over); }
  void reject(const JobPtr& job, Failure failure, AnsweredJobs& answered);

  const PoolOptions options_;
  const MakeWorker make_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable work_, supervisor_, started_, stopping_, gathered_;
  JobQueue queue_;
  std::size_t wanted_together_ = 0;  // jobs that a worker waits for before it takes them; 0: none does
  std::vector<std::unique_ptr<Slot>> slots_;
  CallTimes times_;
  PoolNumbers numbers_;
  std::string start_error_;  // of the last start that failed, until one succeeds
  std::size_t failed_starts_ = 0;
  std::optional<Error> not_opened_;  // why the first worker that failed before the pool was open did
  bool is_open_ = false, is_stopping_ = false;
  std::stop_source starts_;  // stopped with the pool: nobody waits for a worker that loads
  std::thread supervision_;
};

// How many workers to start now. `waiting`: calls that wait; `waited`: what the oldest job has.
std::size_t workers_to_add(const PoolOptions& options, std::chrono::nanoseconds waited, std::size_t waiting,
                           std::size_t alive, std::size_t starting);

}  // namespace scoria::serve::script
