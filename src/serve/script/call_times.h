// How long calls of a pool's workers take: what a request that comes now has to expect. Calls that were ended at a deadline say nothing of that.
// Threads: one user at a time.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace scoria::serve::script {

class CallTimes {
 public:
  using Span = std::chrono::nanoseconds;

  void add(Span took) {
    const auto seconds = std::chrono::duration<double>(took).count();
    if (!has_any_) mean_ = quick_ = seconds;
    has_any_ = true;
    mean_ += kShare * (seconds - mean_);
    // Follows the quickest calls: down at once, up slowly.
    quick_ += (seconds < quick_ ? kDown : kUp) * (seconds - quick_);
  }

  // When a request would be answered that comes behind `waiting` calls for so many workers: each of these has half a call to go. Zero: nothing is known.
  Span expected(std::size_t waiting, std::size_t workers) const {
    const double rounds = 1.5 + static_cast<double>(waiting) / static_cast<double>(std::max<std::size_t>(workers, 1));
    return span(kMargin * rounds * mean_);
  }
  // Of a call that is quick.
  Span quick() const { return span(quick_); }

 private:
  static Span span(double seconds) {
    return std::chrono::duration_cast<Span>(std::chrono::duration<double>(std::min(seconds, 1e6)));
  }
  static constexpr double kShare = 0.05, kDown = 0.5, kUp = 0.02;
  // Calls that begin too late are lost, and their worker with them: rather one too few.
  static constexpr double kMargin = 1.1;
  double mean_ = 0, quick_ = 0;
  bool has_any_ = false;
};

}  // namespace scoria::serve::script
