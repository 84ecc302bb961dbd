// A blocking client's connection: connects, shakes hands and moves bytes, each within a deadline and until cancelled.
// Source: connect(2), poll(2). Threads: one at a time, but for Cancellation::cancel(), which may come from any.
// Owns: the socket. Borrows: the cancellation.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/byte_stream.h"
#include "net/http.h"
#include "net/tls_context.h"

namespace scoria::net {

// Wakes who waits for the network on another thread's word.
class Cancellation {
 public:
  Cancellation();
  ~Cancellation();
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  void cancel();
  void reset();
  bool is_cancelled() const { return is_cancelled_; }
  int descriptor() const { return descriptor_; }  // readable once cancelled

 private:
  std::atomic<bool> is_cancelled_ = false;
  int descriptor_;
};

class ClientSocket {
 public:
  using Clock = std::chrono::steady_clock;
  struct Timing {
    std::chrono::milliseconds idle;  // without a byte
    Clock::time_point until;         // and not beyond this
  };

  // Errors: unavailable (no such host, nobody listens, cancelled), deadline, denied (the certificate). `shown` names it in messages;
  // `name` is the host that the certificate must be for.
  static Result<ClientSocket> connect(const std::string& host, const std::string& port, ssl_ctx_st* tls,
                                      const std::string& name, Timing timing, Cancellation& cancellation);
  ClientSocket(ClientSocket&& other) noexcept;
  ClientSocket& operator=(ClientSocket&& other) noexcept;
  ~ClientSocket();

  // Errors: unavailable (the connection broke, cancelled), deadline.
  Status write(std::string_view bytes, Timing timing);
  Status write_file(FilePart part, Timing timing);
  // None at the other side's orderly end. Errors: as write().
  Result<std::size_t> read(std::span<char> into, Timing timing);
  // Something is there to be read now, be it the end.
  bool is_readable() const;

 private:
  ClientSocket(int descriptor, Cancellation& cancellation)
      : descriptor_(descriptor), stream_(descriptor), cancellation_(&cancellation) {}
  Status check(Timing timing, const char* doing) const;  // neither cancelled nor too late
  Status wait(short events, Timing timing, const char* doing);
  Status wait_for(ByteStream::Outcome outcome, Timing timing, const char* doing);
  Status shake_hands(ssl_ctx_st* tls, const std::string& name, Timing timing);

  int descriptor_;
  ByteStream stream_;
  Cancellation* cancellation_;
};

}  // namespace scoria::net
