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
  if (thread_.joinable()) thread_.join();
}

void RetiredVersions::add(ServiceVersionPtr version) {
  const std::lock_guard lock(mutex_);
  versions_.push_back(std::move(version));
  if (!thread_.joinable()) thread_ = std::thread([this] { let_go(); });
  changed_.notify_all();
}

bool RetiredVersions::stop(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  for (const auto& version : versions_) version->stop();
  return gone_.wait_for(lock, patience, [this] { return versions_.empty() && going_ == 0; });
}

void RetiredVersions::let_go() noexcept {
  std::unique_lock lock(mutex_);
  while (!is_over_) {
    if (versions_.empty()) {
      changed_.wait(lock);
      continue;
    }
    // One that only we hold nobody can come to hold again.
    const auto held = std::partition(versions_.begin(), versions_.end(),
                                     [](const ServiceVersionPtr& one) { return one.use_count() > 1; });
    std::vector<ServiceVersionPtr> free(std::make_move_iterator(held), std::make_move_iterator(versions_.end()));
    versions_.erase(held, versions_.end());
    if (free.empty()) {
      (void)changed_.wait_for(lock, kLook);
      continue;
    }
    going_ = free.size();
    lock.unlock();
    free.clear();
    lock.lock();
    going_ = 0;
    gone_.notify_all();
  }
}

}  // namespace scoria::serve
