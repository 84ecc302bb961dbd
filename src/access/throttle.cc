#include "access/throttle.h"

#include <algorithm>

namespace scoria::access {
namespace {

constexpr int kFreeFailures = 5;
constexpr std::chrono::seconds kFirstLock{10}, kLongestLock{900};
constexpr std::chrono::hours kForgetFailures{1};

std::int64_t microseconds(SteadyTime time) { return time.time_since_epoch().count(); }

}  // namespace

Bucket::Bucket(Rate rate)
    : step_(std::max<std::int64_t>(1, static_cast<std::int64_t>(1e6 / rate.per_second))),
      depth_(static_cast<std::int64_t>(std::max(1.0, rate.burst) * static_cast<double>(step_))),
      empty_at_(0) {}

std::optional<Duration> Bucket::take(SteadyTime now) {
  const std::int64_t at = microseconds(now);
  std::int64_t seen = empty_at_.load(std::memory_order_relaxed);
  for (;;) {
    const std::int64_t next = std::max(seen, at) + step_;
    if (next - at > depth_) return Duration(next - at - depth_);
    if (empty_at_.compare_exchange_weak(seen, next, std::memory_order_relaxed)) return std::nullopt;
  }
}

void Bucket::give_back() { empty_at_.fetch_sub(step_, std::memory_order_relaxed); }

bool Bucket::is_full(SteadyTime now) const { return empty_at_.load(std::memory_order_relaxed) <= microseconds(now); }

std::optional<Duration> Buckets::take(const std::string& name, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (buckets_.size() >= most_ && !buckets_.contains(name)) {
    std::erase_if(buckets_, [now](const auto& one) { return one.second.is_full(now); });
    if (buckets_.size() >= most_) buckets_.erase(buckets_.begin());
  }
  return buckets_.try_emplace(name, rate_).first->second.take(now);
}

std::optional<Duration> Buckets::wait(const std::string& name, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  const auto found = buckets_.find(name);
  if (found == buckets_.end()) return std::nullopt;
  const auto waits = found->second.take(now);
  if (!waits) found->second.give_back();
  return waits;
}

void Buckets::give_back(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (const auto found = buckets_.find(name); found != buckets_.end()) found->second.give_back();
}

std::optional<Duration> LoginGuard::begin(const std::string& user, const std::string& address, SteadyTime now) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = failures_.find(user + "\n" + address);
    if (found != failures_.end() && found->second.locked_until > now) return found->second.locked_until - now;
  }
  if (const auto waits = by_address_.take(address, now)) return waits;
  const auto waits = by_user_.take(user, now);
  if (waits) by_address_.give_back(address);
  return waits;
}

bool LoginGuard::failed(const std::string& user, const std::string& address, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (failures_.size() >= kMost) {
    std::erase_if(failures_, [now](const auto& one) { return now - one.second.last > kForgetFailures; });
    if (failures_.size() >= kMost) failures_.erase(failures_.begin());
  }
  Failures& entry = failures_[user + "\n" + address];
  if (now - entry.last > kForgetFailures) entry = {};
  entry.last = now;
  if (++entry.count < kFreeFailures) return false;
  const int doublings = std::min(entry.count - kFreeFailures, 10);
  entry.locked_until = now + std::min<std::chrono::seconds>(kFirstLock * (1 << doublings), kLongestLock);
  return true;
}

void LoginGuard::succeeded(const std::string& user, const std::string& address) {
  by_address_.give_back(address);
  by_user_.give_back(user);
  const std::lock_guard lock(mutex_);
  failures_.erase(user + "\n" + address);
}

}  // namespace scoria::access
