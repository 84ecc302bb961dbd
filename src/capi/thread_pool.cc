#include "capi/thread_pool.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <stop_token>
#include <system_error>
#include <thread>
#include <vector>

namespace scoria::capi {
namespace {

// One call of parallel_for, on the stack of its caller.
struct Loop {
  const std::function<void(std::size_t)>& body;
  const std::size_t count;
  std::atomic<std::size_t> next{0};
  std::atomic<bool> has_failed{false};
  std::size_t helpers = 0;     // guarded by the crew's mutex
  std::exception_ptr failure;  // guarded by the crew's mutex; of the first body that threw

  bool has_more() const { return !has_failed && next.load(std::memory_order_relaxed) < count; }
};

// Signals are for the host's own threads.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

// The threads of one process and what they share.
class ThreadPool::Crew {
 public:
  explicit Crew(pid_t process) : process_(process) {}
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  ~Crew() {
    for (std::jthread& helper : helpers_) helper.request_stop();
    work_.notify_all();
  }

  bool is_of(pid_t process) const { return process_ == process; }

  void start(std::size_t helpers) {
    const SignalsBlocked blocked;
    const std::lock_guard lock(mutex_);
    helpers_.reserve(helpers);
    try {
      while (helpers_.size() < helpers) {
        helpers_.emplace_back([this](const std::stop_token& stop) { help(stop); });
      }
    } catch (const std::system_error&) {
      // The machine has no more threads to give: those that are there share the work.
    }
  }

  void run(Loop& loop) {
    {
      const std::lock_guard lock(mutex_);
      loops_.push_back(&loop);
    }
    work_.notify_all();
    work_on(loop);
    std::unique_lock lock(mutex_);
    std::erase(loops_, &loop);
    done_.wait(lock, [&] { return loop.helpers == 0; });
    if (loop.failure) std::rethrow_exception(loop.failure);
  }

 private:
  void help(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (work_.wait(lock, stop, [this] { return !loops_.empty(); })) {
      // The latest first: an earlier one may wait for it.
      Loop& loop = *loops_.back();
      if (!loop.has_more()) {
        loops_.pop_back();
        continue;
      }
      ++loop.helpers;
      lock.unlock();
      work_on(loop);
      lock.lock();
      // The caller may end the loop as soon as the lock is free: nothing of it is touched afterwards.
      if (--loop.helpers == 0) done_.notify_all();
    }
  }

  void work_on(Loop& loop) {
    while (loop.has_more()) {
      const std::size_t i = loop.next.fetch_add(1, std::memory_order_relaxed);
      if (i >= loop.count) return;
      try {
        loop.body(i);
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!loop.failure) loop.failure = std::current_exception();
        loop.has_failed = true;
      }
    }
  }

  const pid_t process_;
  std::mutex mutex_;
  std::condition_variable_any work_;
  std::condition_variable done_;
  std::vector<Loop*> loops_;           // guarded by mutex_; those that may have more to do
  std::vector<std::jthread> helpers_;  // last: they end before what they use
};

ThreadPool::ThreadPool(std::size_t threads) : threads_(std::max<std::size_t>(threads, 1)) {}

ThreadPool::~ThreadPool() {
  Crew* const crew = crew_.load();
  // A parent's crew cannot be ended by its child: the threads to wait for are not there.
  if (crew != nullptr && crew->is_of(getpid())) std::default_delete<Crew>()(crew);
}

ThreadPool::Crew& ThreadPool::crew() {
  const pid_t process = getpid();
  Crew* current = crew_.load();
  while (current == nullptr || !current->is_of(process)) {
    auto fresh = std::make_unique<Crew>(process);
    // What a parent's crew holds is lost to a child, once per fork: its locks may never be free again.
    if (crew_.compare_exchange_strong(current, fresh.get())) {
      current = fresh.release();
      current->start(threads_ - 1);
    }
  }
  return *current;
}

void ThreadPool::parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) {
  if (count < 2 || threads_ == 1) {
    for (std::size_t i = 0; i < count; ++i) body(i);
    return;
  }
  Loop loop{body, count};
  crew().run(loop);
}

}  // namespace scoria::capi
