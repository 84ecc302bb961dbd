#include "worker/client_line.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

namespace scoria::worker {
namespace {

constexpr std::uint32_t kMaxFrame = 1u << 20;
constexpr int kPatienceMs = 1000;  // for a client that does not read its answer

}  // namespace

bool ClientLine::fill() {
  char buffer[65536];
  while (in_.size() <= 2 * std::size_t{kMaxFrame}) {
    const ssize_t size = recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    if (size == 0) return false;
    in_.append(buffer, static_cast<std::size_t>(size));
  }
  return true;
}

Result<std::optional<nlohmann::json>> ClientLine::next() {
  std::uint32_t size = 0;
  if (in_.size() < sizeof size) return std::optional<nlohmann::json>{};
  memcpy(&size, in_.data(), sizeof size);
  if (size > kMaxFrame) return Error{Code::too_large, "a request of " + std::to_string(size) + " bytes; at most 1 MiB"};
  if (in_.size() - sizeof size < size) return std::optional<nlohmann::json>{};
  auto document = nlohmann::json::parse(in_.begin() + sizeof size, in_.begin() + sizeof size + size, nullptr, false);
  in_.erase(0, sizeof size + size);
  if (!document.is_object()) return Error{Code::corrupt, "a request must be a JSON object"};
  return std::optional<nlohmann::json>(std::move(document));
}

bool ClientLine::answer(const nlohmann::json& document, const std::vector<int>& descriptors) {
  const std::string text = document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::string frame(sizeof(std::uint32_t), '\0');
  const auto size = static_cast<std::uint32_t>(text.size());
  memcpy(frame.data(), &size, sizeof size);
  frame += text;
  std::vector<char> control(descriptors.empty() ? 0 : CMSG_SPACE(descriptors.size() * sizeof(int)));
  std::size_t sent = 0;
  while (sent < frame.size()) {
    iovec part{.iov_base = frame.data() + sent, .iov_len = frame.size() - sent};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (sent == 0 && !descriptors.empty()) {
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      cmsghdr* item = CMSG_FIRSTHDR(&message);
      item->cmsg_level = SOL_SOCKET;
      item->cmsg_type = SCM_RIGHTS;
      item->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
      memcpy(CMSG_DATA(item), descriptors.data(), descriptors.size() * sizeof(int));
    }
    const ssize_t got = sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      pollfd waiting{.fd = socket_.get(), .events = POLLOUT, .revents = 0};
      if (poll(&waiting, 1, kPatienceMs) <= 0) return false;
      continue;
    }
    if (got <= 0) return false;
    sent += static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace scoria::worker
