#include "plan/committer.h"

#include <utility>

namespace scoria::plan {
namespace {

constexpr std::size_t kMaxWaiting = 32;

Status commit_all(std::vector<arrowio::OutputFile>& files) {
  for (arrowio::OutputFile& file : files) SCORIA_TRY_STATUS(file.commit());
  return Ok{};
}

}  // namespace

Committer::Committer() : thread_([this] { work(); }) {}

Committer::~Committer() { join(); }

void Committer::add(std::vector<arrowio::OutputFile> files, std::function<void(Status)> done) {
  std::unique_lock lock(waiting_mutex_);
  changed_.wait(lock, [this] { return waiting_.size() < kMaxWaiting; });
  waiting_.push_back({std::move(files), std::move(done)});
  changed_.notify_all();
}

void Committer::finish() {
  join();
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

void Committer::join() {
  {
    const std::lock_guard lock(waiting_mutex_);
    is_finishing_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Committer::work() {
  for (;;) {
    std::unique_lock lock(waiting_mutex_);
    changed_.wait(lock, [this] { return !waiting_.empty() || is_finishing_; });
    if (waiting_.empty()) return;
    Batch batch = std::move(waiting_.front());
    waiting_.pop_front();
    changed_.notify_all();
    lock.unlock();
    try {
      batch.done(commit_all(batch.files));
    } catch (...) {  // out of memory, or a bug: finish() hands it to the caller's thread
      thrown_ = std::current_exception();
    }
  }
}

}  // namespace scoria::plan
