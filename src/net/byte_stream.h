// The bytes of a connected, non-blocking socket, plain or under TLS: each call does what it can at once and says what to wait for.
// Source: OpenSSL's SSL_read(3), sendfile(2). Threads: one at a time; no call raises SIGPIPE.
// Owns: the TLS state. Borrows: the descriptor, which its owner closes afterwards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;

namespace scoria::net {

class ByteStream {
 public:
  enum class Outcome : std::uint8_t {
    done,        // `bytes` were moved, one or more
    want_read,   // nothing yet: again when the descriptor is readable
    want_write,  // when it is writable
    closed,      // the other side's orderly end
    broken,      // anything else: reset, no TLS, an end in the middle of TLS
  };
  struct Moved {
    Outcome outcome;
    std::size_t bytes = 0;
  };

  explicit ByteStream(int descriptor) : descriptor_(descriptor) {}
  ByteStream(ByteStream&& other) noexcept;
  ByteStream& operator=(ByteStream&& other) noexcept;
  ~ByteStream();

  // From here on, TLS; call handshake() until it is done. A client checks the certificate for `host`, a name or an address.
  void start_tls_server(ssl_ctx_st* context);
  void start_tls_client(ssl_ctx_st* context, const std::string& host);
  Outcome handshake();
  // Why the certificate of the other side was refused; empty when that was not the reason.
  std::string certificate_trouble() const;

  bool is_tls() const { return tls_ != nullptr; }
  // Bytes that TLS has written so far, all that belongs to it counted: what the kernel counts, too. Precondition: is_tls().
  std::uint64_t tls_bytes_written() const;
  Moved read(std::span<char> into);
  // `more_follows`: the next write is near, so that a small packet may wait for it.
  Moved write(std::string_view bytes, bool more_follows = false);
  // Both, in one packet where they fit. Moved counts over the two.
  Moved write_two(std::string_view head, std::string_view body);
  // `length` bytes of a file from `offset`; closed where the file ends before.
  Moved write_file(int file, std::uint64_t offset, std::uint64_t length);
  // No more will be written: TLS' goodbye and the end of the stream. Reading may go on.
  void finish_writing();

 private:
  Moved tls_result(int result, std::size_t bytes);

  int descriptor_;
  ssl_st* tls_ = nullptr;
};

}  // namespace scoria::net
