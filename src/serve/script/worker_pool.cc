#include "serve/script/worker_pool.h"

#include <algorithm>
#include <exception>
#include <system_error>

#include "base/log.h"
#include "serve/script/script_rows.h"

namespace scoria::serve::script {
namespace {

constexpr int kGatheringShare = 8;
constexpr std::chrono::milliseconds kMostGathering{20};

using Steady = std::chrono::steady_clock;

constexpr int kRetryAfterS = 1;

double seconds(Steady::duration duration) { return std::chrono::duration<double>(duration).count(); }

Failure no_worker(const std::string& why) {
  return {.status = 503,
          .code = "no_worker",
          .message = "no worker of the script can be started; it is tried again",
          .detail = why,
          .retry_after_s = kRetryAfterS};
}

Failure not_taken() {
  return {.status = 500, .code = "failed", .message = "the server could not take the script's answer"};
}

PoolOptions checked(PoolOptions options) {
  options.least = std::clamp<std::size_t>(options.least, 1, kMostWorkers);
  options.most = std::clamp<std::size_t>(options.most, options.least, kMostWorkers);
  if (options.queue == 0) options.queue = 64 * options.most;
  return options;
}

}  // namespace

WorkerPool::WorkerPool(PoolOptions options, MakeWorker make)
    : options_(checked(std::move(options))), make_(std::move(make)), queue_(options_.queue, options_.most_rows) {
  numbers_.runtime = options_.runtime;
}

Result<std::unique_ptr<WorkerPool>> WorkerPool::open(PoolOptions options, MakeWorker make) {
  std::unique_ptr<WorkerPool> pool(new WorkerPool(std::move(options), std::move(make)));
  std::unique_lock lock(pool->mutex_);
  try {
    for (std::size_t i = 0; i < pool->options_.least; ++i) pool->add_worker();
    pool->supervision_ = std::thread([raw = pool.get()] { raw->supervise(); });
  } catch (const std::system_error& exception) {
    return Error{Code::exhausted, "no thread can be started for the workers: " + std::string(exception.what())};
  }
  // A start has its own deadline.
  pool->started_.wait(lock, [&] { return pool->not_opened_ || pool->count(State::idle) == pool->options_.least; });
  if (pool->not_opened_) {
    Error error = *pool->not_opened_;
    lock.unlock();
    return error;
  }
  pool->is_open_ = true;
  pool->supervisor_.notify_one();
  return pool;
}

WorkerPool::~WorkerPool() {
  stop_taking();
  if (supervision_.joinable()) supervision_.join();
  for (const auto& slot : slots_) slot->thread.join();
}

void WorkerPool::stop_taking() {
  AnsweredJobs answered;
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    for (const auto& job : queue_.take_all()) reject(job, stopped(), answered);
  }
  starts_.request_stop();
  work_.notify_all();
  gathered_.notify_all();
  supervisor_.notify_all();
  stopping_.notify_all();
  answered.call();
}

void WorkerPool::stop() {
  stop_taking();
  const std::lock_guard lock(mutex_);
  for (const auto& slot : slots_) {
    if (slot->worker != nullptr) slot->worker->interrupt();
  }
}

std::size_t WorkerPool::count(State state) const {
  return static_cast<std::size_t>(
      std::count_if(slots_.begin(), slots_.end(), [&](const auto& slot) { return slot->state == state; }));
}

void WorkerPool::add_worker() {
  slots_.reserve(slots_.size() + 1);
  auto slot = std::make_unique<Slot>();
  slot->thread = std::thread([this, raw = slot.get()] { work(*raw); });  // it waits for the mutex, which we hold
  slots_.push_back(std::move(slot));
}

void WorkerPool::reject(const JobPtr& job, Failure failure, AnsweredJobs& answered) {
  if (!job->is_answered) ++numbers_.rejected[failure.code];
  answered.add(job, {.answer = {}, .failure = std::move(failure)});
}

void WorkerPool::submit(Question question, Time deadline, std::function<void(Outcome)> done) {
  auto job = std::make_shared<Job>();
  if (const auto* table = std::get_if<table::Table>(&question)) job->rows = table->rows();
  job->question = std::move(question);
  job->since = Steady::now();
  job->deadline = deadline;
  job->done = std::move(done);
  AnsweredJobs answered;
  {
    const std::lock_guard lock(mutex_);
    if (is_stopping_) {
      reject(job, stopped(), answered);
    } else if (deadline <= job->since) {
      reject(job, deadline_passed("before it was begun"), answered);
    } else if (!start_error_.empty() && count(State::idle) + count(State::busy) == 0) {
      reject(job, no_worker(start_error_), answered);
    } else if (queue_.size() > 0 && job->since + times_.expected(queue_.calls(), options_.most) > deadline) {
      reject(job,
             {.status = 503,
              .code = "overloaded",
              .message = "its deadline would pass while it waits behind " + std::to_string(queue_.size()) + " requests",
              .retry_after_s = kRetryAfterS},
             answered);
    } else if (!queue_.push(job)) {
      reject(job,
             {.status = 503,
              .code = "overloaded",
              .message = std::to_string(queue_.size()) + " requests wait for a worker already",
              .retry_after_s = kRetryAfterS},
             answered);
    } else if (count(State::idle) > 0) {
      work_.notify_one();
      if (wanted_together_ > 0 && queue_.size() >= wanted_together_) gathered_.notify_one();
    } else {
      supervisor_.notify_one();
    }
  }
  answered.call();
}

bool WorkerPool::start_worker(Slot& slot, std::unique_lock<std::mutex>& lock) {
  slot.state = State::starting;
  lock.unlock();
  Result<std::unique_ptr<ScriptWorker>> made = Error{Code::unavailable, "no worker"};
  try {
    made = make_(starts_.get_token());
  } catch (const std::exception& exception) {
    made = Error{Code::unavailable, exception.what()};
  }
  lock.lock();
  if (made.ok()) {
    slot.worker = std::move(made).value();
    slot.state = State::idle;
    start_error_.clear();
    failed_starts_ = 0;
    started_.notify_all();
    return true;
  }
  start_error_ = made.error().message;
  ++failed_starts_;
  ++numbers_.restarts["start"];
  started_.notify_all();
  if (!is_open_ && !not_opened_) not_opened_ = made.error();
  if (!is_open_ || is_stopping_) return false;
  log::error("script_worker_not_started", {{"error", start_error_}});
  AnsweredJobs answered;
  if (count(State::idle) + count(State::busy) == 0) {
    for (const auto& job : queue_.take_all()) {
      reject(job, no_worker(start_error_), answered);
    }
  }
  lock.unlock();
  answered.call();
  lock.lock();
  const auto backoff = std::min(options_.first_backoff * (1l << std::min<std::size_t>(failed_starts_ - 1, 20)),
                                std::chrono::milliseconds(options_.most_backoff));
  (void)stopping_.wait_for(lock, backoff, [this] { return is_stopping_; });
  return false;
}

// Those who were answered together ask again together, or nearly: who took the first of them at once would let the others wait for its call, and so make two
// calls of one. It costs those who wait an eighth of a call at most, and whoever asks alone nothing.
void WorkerPool::gather(Slot& slot, std::unique_lock<std::mutex>& lock) {
  const std::size_t wanted = std::exchange(slot.together, 0);
  if (wanted < 2 || wanted_together_ > 0) return;
  wanted_together_ = wanted;
  (void)gathered_.wait_until(lock, slot.gathers_until,
                             [&] { return is_stopping_ || queue_.size() >= wanted_together_; });
  wanted_together_ = 0;
}

// False: the worker is not needed any more.
bool WorkerPool::wait_for_jobs(Slot& slot, std::unique_lock<std::mutex>& lock, std::vector<JobPtr>& jobs) {
  gather(slot, lock);
  auto until = Steady::now() + options_.idle;
  for (;;) {
    if (is_stopping_) return false;
    AnsweredJobs answered;
    answer_expired(Steady::now(), answered);
    answer_hopeless(Steady::now(), answered);
    if (!answered.is_empty()) {
      lock.unlock();
      answered.call();
      lock.lock();
      continue;
    }
    jobs = queue_.take();
    if (!jobs.empty()) return true;
    slot.state = State::idle;
    if (work_.wait_until(lock, until) == std::cv_status::no_timeout) continue;
    if (queue_.size() > 0) continue;
    if (alive() > options_.least) return false;
    until = Steady::now() + options_.idle;
  }
}

void WorkerPool::work(Slot& slot) noexcept {
  try {
    std::unique_lock lock(mutex_);
    while (!is_stopping_) {
      if (slot.worker == nullptr && !start_worker(slot, lock)) {
        if (is_open_ && !is_stopping_) continue;
        break;
      }
      std::vector<JobPtr> jobs;
      if (!wait_for_jobs(slot, lock, jobs)) break;
      if (!slot.worker->is_there()) {
        // They had nothing to do with it: another worker takes them, or its successor.
        queue_.put_back(jobs);
        if (count(State::idle) > 1) work_.notify_one();
        supervisor_.notify_one();  // their deadline may pass before either is there
        slot.worker.reset();
        ++numbers_.restarts["died"];
        continue;
      }
      run(slot, lock, std::move(jobs));
    }
    slot.state = State::over;
    const auto worker = std::move(slot.worker);
    lock.unlock();
    supervisor_.notify_one();
  } catch (const std::exception& exception) {
    leave(slot, exception.what());
  }
}

// A thread that cannot go on, for want of memory perhaps: what it had is answered, and another takes its place.
void WorkerPool::leave(Slot& slot, const char* why) noexcept {
  log::error("script_worker_thread", {{"error", why}});
  AnsweredJobs answered;
  std::shared_ptr<ScriptWorker> worker;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& job : slot.running) reject(job, not_taken(), answered);
    slot.running.clear();
    slot.state = State::over;
    worker = std::move(slot.worker);
    ++numbers_.restarts["failed"];
  }
  answered.call();
  supervisor_.notify_one();
}

void WorkerPool::run(Slot& slot, std::unique_lock<std::mutex>& lock, std::vector<JobPtr> jobs) {
  const auto begin = Steady::now();
  auto until = begin;
  for (const auto& job : jobs) {
    numbers_.queue.add(seconds(begin - job->since));
    until = std::max(until, job->deadline);
  }
  slot.state = State::busy;
  slot.running = jobs;
  // Another may take what still waits; and someone has to tell these when their deadline passes before the call's end.
  if (queue_.size() > 0 && count(State::idle) > 0) work_.notify_one();
  if (queue_.size() > 0 || jobs.size() > 1) supervisor_.notify_one();
  const auto worker = slot.worker;
  lock.unlock();
  Outcome outcome;
  if (jobs.size() == 1) {
    outcome = worker->ask(jobs[0]->question, until);
  } else {
    outcome = worker->ask(Question(join_rows(jobs)), until);
  }
  if (!outcome.output.empty()) log::info("script_output", {{"text", outcome.output}});
  lock.lock();
  const auto took = Steady::now() - begin;
  numbers_.compute.add(seconds(took));
  if (outcome.answer) times_.add(took);
  ++numbers_.calls;
  if (outcome.is_over) {
    slot.worker.reset();
    slot.state = State::starting;
    ++numbers_.restarts[outcome.why_over];
  } else {
    slot.state = State::idle;
  }
  slot.together = outcome.answer ? jobs.size() : 0;
  AnsweredJobs answered;
  try {
    settle(jobs, std::move(outcome), answered);
  } catch (const std::exception& exception) {
    log::error("script_answer_lost", {{"error", exception.what()}});
    for (const auto& job : slot.running) reject(job, not_taken(), answered);
  }
  slot.running.clear();
  lock.unlock();
  answered.call();
  lock.lock();
  slot.gathers_until = Steady::now() + std::min<std::chrono::nanoseconds>(took / kGatheringShare, kMostGathering);
}

void WorkerPool::settle(std::vector<JobPtr>& jobs, Outcome outcome, AnsweredJobs& answered) {
  if (!outcome.answer) return retry_or_fail(jobs, outcome, answered);
  auto* table = std::get_if<table::Table>(&*outcome.answer);
  if (table == nullptr || jobs.size() == 1) {
    ++numbers_.jobs;
    outcome.output.clear();
    return answered.add(jobs[0], std::move(outcome));
  }
  std::size_t rows = 0;
  for (const auto& job : jobs) rows += job->rows;
  if (table->rows() != rows) {
    outcome.failure = {.code = "bad_answer", .message = wrong_count(table->rows(), rows)};
    return retry_or_fail(jobs, outcome, answered);
  }
  std::size_t begin = 0;
  for (const auto& job : jobs) {
    answered.add(job, {.answer = Answer(table->slice(begin, job->rows)), .failure = {}});
    begin += job->rows;
    ++numbers_.jobs;
  }
}

void WorkerPool::retry_or_fail(std::vector<JobPtr>& jobs, const Outcome& outcome, AnsweredJobs& answered) {
  const Failure& failure = outcome.failure;
  const bool is_last_word = jobs.size() == 1 || failure.code == "deadline";
  if (is_last_word || is_stopping_) {
    for (const auto& job : jobs) reject(job, is_last_word ? failure : stopped(), answered);
    return;
  }
  for (const auto& job : jobs) job->most_together = std::max<std::size_t>(jobs.size() / 2, 1);
  std::erase_if(jobs, [](const JobPtr& job) { return job->is_answered.load(); });
  queue_.put_back(jobs);
  work_.notify_one();
}

PoolNumbers WorkerPool::numbers() const {
  std::vector<std::shared_ptr<ScriptWorker>> workers;
  PoolNumbers numbers;
  {
    const std::lock_guard lock(mutex_);
    numbers = numbers_;
    numbers.queue_depth = queue_.size();
    numbers.workers = {
        {"idle", count(State::idle)}, {"busy", count(State::busy)}, {"starting", count(State::starting)}};
    for (const auto& slot : slots_) {
      if (slot->worker != nullptr) workers.push_back(slot->worker);
    }
  }
  for (const auto& worker : workers) numbers.rss_bytes += worker->resident_bytes();
  return numbers;
}

}  // namespace scoria::serve::script
