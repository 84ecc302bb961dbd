// Tells watchers when their descriptors can be read or written, on any number of threads. For HttpServer.
//
//   EventLoop::Watch* watch = loop.add(descriptor);                 // one call into the kernel for the descriptor's whole life
//   if (!loop.wait(*watch, EventLoop::Want::read, self)) return;    // self->ready() follows, on a thread in run()
//   ...                                                             // true: it is ready now
//
// Edge-triggered: a descriptor counts as ready until a read or write of it says EAGAIN, or a read brings less than was asked for. Ends (the other
// side's FIN, errors) stay. One thread at a time waits in the kernel, while others call what is ready: a slow ready() delays nobody else's
// as long as a thread is left. Source: epoll(7). Threads: all functions from any. Owns: the watchers that wait, and nothing of descriptors.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"

namespace scoria::net {

class EventLoop {
 public:
  // Whoever waits. A chain of steps: at any time it either runs, or waits for one thing, or is to be called.
  class Watcher {
   public:
    virtual ~Watcher() = default;
    virtual void ready() noexcept = 0;

   private:
    friend class EventLoop;
    std::shared_ptr<Watcher> next_in_queue_;
  };
  enum class Want : std::uint8_t { read = 1, write = 2 };
  class Watch;  // a descriptor's place here

  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;

  // Errors: exhausted (descriptors of the process, the kernel's memory). Once, before all else.
  Status open();
  // `tick` is called about every `interval` by a thread in run().
  void set_tick(std::chrono::milliseconds interval, std::function<void()> tick);

  // Null: the kernel has no room.
  Watch* add(int descriptor);
  // True: it is ready now. False: it was not, and what is of `watcher` may be running on another thread already.
  bool wait(Watch& watch, Want want, std::shared_ptr<Watcher> watcher);
  // Before its descriptor is closed. Whoever waits is let go, uncalled.
  void remove(Watch& watch);
  // watcher->ready(), soon.
  void post(std::shared_ptr<Watcher> watcher);

  void run();  // until stop()
  void stop();

 private:
  static constexpr std::size_t kEventsAtOnce = 64;
  using Batch = std::array<std::shared_ptr<Watcher>, kEventsAtOnce>;

  void wake();
  void push(std::shared_ptr<Watcher> watcher);
  std::shared_ptr<Watcher> pop();
  std::size_t poll(int timeout_ms, Batch& batch);
  int until_tick_ms() const;
  void tick_if_due();

  int epoll_ = -1;
  int wakes_ = -1;  // an eventfd, for what is posted while a thread waits in the kernel

  std::mutex mutex_;
  std::condition_variable someone_is_needed_;
  std::shared_ptr<Watcher> first_;  // guarded by mutex_: a queue through next_in_queue_, which takes no memory
  Watcher* last_ = nullptr;         // guarded by mutex_
  std::size_t idle_ = 0;            // guarded by mutex_: threads that wait for someone_is_needed_
  std::size_t since_poll_ = 0;      // guarded by mutex_
  bool is_polling_ = false;         // guarded by mutex_
  bool is_stopped_ = false;         // guarded by mutex_

  // Of the polling thread.
  std::chrono::milliseconds interval_{0};
  std::function<void()> tick_;
  std::chrono::steady_clock::time_point next_tick_;

  std::mutex watches_mutex_;
  std::deque<Watch> watches_;  // guarded by watches_mutex_; never shrinks
  std::vector<Watch*> free_;   // guarded by watches_mutex_
  std::vector<Watch*>
      leaving_;  // guarded by watches_mutex_; removed: the events of the last poll may still be for them
};

}  // namespace scoria::net
