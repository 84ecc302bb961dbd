// A TCP client that sends the bytes of a test, right or wrong, and waits for what comes back. Test programs only.
// Threads: one at a time. Owns: its socket.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace scoria::net {

inline constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

// Waits for what another thread brings about.
template <typename Condition>
bool comes_true(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

class RawClient {
 public:
  // "127.0.0.1:40312". `receive_buffer`: of the kernel; small where a test wants the server to wait.
  explicit RawClient(const std::string& address, int receive_buffer = 0) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer > 0) ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    const std::size_t colon = address.rfind(':');
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
    ::inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
      throw std::runtime_error("nobody listens on " + address);
    }
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Everything up to and with `text`, and what came along; what is there when the connection ends or nothing comes for 20 s.
  std::string read_to(std::string_view text) {
    std::size_t found = std::string::npos;
    while ((found = received_.find(text)) == std::string::npos) {
      if (!receive()) return std::exchange(received_, {});
    }
    return cut(found + text.size());
  }

  // One reply with a Content-Length, or without a body where it has none.
  std::string read_reply() {
    std::string head = read_to("\r\n\r\n");
    const std::size_t at = head.find("Content-Length: ");
    if (at == std::string::npos) return head;
    const std::size_t length = std::stoul(head.substr(at + 16));
    while (received_.size() < length) {
      if (!receive()) break;
    }
    return head + cut(std::min(length, received_.size()));
  }

  std::string read_to_end() {
    while (receive()) {
    }
    return std::exchange(received_, {});
  }

  // The other side has ended the connection; waits for it.
  bool is_closed() {
    while (receive()) {
    }
    return has_ended_;
  }

 private:
  std::string cut(std::size_t size) {
    std::string first = received_.substr(0, size);
    received_.erase(0, size);
    return first;
  }

  bool receive() {
    pollfd watched{socket_, POLLIN, 0};
    if (::poll(&watched, 1, 20'000) <= 0) return false;
    char buffer[65536];
    const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
    has_ended_ = got <= 0;
    if (got > 0) received_.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }

  int socket_ = -1;
  bool has_ended_ = false;
  std::string received_;
};

}  // namespace scoria::net
