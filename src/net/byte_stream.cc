#include "net/byte_stream.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

namespace scoria::net {
namespace {

using Outcome = ByteStream::Outcome;
using Moved = ByteStream::Moved;

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

// OpenSSL's own socket BIO writes without MSG_NOSIGNAL, and a library must not change the program's signals.
int descriptor_of(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }

int bio_write(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  ssize_t sent = 0;
  do {
    sent = ::send(descriptor_of(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0 && would_block(errno)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int bio_read(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  ssize_t got = 0;
  do {
    got = ::recv(descriptor_of(bio), into, static_cast<std::size_t>(size), 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && would_block(errno)) BIO_set_retry_read(bio);
  if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(got);
}

long bio_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return 0;
}

BIO* socket_bio(int descriptor) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without signals");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  BIO* bio = BIO_new(method);
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(descriptor)));
  BIO_set_init(bio, 1);
  return bio;
}

ssl_st* new_tls(ssl_ctx_st* context, int descriptor) {
  SSL* tls = SSL_new(context);
  if (tls == nullptr) throw std::bad_alloc();
  BIO* bio = socket_bio(descriptor);
  SSL_set_bio(tls, bio, bio);
  SSL_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  return tls;
}

Moved plain_result(ssize_t moved) {
  if (moved > 0) return {Outcome::done, static_cast<std::size_t>(moved)};
  return {Outcome::broken};
}

// sendfile() has no MSG_NOSIGNAL: the signal is held back in this thread and taken away again.
ssize_t sendfile_without_signal(int socket, int file, off_t* offset, std::size_t length) {
  sigset_t pipe_only;
  sigemptyset(&pipe_only);
  sigaddset(&pipe_only, SIGPIPE);
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
  ssize_t sent = 0;
  do {
    sent = ::sendfile(socket, file, offset, length);
  } while (sent < 0 && errno == EINTR);
  const int error = errno;
  if (sent < 0 && error == EPIPE && sigismember(&before, SIGPIPE) == 0) {
    const timespec at_once{};
    sigtimedwait(&pipe_only, nullptr, &at_once);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return sent;
}

}  // namespace

ByteStream::ByteStream(ByteStream&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), tls_(std::exchange(other.tls_, nullptr)) {}

ByteStream& ByteStream::operator=(ByteStream&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(tls_, other.tls_);
  return *this;
}

ByteStream::~ByteStream() { SSL_free(tls_); }

void ByteStream::start_tls_server(ssl_ctx_st* context) {
  tls_ = new_tls(context, descriptor_);
  SSL_set_accept_state(tls_);
}

void ByteStream::start_tls_client(ssl_ctx_st* context, const std::string& host) {
  tls_ = new_tls(context, descriptor_);
  SSL_set_connect_state(tls_);
  in6_addr address{};
  const bool is_address =
      inet_pton(AF_INET, host.c_str(), &address) == 1 || inet_pton(AF_INET6, host.c_str(), &address) == 1;
  X509_VERIFY_PARAM* check = SSL_get0_param(tls_);
  if (is_address) {
    X509_VERIFY_PARAM_set1_ip_asc(check, host.c_str());
    return;
  }
  X509_VERIFY_PARAM_set_hostflags(check, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  X509_VERIFY_PARAM_set1_host(check, host.c_str(), host.size());
  SSL_set_tlsext_host_name(tls_, host.c_str());
}

ByteStream::Moved ByteStream::tls_result(int result, std::size_t bytes) {
  if (result > 0) return {Outcome::done, bytes};
  const int error = SSL_get_error(tls_, result);
  ERR_clear_error();
  if (error == SSL_ERROR_WANT_READ) return {Outcome::want_read};
  if (error == SSL_ERROR_WANT_WRITE) return {Outcome::want_write};
  if (error == SSL_ERROR_ZERO_RETURN) return {Outcome::closed};
  return {Outcome::broken};
}

ByteStream::Outcome ByteStream::handshake() {
  ERR_clear_error();
  return tls_result(SSL_do_handshake(tls_), 0).outcome;
}

std::string ByteStream::certificate_trouble() const {
  const long verified = tls_ == nullptr ? X509_V_OK : SSL_get_verify_result(tls_);
  return verified == X509_V_OK ? "" : X509_verify_cert_error_string(verified);
}

ByteStream::Moved ByteStream::read(std::span<char> into) {
  if (tls_ != nullptr) {
    ERR_clear_error();
    std::size_t got = 0;
    const int result = SSL_read_ex(tls_, into.data(), into.size(), &got);
    return tls_result(result, got);
  }
  ssize_t got = 0;
  do {
    got = ::recv(descriptor_, into.data(), into.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return {Outcome::closed};
  if (got < 0 && would_block(errno)) return {Outcome::want_read};
  return plain_result(got);
}

std::uint64_t ByteStream::tls_bytes_written() const { return BIO_number_written(SSL_get_wbio(tls_)); }

ByteStream::Moved ByteStream::write(std::string_view bytes, bool more_follows) {
  if (tls_ != nullptr) {
    ERR_clear_error();
    std::size_t sent = 0;
    const int result = SSL_write_ex(tls_, bytes.data(), bytes.size(), &sent);
    return tls_result(result, sent);
  }
  ssize_t sent = 0;
  do {
    sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | (more_follows ? MSG_MORE : 0));
  } while (sent < 0 && errno == EINTR);
  if (sent < 0 && would_block(errno)) return {Outcome::want_write};
  return plain_result(sent);
}

ByteStream::Moved ByteStream::write_two(std::string_view head, std::string_view body) {
  if (tls_ != nullptr || body.empty()) return write(head);
  iovec parts[2] = {{const_cast<char*>(head.data()), head.size()}, {const_cast<char*>(body.data()), body.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(descriptor_, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0 && would_block(errno)) return {Outcome::want_write};
  return plain_result(sent);
}

ByteStream::Moved ByteStream::write_file(int file, std::uint64_t offset, std::uint64_t length) {
  if (tls_ != nullptr) {
    // What a full socket does not take is read again the next time: one TLS record's worth of work.
    char buffer[16 << 10];
    ssize_t got = 0;
    do {
      got = ::pread(file, buffer, std::min<std::uint64_t>(length, sizeof buffer), static_cast<off_t>(offset));
    } while (got < 0 && errno == EINTR);
    if (got == 0) return {Outcome::closed};
    if (got < 0) return {Outcome::broken};
    return write({buffer, static_cast<std::size_t>(got)});
  }
  constexpr std::uint64_t kMostAtOnce = 1u << 20;  // so that other connections of the thread get their turn
  auto from = static_cast<off_t>(offset);
  const ssize_t sent = sendfile_without_signal(descriptor_, file, &from, std::min(length, kMostAtOnce));
  if (sent == 0) return {Outcome::closed};
  if (sent < 0 && would_block(errno)) return {Outcome::want_write};
  return plain_result(sent);
}

void ByteStream::finish_writing() {
  if (tls_ != nullptr) {
    ERR_clear_error();
    SSL_shutdown(tls_);
    ERR_clear_error();
  }
  ::shutdown(descriptor_, SHUT_WR);
}

}  // namespace scoria::net
