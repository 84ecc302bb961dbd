#include "plan/hand_over.h"

#include <utility>

namespace scoria::plan {

ReadAhead::ReadAhead(Read read, std::size_t depth)
    : read_(std::move(read)), depth_(depth), thread_([this] { work(); }) {}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(ready_mutex_);
    is_unwanted_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ReadAhead::work() {
  for (;;) {
    {
      std::unique_lock lock(ready_mutex_);
      changed_.wait(lock, [&] { return is_unwanted_ || ready_.size() < depth_; });
      if (is_unwanted_) return;
    }
    Result<std::optional<table::Table>> table = std::optional<table::Table>();
    std::exception_ptr thrown;
    try {
      table = read_();
    } catch (...) {
      thrown = std::current_exception();
    }
    const bool is_last = thrown != nullptr || !table.ok() || !table.value();
    {
      const std::lock_guard lock(ready_mutex_);
      if (thrown == nullptr) ready_.push_back(std::move(table));
      thrown_ = thrown;
      is_over_ = is_last;
    }
    changed_.notify_all();
    if (is_last) return;
  }
}

Result<std::optional<table::Table>> ReadAhead::next() {
  std::unique_lock lock(ready_mutex_);
  changed_.wait(lock, [&] { return is_over_ || !ready_.empty(); });
  if (ready_.empty()) {
    if (thrown_ != nullptr) std::rethrow_exception(thrown_);
    return std::optional<table::Table>();
  }
  Result<std::optional<table::Table>> table = std::move(ready_.front());
  ready_.pop_front();
  lock.unlock();
  changed_.notify_all();
  return table;
}

WriteBehind::WriteBehind(Write write, std::size_t depth)
    : write_(std::move(write)), depth_(depth), thread_([this] { work(); }) {}

WriteBehind::~WriteBehind() {
  {
    const std::lock_guard lock(waiting_mutex_);
    if (!is_finishing_) waiting_.clear();
    is_finishing_ = true;
  }
  join();
}

void WriteBehind::work() {
  for (;;) {
    std::unique_lock lock(waiting_mutex_);
    changed_.wait(lock, [&] { return is_finishing_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const table::Table table = std::move(waiting_.front());
    waiting_.pop_front();
    const bool has_failed = !status_.ok() || thrown_ != nullptr;
    lock.unlock();
    changed_.notify_all();
    if (has_failed) continue;
    Status written = Ok{};
    std::exception_ptr thrown;
    try {
      written = write_(table);
    } catch (...) {
      thrown = std::current_exception();
    }
    lock.lock();
    if (!written.ok()) status_ = std::move(written);
    thrown_ = thrown;
  }
}

void WriteBehind::join() {
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Status WriteBehind::add(table::Table table) {
  std::unique_lock lock(waiting_mutex_);
  changed_.wait(lock, [&] { return waiting_.size() < depth_; });
  if (thrown_ != nullptr) std::rethrow_exception(thrown_);
  if (!status_.ok()) return status_;
  waiting_.push_back(std::move(table));
  lock.unlock();
  changed_.notify_all();
  return Ok{};
}

Status WriteBehind::finish() {
  {
    const std::lock_guard lock(waiting_mutex_);
    is_finishing_ = true;
  }
  join();
  if (thrown_ != nullptr) std::rethrow_exception(thrown_);
  return status_;
}

}  // namespace scoria::plan
