// A worker's end of the socket on which a client calls it: frames as docs/formats/worker.md says, and when the worker has had its share.
// Threads: one user. Owns: the socket and the payload that waits to be taken.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "node/descriptor.h"

namespace scoria::worker {

// In front of each payload.
struct FrameHead {
  std::uint32_t kind = 0;
  std::uint32_t flags = 0;
  std::uint64_t size = 0;
};
static_assert(sizeof(FrameHead) == 16);
enum FrameKind : std::uint32_t {
  kCall = 1,
  kReset = 2,
  kService = 3,
  kRequest = 4,
  kTemplate = 5,
  kValue = 16,
  kFailed = 17,
  kDone = 18
};
inline constexpr std::uint32_t kShared = 1, kLast = 2;

class WorkerSocket {
 public:
  // `words`: "scoria", "worker", then worker_words(). Null: nobody listens there, with errno.
  static WorkerSocket* connect(const std::vector<std::string>& words);

  // Waits. Kind 0: the client is gone.
  FrameHead receive();
  const std::string& shared_path() const { return shared_path_; }  // of the payload; empty: take() has it
  void take(unsigned char* bytes);

  // Whether the worker shall end now; the client has been told.
  bool answer(std::uint32_t kind, const void* bytes, std::size_t size);
  std::string share();  // a path for answer_shared()'s payload
  bool answer_shared(std::uint32_t kind);
  bool has_network() const { return has_network_; }  // as a service

  // Tells the host that this worker will fork others: where its orders come, or -1, with errno.
  static int offer_forks(const std::vector<std::string>& words);

 private:
  WorkerSocket() = default;
  bool is_due() const;
  void count(std::uint32_t kind);
  bool read_all(void* into, std::size_t size);
  void write_all(const void* bytes, std::size_t size);

  node::Descriptor socket_, received_, shared_;
  std::string payload_, shared_path_;
  std::uint64_t calls_ = 0, most_calls_ = 0, most_resident_ = 0, resident_at_first_ = 0;
  std::uint32_t received_kind_ = 0;
  bool has_network_ = true;
  std::chrono::steady_clock::time_point until_;
};

// In the id with which a worker calls its host: it is not the worker, but the template that this has become.
inline constexpr std::uint64_t kIsTemplate = 1ull << 63;

// What a worker has to know, as words of its command.
std::vector<std::string> worker_words(const std::string& socket, std::uint64_t id, std::uint64_t calls,
                                      std::uint64_t seconds, std::uint64_t resident_bytes, bool has_network);

}  // namespace scoria::worker
