#include "node/workers.h"

#include <exception>

#include "base/log.h"

namespace scoria::node {

Workers::Workers(int count, std::function<Bench()> make_bench) {
  for (int i = 0; i < count; ++i) {
    benches_.push_back(std::make_unique<Bench>(make_bench()));
    threads_.emplace_back([this, bench = benches_.back().get()](const std::stop_token& stop) { run(stop, *bench); });
  }
}

Workers::~Workers() {
  for (auto& thread : threads_) thread.request_stop();
  for (auto& bench : benches_) bench->server->cancel();
  threads_.clear();
}

void Workers::push(Job job) {
  {
    const std::lock_guard lock(jobs_mutex_);
    jobs_.push_back(std::move(job));
  }
  has_jobs_.notify_one();
}

void Workers::run(const std::stop_token& stop, Bench& bench) {
  while (!stop.stop_requested()) {
    Job job;
    {
      std::unique_lock lock(jobs_mutex_);
      if (!has_jobs_.wait(lock, stop, [this] { return !jobs_.empty(); })) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    try {
      job(bench);
    } catch (const std::exception& exception) {
      log::error("worker_failed", {{"error", exception.what()}});
    }
  }
}

}  // namespace scoria::node
