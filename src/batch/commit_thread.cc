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

bool CommitThread::is_stuck() const {
  const std::lock_guard hold(state_mutex_);
  return is_stuck_;
}

CommitThread::Counts CommitThread::counts() const {
  const std::lock_guard hold(state_mutex_);
  return counts_;
}

void CommitThread::hand_over(Group& group) {
  const std::lock_guard hold(state_mutex_);
  SCORIA_CHECK(!has_group_);
  std::swap(group_, group);
  group.clear();
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
  const bool had_reserve = store_.has_reserve();
  for (;;) {
    const auto begin = std::chrono::steady_clock::now();
    const Outcome outcome = commit_once(store_, group_);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    {
      const std::lock_guard hold(state_mutex_);
      if (outcome == Outcome::durable && !group_.changes.empty()) {
        ++counts_.commits;
        counts_.seconds += took.count();
      }
      is_stuck_ = outcome != Outcome::durable;
    }
    if (outcome == Outcome::durable) break;
    if (outcome == Outcome::broken) ::_exit(kExitIo);
    refuse_full(group_);
    if (stop.stop_requested()) return;
    std::this_thread::sleep_for(kRetry);
  }
  if (had_reserve && !store_.has_reserve())
    log::error("disk_full", {{"why", "new work is refused until there is room"}});
  callbacks_.act(std::move(group_.effects));
  answer_all(group_, Ok{});
}

}  // namespace scoria::batch
