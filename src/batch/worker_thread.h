// One thread that does what others must not wait for, in the order it was asked; and something else again and again, if wished.
// Threads: post() and stop() may be called from several threads at once. Owns: its thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace scoria::batch {

class WorkerThread {
 public:
  // `regular` runs every `period`, between two pieces of work.
  explicit WorkerThread(std::function<void()> regular = {},
                        std::chrono::milliseconds period = std::chrono::milliseconds(0))
      : regular_(std::move(regular)), period_(period), thread_([this](const std::stop_token& stop) { run(stop); }) {}
  ~WorkerThread() { stop(); }

  void post(std::function<void()> work) {
    const std::lock_guard hold(work_mutex_);
    work_.push_back(std::move(work));
    changed_.notify_one();
  }
  // What was posted before is done first.
  void stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run(const std::stop_token& stop) {
    auto next = std::chrono::steady_clock::now();
    std::unique_lock lock(work_mutex_);
    for (;;) {
      const auto until = regular_ ? next : std::chrono::steady_clock::now() + std::chrono::hours(1);
      changed_.wait_until(lock, stop, until, [this] { return !work_.empty(); });
      if (!work_.empty()) {
        auto work = std::move(work_.front());
        work_.pop_front();
        lock.unlock();
        work();
        lock.lock();
        continue;
      }
      if (stop.stop_requested()) return;
      if (!regular_ || std::chrono::steady_clock::now() < next) continue;
      lock.unlock();
      regular_();
      lock.lock();
      next = std::chrono::steady_clock::now() + period_;
    }
  }

  std::function<void()> regular_;
  std::chrono::milliseconds period_;
  std::mutex work_mutex_;
  std::condition_variable_any changed_;
  std::deque<std::function<void()>> work_;  // guarded by work_mutex_
  std::jthread thread_;                     // last: it uses all of the above
};

}  // namespace scoria::batch
