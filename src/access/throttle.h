// How often: requests of a caller, and attempts to log in.
// Source: the generic cell rate algorithm (ATM Forum, 1996), which is a token bucket in one number. Threads: any number at once.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.h"

namespace scoria::access {

struct Rate {
  double per_second = 1;
  double burst = 1;  // at once, after a rest
};

// Of one caller.
class Bucket {
 public:
  explicit Bucket(Rate rate);
  // Takes one; or says how long until there is one again.
  std::optional<Duration> take(SteadyTime now);
  void give_back();
  // Nothing was taken lately: the same as a new one.
  bool is_full(SteadyTime now) const;

 private:
  std::int64_t step_, depth_;           // microseconds
  std::atomic<std::int64_t> empty_at_;  // when all that was taken is back
};

// By name, at most so many: those that are full again make room, and where none is, an arbitrary one.
class Buckets {
 public:
  Buckets(Rate rate, std::size_t most) : rate_(rate), most_(most) {}
  std::optional<Duration> take(const std::string& name, SteadyTime now);
  // Whether take() would have to wait, with nothing taken.
  std::optional<Duration> wait(const std::string& name, SteadyTime now);
  void give_back(const std::string& name);

 private:
  Rate rate_;
  std::size_t most_;
  std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;  // guarded by mutex_
};

// Passwords: each try costs a token of its address and of its user; five wrong ones of one address for one user lock these two out, for ten seconds
// at first and twice as long each further time, up to 15 minutes.
class LoginGuard {
 public:
  LoginGuard() : by_address_({.per_second = 1, .burst = 20}, kMost), by_user_({.per_second = 1, .burst = 50}, kMost) {}

  // Nothing: go on, and say how it ended. Else how long to wait.
  std::optional<Duration> begin(const std::string& user, const std::string& address, SteadyTime now);
  // True: that began a lock-out.
  bool failed(const std::string& user, const std::string& address, SteadyTime now);
  void succeeded(const std::string& user, const std::string& address);

 private:
  static constexpr std::size_t kMost = 10'000;
  struct Failures {
    int count = 0;
    SteadyTime last, locked_until;
  };
  Buckets by_address_, by_user_;
  std::mutex mutex_;
  std::unordered_map<std::string, Failures> failures_;  // guarded by mutex_; by user and address
};

}  // namespace scoria::access
