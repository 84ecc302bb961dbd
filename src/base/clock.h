// Time as it is passed in: the wall's, for stamps and schedules, and a steady one, for leases and timeouts.
// Nothing below `bin` asks the system for either; tests and the simulator bring their own Clock.
// Threads: now() may be called from several threads at once.
#pragma once

#include <chrono>
#include <ctime>

namespace scoria {

using Duration = std::chrono::microseconds;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;  // UTC
using SteadyTime =
    std::chrono::time_point<std::chrono::steady_clock, Duration>;  // never jumps; means nothing after a restart

struct Now {
  WallTime wall;
  SteadyTime steady;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Now now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Now now() const override {
    return {std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()),
            std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now())};
  }
};

// The system's clock as of its last tick, which is some milliseconds old at most: a fifth of the price, for what asks at each request.
class CoarseClock final : public Clock {
 public:
  Now now() const override { return {WallTime(read(CLOCK_REALTIME_COARSE)), SteadyTime(read(CLOCK_MONOTONIC_COARSE))}; }

 private:
  static Duration read(clockid_t clock) {
    timespec at{};
    ::clock_gettime(clock, &at);
    return std::chrono::seconds(at.tv_sec) + Duration(at.tv_nsec / 1000);
  }
};

}  // namespace scoria
