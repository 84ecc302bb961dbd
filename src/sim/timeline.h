// Virtual time, and everything that is still to happen in it. Of two events of one moment the one that was planned first comes first.
// Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <vector>

#include "base/clock.h"

namespace scoria::sim {

class Timeline {
 public:
  using Event = std::function<void()>;

  Duration now() const { return now_; }  // since the beginning
  void after(Duration delay, Event event);
  // Takes the next event. False: nothing is left, or it comes after `end` (the time is then `end`).
  bool step(Duration end);
  std::uint64_t steps() const { return steps_; }

 private:
  struct Planned {
    Duration at;
    std::uint64_t number;
    Event event;
  };
  struct Later {
    bool operator()(const Planned& a, const Planned& b) const {
      return a.at != b.at ? a.at > b.at : a.number > b.number;
    }
  };

  Duration now_{0};
  std::uint64_t planned_ = 0, steps_ = 0;
  std::priority_queue<Planned, std::vector<Planned>, Later> queue_;
};

// The clocks of one machine: both run a little too fast or too slow, and the wall's may be set.
class MachineClock {
 public:
  MachineClock(const Timeline& timeline, WallTime start, double drift)
      : timeline_(timeline), start_(start), drift_(drift) {}
  Now now() const {
    const Duration passed(static_cast<std::int64_t>(static_cast<double>(timeline_.now().count()) * (1 + drift_)));
    return {start_ + offset_ + passed, SteadyTime(std::chrono::hours(1) + passed)};
  }
  void step_wall(Duration by) { offset_ += by; }

 private:
  const Timeline& timeline_;
  WallTime start_;
  double drift_;
  Duration offset_{0};
};

// A process: what is planned for it does not happen once it ended, and waits while it is paused.
class Life {
 public:
  explicit Life(Timeline& timeline) : timeline_(timeline) {}
  ~Life() { end(); }
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  void begin();
  void end() { current_.reset(); }
  bool is_alive() const { return current_ != nullptr; }
  // Expires with this life.
  std::weak_ptr<const void> token() const { return current_; }
  void pause(Duration how_long);
  bool is_paused() const { return current_ && current_->paused_until > timeline_.now(); }
  void after(Duration delay, Timeline::Event event);
  // `event` for this life only, to be called by others: then it happens at once, or when the pause is over.
  Timeline::Event in_life(Timeline::Event event);

 private:
  struct Run {
    Duration paused_until{0};
  };
  static void happen(Timeline& timeline, const std::weak_ptr<Run>& run, Timeline::Event event);

  Timeline& timeline_;
  std::shared_ptr<Run> current_;
};

}  // namespace scoria::sim
