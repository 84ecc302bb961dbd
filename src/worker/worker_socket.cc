#include "worker/worker_socket.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "worker/local_socket.h"
#include "worker/resident.h"

namespace scoria::worker {
namespace {

constexpr std::uint64_t kMostInStream = 1ull << 31;  // what R can take in one piece
constexpr std::size_t kWords = 8;

std::uint64_t number(const std::string& text) { return strtoull(text.c_str(), nullptr, 10); }

}  // namespace

std::vector<std::string> worker_words(const std::string& socket, std::uint64_t id, std::uint64_t calls,
                                      std::uint64_t seconds, std::uint64_t resident_bytes, bool has_network) {
  return {"scoria",
          "worker",
          socket,
          std::to_string(id),
          std::to_string(calls),
          std::to_string(seconds),
          std::to_string(resident_bytes),
          has_network ? "network" : "none"};
}

WorkerSocket* WorkerSocket::connect(const std::vector<std::string>& words) {
  errno = EINVAL;
  if (words.size() != kWords) return nullptr;
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);  // a worker without its host is nobody's
  node::Descriptor socket = connect_to(words[2]);
  if (!socket.is_open()) return nullptr;
  auto* worker = new WorkerSocket;
  worker->socket_ = std::move(socket);
  const std::uint64_t id = number(words[3]);
  worker->write_all(&id, sizeof id);
  worker->most_calls_ = number(words[4]);
  worker->until_ = std::chrono::steady_clock::now() + std::chrono::seconds(number(words[5]));
  worker->resident_at_first_ = resident_bytes(getpid());
  worker->most_resident_ = worker->resident_at_first_ + number(words[6]);
  worker->has_network_ = words[7] != "none";
  return worker;
}

int WorkerSocket::offer_forks(const std::vector<std::string>& words) {
  node::Descriptor socket = connect_to(words[2]);
  const std::uint64_t id = number(words[3]) | kIsTemplate;
  if (!socket.is_open() || send(socket.get(), &id, sizeof id, MSG_NOSIGNAL) != sizeof id) return -1;
  return socket.release();
}

bool WorkerSocket::read_all(void* into, std::size_t size) {
  auto* bytes = static_cast<char*>(into);
  while (size > 0) {
    const ssize_t got = recv(socket_.get(), bytes, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    bytes += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

FrameHead WorkerSocket::receive() {
  FrameHead head;
  received_.reset();
  payload_.clear();
  shared_path_.clear();
  const ssize_t got = receive_with_descriptor(socket_.get(), &head, sizeof head, 0, received_);
  if (got <= 0) return {};
  const auto have = static_cast<std::size_t>(got);
  if (have < sizeof head && !read_all(reinterpret_cast<char*>(&head) + have, sizeof head - have)) return {};
  received_kind_ = head.kind;
  if ((head.flags & kShared) != 0) {
    if (!received_.is_open()) return {};
    shared_path_ = "/proc/self/fd/" + std::to_string(received_.get());
    return head;
  }
  if (head.size > kMostInStream) return {};
  payload_.resize(head.size);
  if (!read_all(payload_.data(), payload_.size())) return {};
  return head;
}

void WorkerSocket::take(unsigned char* bytes) {
  memcpy(bytes, payload_.data(), payload_.size());
  payload_ = {};
}

void WorkerSocket::write_all(const void* from, std::size_t size) {
  const auto* bytes = static_cast<const char*>(from);
  while (size > 0) {
    const ssize_t sent = send(socket_.get(), bytes, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) _exit(0);  // nobody waits for it any more
    bytes += sent;
    size -= static_cast<std::size_t>(sent);
  }
}

bool WorkerSocket::is_due() const {
  return calls_ >= most_calls_ || std::chrono::steady_clock::now() >= until_ ||
         (calls_ % 16 == 0 && resident_bytes(getpid()) > most_resident_);
}

// What a service loads at its start is no growth, and that start no call.
void WorkerSocket::count(std::uint32_t kind) {
  if (received_kind_ == kService) {
    const std::uint64_t now = resident_bytes(getpid());
    most_resident_ += now - std::min(now, resident_at_first_);
  } else if (kind != kDone) {
    ++calls_;
  }
}

bool WorkerSocket::answer(std::uint32_t kind, const void* bytes, std::size_t size) {
  count(kind);
  const bool is_last = is_due();
  const FrameHead head{kind, is_last ? kLast : 0, size};
  if (size <= 16'384) {  // one message, one wake-up
    char whole[sizeof head + 16'384];
    memcpy(whole, &head, sizeof head);
    if (size > 0) memcpy(whole + sizeof head, bytes, size);
    write_all(whole, sizeof head + size);
  } else {
    write_all(&head, sizeof head);
    write_all(bytes, size);
  }
  return is_last;
}

std::string WorkerSocket::share() {
  shared_ = node::Descriptor(memfd_create("scoria-answer", MFD_CLOEXEC));
  return shared_.is_open() ? "/proc/self/fd/" + std::to_string(shared_.get()) : "";
}

bool WorkerSocket::answer_shared(std::uint32_t kind) {
  count(kind);
  const bool is_last = is_due();
  struct stat status {};
  if (fstat(shared_.get(), &status) != 0) _exit(70);
  FrameHead head{kind, kShared | (is_last ? kLast : 0), static_cast<std::uint64_t>(status.st_size)};
  iovec part{.iov_base = &head, .iov_len = sizeof head};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* item = CMSG_FIRSTHDR(&message);
  item->cmsg_level = SOL_SOCKET;
  item->cmsg_type = SCM_RIGHTS;
  item->cmsg_len = CMSG_LEN(sizeof(int));
  const int descriptor = shared_.get();
  memcpy(CMSG_DATA(item), &descriptor, sizeof descriptor);
  ssize_t sent = 0;
  do sent = sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent <= 0) _exit(0);
  const auto have = static_cast<std::size_t>(sent);
  if (have < sizeof head) write_all(reinterpret_cast<char*>(&head) + have, sizeof head - have);
  shared_.reset();
  return is_last;
}

}  // namespace scoria::worker
