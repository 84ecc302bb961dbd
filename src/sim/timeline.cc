#include "sim/timeline.h"

#include <algorithm>
#include <utility>

namespace scoria::sim {

void Timeline::after(Duration delay, Event event) {
  queue_.push({now_ + std::max(delay, Duration(0)), planned_++, std::move(event)});
}

bool Timeline::step(Duration end) {
  if (queue_.empty() || queue_.top().at > end) {
    now_ = std::max(now_, end);
    return false;
  }
  // The queue gives no way to move out of it; what is moved from is popped at once.
  auto event = std::move(const_cast<Planned&>(queue_.top()).event);
  now_ = queue_.top().at;
  queue_.pop();
  ++steps_;
  event();
  return true;
}

void Life::begin() { current_ = std::make_shared<Run>(); }

void Life::pause(Duration how_long) {
  if (current_) current_->paused_until = std::max(current_->paused_until, timeline_.now() + how_long);
}

void Life::happen(Timeline& timeline, const std::weak_ptr<Run>& run, Timeline::Event event) {
  const auto still = run.lock();
  if (!still) return;
  if (const Duration wait = still->paused_until - timeline.now(); wait > Duration(0)) {
    timeline.after(wait, [&timeline, run, event = std::move(event)] { happen(timeline, run, event); });
    return;
  }
  event();
}

void Life::after(Duration delay, Timeline::Event event) { timeline_.after(delay, in_life(std::move(event))); }

Timeline::Event Life::in_life(Timeline::Event event) {
  return [&timeline = timeline_, run = std::weak_ptr(current_), event = std::move(event)] {
    happen(timeline, run, event);
  };
}

}  // namespace scoria::sim
