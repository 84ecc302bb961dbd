#include "access/work_pool.h"

#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"

namespace scoria::access {
namespace {

constexpr int kNiceness = 10;

}  // namespace

WorkPool::WorkPool(int threads, std::size_t most_waiting) : most_waiting_(most_waiting) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
}

WorkPool::~WorkPool() { stop(); }

void WorkPool::stop() {
  std::deque<std::function<void()>> dropped;  // destroyed last, and without the lock: they may tell somebody
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
    dropped = std::move(jobs_);
    jobs_.clear();
  }
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
}

bool WorkPool::add(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    if (is_stopped_ || jobs_.size() >= most_waiting_) return false;
    jobs_.push_back(std::move(job));
  }
  came_.notify_one();
  return true;
}

void WorkPool::work(const std::stop_token& stop) {
  // Linux's priorities are threads'. Without leave to change it, it stays as it is.
  (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNiceness);
  for (;;) {
    std::function<void()> job;
    {
      std::unique_lock lock(mutex_);
      if (!came_.wait(lock, stop, [this] { return !jobs_.empty(); }) || stop.stop_requested()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    try {
      job();
    } catch (const std::exception& error) {
      log::error("access_work_failed", {{"error", error.what()}});
    }
  }
}

}  // namespace scoria::access
