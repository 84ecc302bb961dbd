// What a pool does at its own time: jobs whose deadline passes, workers that are started or over.
#include <algorithm>
#include <exception>

#include "base/log.h"
#include "serve/script/worker_pool.h"

namespace scoria::serve::script {
namespace {

constexpr std::chrono::seconds kAfterTrouble{1};

}  // namespace

std::size_t workers_to_add(const PoolOptions& options, std::chrono::nanoseconds waited, std::size_t waiting,
                           std::size_t alive, std::size_t starting) {
  if (alive < options.least) return options.least - alive;
  if (waiting <= starting || waited < options.patience) return 0;
  return std::min(options.most - std::min(alive, options.most), waiting - starting);
}

void WorkerPool::answer_expired(Time now, AnsweredJobs& answered) {
  for (const auto& job : queue_.take_expired(now))
    reject(job, deadline_passed("while it waited for a worker"), answered);
}

// Not the last one that waits: if nothing were begun, nobody would see that calls have become quicker.
void WorkerPool::answer_hopeless(Time now, AnsweredJobs& answered) {
  while (queue_.size() > 1 && *queue_.first_deadline() < now + times_.quick())
    reject(queue_.take_first(), deadline_passed("too soon to begin with it"), answered);
}

void WorkerPool::grow(Time now) {
  const auto oldest = queue_.oldest();
  const auto waited = oldest ? now - *oldest : Time::duration::zero();
  for (auto more = workers_to_add(options_, waited, queue_.calls(), alive(), count(State::starting)); more > 0; --more)
    add_worker();
}

// When there is something to decide without anybody's news.
Time WorkerPool::next_event(Time now) const {
  Time next = now + std::chrono::hours(1);
  if (const auto deadline = queue_.next_deadline()) next = std::min(next, *deadline);
  if (const auto oldest = queue_.oldest(); oldest && alive() < options_.most) {
    const auto due = *oldest + options_.patience;
    // Where it is past already, all that may be started is: looked at again after a while.
    next = std::min(next, due > now ? due : now + std::max(options_.patience, std::chrono::milliseconds(1)));
  }
  for (const auto& slot : slots_) {
    if (slot->running.size() < 2) continue;
    for (const auto& job : slot->running) {
      if (!job->is_answered) next = std::min(next, job->deadline);
    }
  }
  return next;
}

void WorkerPool::supervise() noexcept {
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    try {
      look_after(lock);
    } catch (const std::exception& exception) {
      // No thread can be started, or there is no memory: it is tried again.
      log::error("script_pool_thread", {{"error", exception.what()}});
      if (!lock.owns_lock()) lock.lock();
      (void)supervisor_.wait_for(lock, kAfterTrouble, [this] { return is_stopping_; });
    }
  }
}

// Who has waited too long is told before anything else, which may fail.
void WorkerPool::look_after(std::unique_lock<std::mutex>& lock) {
  const auto now = Time::clock::now();
  AnsweredJobs answered;
  answer_expired(now, answered);
  for (const auto& slot : slots_) {
    if (slot->running.size() < 2) continue;  // alone: its worker's thread waits as long as it
    for (const auto& job : slot->running) {
      if (job->deadline <= now) reject(job, deadline_passed("while it was computed with others"), answered);
    }
  }
  std::vector<std::unique_ptr<Slot>> over;
  for (auto& slot : slots_) {
    if (slot->state == State::over) over.push_back(std::move(slot));
  }
  std::erase(slots_, nullptr);
  if (!answered.is_empty() || !over.empty()) {
    lock.unlock();
    answered.call();
    for (const auto& slot : over) slot->thread.join();
    return lock.lock();
  }
  if (is_open_) grow(now);
  (void)supervisor_.wait_until(lock, next_event(now));
}

}  // namespace scoria::serve::script
