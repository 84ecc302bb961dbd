// A process that may be no child of ours, told from a later one of the same number. Source: proc(5), pidfd_open(2).
// Threads: free functions; a ProcessHandle belongs to one thread at a time.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace scoria::pool {

struct ProcessIdentity {
  pid_t pid = 0;
  std::uint64_t start_time = 0;  // in clock ticks since the machine's start
  std::string boot;              // the machine's boot id
  bool operator==(const ProcessIdentity&) const = default;
};

// None: there is no such process, or it has ended and waits to be reaped.
std::optional<ProcessIdentity> identify(pid_t pid);

// A process, held by a pidfd: readable (poll) when it ends. Reaps it where it is a child of ours.
class ProcessHandle {
 public:
  // Of exactly this process; none where it has ended.
  static std::optional<ProcessHandle> open(const ProcessIdentity& identity);
  ProcessHandle(ProcessHandle&& other) noexcept
      : identity_(other.identity_), descriptor_(std::exchange(other.descriptor_, -1)) {}
  ProcessHandle& operator=(ProcessHandle&& other) noexcept {
    std::swap(identity_, other.identity_);
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~ProcessHandle();

  const ProcessIdentity& identity() const { return identity_; }
  int descriptor() const { return descriptor_; }
  bool has_ended() const;
  void signal(int number) const;  // never reaches another process of the same number

 private:
  ProcessHandle(const ProcessIdentity& identity, int descriptor) : identity_(identity), descriptor_(descriptor) {}
  ProcessIdentity identity_;
  int descriptor_ = -1;
};

}  // namespace scoria::pool
