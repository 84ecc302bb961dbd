// What other threads want done on the owner's thread: posted from anywhere, taken where the descriptor is watched.
// Threads: all functions may be called from several threads at once. Owns: an eventfd.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "node/descriptor.h"

namespace scoria::node {

class Mailbox {
 public:
  using Letter = std::function<void()>;

  int descriptor() const { return event_.get(); }
  void post(Letter letter) {
    {
      const std::lock_guard lock(letters_mutex_);
      letters_.push_back(std::move(letter));
    }
    const std::uint64_t one = 1;
    (void)!write(event_.get(), &one, sizeof one);  // full means that it is ready already
  }
  std::vector<Letter> take() {
    std::uint64_t count = 0;
    (void)!read(event_.get(), &count, sizeof count);
    const std::lock_guard lock(letters_mutex_);
    return std::exchange(letters_, {});
  }

 private:
  Descriptor event_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::mutex letters_mutex_;
  std::vector<Letter> letters_;  // guarded by letters_mutex_
};

}  // namespace scoria::node
