#include "batch/commit_thread.h"

#include <unistd.h>

#include <chrono>

#include "base/log.h"

namespace scoria::batch {
namespace {

constexpr std::chrono::milliseconds kRetry{200};
constexpr std::chrono::seconds kReserveRetry{1};
constexpr int kExitIo = 74;  // EX_IOERR of sysexits.h

}  // namespace

CommitThread::CommitThread(store::Store& store, Callbacks callbacks)
    : store_(store), callbacks_(std::move(callbacks)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

CommitThread::~CommitThread() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

bool CommitThread::is_idle() const {
  const std::lock_guard hold(state_mutex_);
  return !has_group_;
}

bool CommitThread::is_full() const {
  const std::lock_guard hold(state_mutex_);
  return is_stuck_ || !store_.has_reserve();
}

CommitThread::Counts CommitThread::counts() const {
  const std::lock_guard hold(state_mutex_);
  return counts_;
}

void CommitThread::hand_over(Group& group) {
  const std::lock_guard hold(state_mutex_);
  SCORIA_CHECK(!has_group_);
  std::swap(group_, group);
  group.changes.clear();
  group.effects.clear();
  group.answers.clear();
  has_group_ = true;
  changed_.notify_one();
}

void CommitThread::run(const std::stop_token& stop) {
  std::unique_lock lock(state_mutex_);
  for (;;) {
    const auto until = std::chrono::steady_clock::now() + kReserveRetry;
    changed_.wait_until(lock, stop, until, [this] { return has_group_; });
    if (!has_group_ && stop.stop_requested()) return;
    const bool has_group = has_group_;
    lock.unlock();
    if (has_group) {
      write(stop);
      lock.lock();
      has_group_ = false;
      lock.unlock();
      callbacks_.idle();
    } else if (!store_.has_reserve()) {
      store_.make_reserve();
      if (store_.has_reserve()) log::info("disk_has_room");
    }
    lock.lock();
  }
}

void CommitThread::write(const std::stop_token& stop) {
  const auto answer = [this](const Status& status) {
    for (auto& done : std::exchange(group_.answers, {})) done(status);
  };
  const bool had_reserve = store_.has_reserve();
  for (;;) {
    const auto begin = std::chrono::steady_clock::now();
    const Status committed = group_.changes.empty() ? Status(Ok{}) : store_.commit(group_.changes);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    {
      const std::lock_guard hold(state_mutex_);
      if (committed.ok() && !group_.changes.empty()) {
        ++counts_.commits;
        counts_.seconds += took.count();
      }
      is_stuck_ = !committed.ok();
    }
    if (committed.ok()) break;
    if (committed.error().code != Code::exhausted) {
      log::error("commit_failed", {{"why", committed.error().message}});
      ::_exit(kExitIo);  // what is on disk is unknown: a new start reads it
    }
    if (!group_.answers.empty()) log::error("disk_full", {{"why", committed.error().message}});
    answer(committed);
    // The owner gathers meanwhile; nothing of this group is told to anybody until it is written.
    if (stop.stop_requested()) return;
    std::this_thread::sleep_for(kRetry);
  }
  if (had_reserve && !store_.has_reserve())
    log::error("disk_full", {{"why", "new work is refused until there is room"}});
  callbacks_.act(std::move(group_.effects));
  answer(Ok{});
}

}  // namespace scoria::batch
