#include "net/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace scoria::net {
namespace {

constexpr std::uint8_t kRead = static_cast<std::uint8_t>(EventLoop::Want::read);
constexpr std::uint8_t kWrite = static_cast<std::uint8_t>(EventLoop::Want::write);
// So many are called before the kernel is asked again, so that those who come back at once leave others their turn.
constexpr std::size_t kMostBetweenPolls = 32;

}  // namespace

class EventLoop::Watch {
 public:
  explicit Watch(int watched) : descriptor(watched) {}

  std::mutex mutex;
  int descriptor;                    // guarded by mutex, as is all that follows
  std::uint8_t ready = 0;            // kRead, kWrite: until someone who waits for it has had it
  std::uint8_t ended = 0;            // likewise, but they stay
  std::uint8_t wanted = 0;           // by the one who waits
  std::shared_ptr<Watcher> waiting;  // null: nobody
};

EventLoop::EventLoop() = default;

EventLoop::~EventLoop() {
  while (pop() != nullptr) {
  }
  if (wakes_ >= 0) ::close(wakes_);
  if (epoll_ >= 0) ::close(epoll_);
}

Status EventLoop::open() {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  wakes_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  if (epoll_ < 0 || wakes_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wakes_, &event) != 0) {
    return Error{Code::exhausted, std::string("cannot wait for connections: ") + std::strerror(errno)};
  }
  return Ok{};
}

void EventLoop::set_tick(std::chrono::milliseconds interval, std::function<void()> tick) {
  interval_ = interval;
  tick_ = std::move(tick);
  next_tick_ = std::chrono::steady_clock::now() + interval_;
}

EventLoop::Watch* EventLoop::add(int descriptor) {
  Watch* watch = nullptr;
  {
    const std::lock_guard lock(watches_mutex_);
    if (free_.empty()) {
      // So that remove() and poll() need no memory.
      free_.reserve(watches_.size() + 1);
      leaving_.reserve(watches_.size() + 1);
      watch = &watches_.emplace_back(descriptor);
    } else {
      watch = free_.back();
      free_.pop_back();
    }
  }
  {
    const std::lock_guard lock(watch->mutex);
    watch->descriptor = descriptor;
    watch->ready = watch->ended = watch->wanted = 0;
  }
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = watch}};
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0) return watch;
  const std::lock_guard lock(watches_mutex_);
  free_.push_back(watch);
  return nullptr;
}

bool EventLoop::wait(Watch& watch, Want want, std::shared_ptr<Watcher> watcher) {
  const auto bit = static_cast<std::uint8_t>(want);
  const std::lock_guard lock(watch.mutex);
  if (((watch.ready | watch.ended) & bit) != 0) {
    watch.ready &= static_cast<std::uint8_t>(~bit);
    return true;
  }
  watch.wanted = bit;
  watch.waiting = std::move(watcher);
  return false;
}

void EventLoop::remove(Watch& watch) {
  std::shared_ptr<Watcher> let_go;  // its end may be the watcher's: not under the mutex
  {
    const std::lock_guard lock(watch.mutex);
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, watch.descriptor, nullptr);
    let_go = std::move(watch.waiting);
    watch.waiting = nullptr;
  }
  const std::lock_guard lock(watches_mutex_);
  leaving_.push_back(&watch);
}

void EventLoop::push(std::shared_ptr<Watcher> watcher) {
  Watcher* added = watcher.get();
  (first_ == nullptr ? first_ : last_->next_in_queue_) = std::move(watcher);
  last_ = added;
}

std::shared_ptr<EventLoop::Watcher> EventLoop::pop() {
  std::shared_ptr<Watcher> watcher = std::move(first_);
  first_ = watcher == nullptr ? nullptr : std::move(watcher->next_in_queue_);
  return watcher;
}

void EventLoop::post(std::shared_ptr<Watcher> watcher) {
  bool must_wake = false;
  {
    const std::lock_guard lock(mutex_);
    push(std::move(watcher));
    must_wake = idle_ == 0 && is_polling_;
    if (idle_ > 0) someone_is_needed_.notify_one();
  }
  if (must_wake) wake();
}

void EventLoop::wake() {
  const std::uint64_t one = 1;
  (void)!::write(wakes_, &one, sizeof one);  // full: it wakes anyway
}

// Those who are to be called, in front of `batch`.
std::size_t EventLoop::poll(int timeout_ms, Batch& batch) {
  {
    // Whose events were told has been seen to: from now on the kernel tells none of those that were removed.
    const std::lock_guard lock(watches_mutex_);
    free_.insert(free_.end(), leaving_.begin(), leaving_.end());
    leaving_.clear();
  }
  std::array<epoll_event, kEventsAtOnce> events;
  const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
  std::size_t found = 0;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    auto* watch = static_cast<Watch*>(event.data.ptr);
    if (watch == nullptr) {
      std::uint64_t ignored = 0;
      (void)!::read(wakes_, &ignored, sizeof ignored);
      continue;
    }
    const std::lock_guard lock(watch->mutex);
    if ((event.events & (EPOLLERR | EPOLLHUP)) != 0) watch->ended |= kRead | kWrite;
    if ((event.events & EPOLLRDHUP) != 0) watch->ended |= kRead;
    if ((event.events & EPOLLIN) != 0) watch->ready |= kRead;
    if ((event.events & EPOLLOUT) != 0) watch->ready |= kWrite;
    if (watch->waiting == nullptr || ((watch->ready | watch->ended) & watch->wanted) == 0) continue;
    watch->ready &= static_cast<std::uint8_t>(~watch->wanted);
    batch[found++] = std::move(watch->waiting);
    watch->waiting = nullptr;
  }
  return found;
}

int EventLoop::until_tick_ms() const {
  if (!tick_) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_tick_ - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

void EventLoop::tick_if_due() {
  if (!tick_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_tick_) return;
  next_tick_ = now + interval_;
  tick_();
}

void EventLoop::run() {
  Batch batch;
  bool was_idle = false;
  std::unique_lock lock(mutex_);
  while (!is_stopped_) {
    if (first_ != nullptr && (is_polling_ || since_poll_ < kMostBetweenPolls)) {
      ++since_poll_;
      std::shared_ptr<Watcher> watcher = pop();
      // Another calls the next, or waits for what comes meanwhile.
      if (idle_ > 0 && (first_ != nullptr || !is_polling_)) someone_is_needed_.notify_one();
      // More was posted than the idle ones take, before they woke: then the one who waits in the kernel is needed.
      const bool must_wake = was_idle && first_ != nullptr && idle_ == 0 && is_polling_;
      was_idle = false;
      lock.unlock();
      if (must_wake) wake();
      watcher->ready();
      watcher.reset();
      lock.lock();
      continue;
    }
    if (is_polling_) {
      ++idle_;
      someone_is_needed_.wait(lock);
      --idle_;
      was_idle = true;
      continue;
    }
    is_polling_ = true;
    const bool has_work = first_ != nullptr;
    lock.unlock();
    const std::size_t found = poll(has_work ? 0 : until_tick_ms(), batch);
    tick_if_due();
    lock.lock();
    is_polling_ = false;
    since_poll_ = 0;
    for (std::size_t i = 0; i < found; ++i) push(std::move(batch[i]));
  }
  // The next of those who wait is to see it, too.
  someone_is_needed_.notify_one();
}

void EventLoop::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
    someone_is_needed_.notify_all();
  }
  wake();
}

}  // namespace scoria::net
