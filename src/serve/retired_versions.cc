#include "serve/retired_versions.h"

#include <algorithm>

namespace scoria::serve {
namespace {

constexpr std::chrono::milliseconds kLook{20};

}  // namespace

RetiredVersions::~RetiredVersions() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void RetiredVersions::add(ServiceVersionPtr version) {
  const std::lock_guard lock(mutex_);
  versions_.push_back(std::move(version));
  changed_.notify_all();
}

bool RetiredVersions::stop(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  for (const auto& version : versions_) version->stop();
  return gone_.wait_for(lock, patience, [this] { return versions_.empty() && !is_going_; });
}

void RetiredVersions::let_go() noexcept {
  std::unique_lock lock(mutex_);
  while (!is_over_) {
    // One that only we hold nobody can come to hold again.
    const auto free = std::ranges::find_if(versions_, [](const auto& one) { return one.use_count() == 1; });
    if (free == versions_.end()) {
      if (versions_.empty()) {
        changed_.wait(lock);
      } else {
        (void)changed_.wait_for(lock, kLook);
      }
      continue;
    }
    ServiceVersionPtr going = std::move(*free);
    versions_.erase(free);
    is_going_ = true;
    lock.unlock();
    going.reset();
    lock.lock();
    is_going_ = false;
    gone_.notify_all();
  }
}

}  // namespace scoria::serve
