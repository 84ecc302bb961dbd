#include "worker/leased_worker.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "worker/host_client.h"
#include "worker/local_socket.h"

namespace scoria::worker {
namespace {

using nlohmann::json;
using Steady = std::chrono::steady_clock;

constexpr long long kInterruptLook = 100;  // ms
constexpr std::uint64_t kMostAnswer = 256ull << 20;

Error gone() { return {Code::unavailable, "the worker is gone"}; }

json template_of(const Lease& lease) {
  json made{{"runtime", name_of(lease.runtime)}, {"preload", lease.preload}, {"environment", lease.environment}};
  if (!lease.program.empty()) made["program"] = lease.program;
  return made;
}

}  // namespace

Result<std::unique_ptr<LeasedWorker>> LeasedWorker::lease(const Lease& lease) {
  SCORIA_TRY(host, connect_to_host(/*may_start=*/true));
  json request{{"op", "lease"}, {"count", 1}, {"directory", lease.directory}};
  if (lease.from.empty()) {
    request["template"] = template_of(lease);
  } else {
    request["from"] = lease.from;
  }
  request["limits"] = {{"calls", lease.calls}, {"seconds", lease.seconds}, {"resident_bytes", lease.resident_bytes}};
  if (!lease.has_network) request["limits"]["network"] = false;
  if (lease.memory_bytes > 0) request["limits"]["memory_bytes"] = lease.memory_bytes;
  node::Descriptor socket;
  SCORIA_TRY(answer, ask_host(host, request, &socket));
  const auto workers = answer.find("workers");
  if (!socket.is_open() || workers == answer.end() || !workers->is_array() || workers->size() != 1)
    return Error{Code::corrupt, "`scoria workers` lends no worker although it says so"};
  std::unique_ptr<LeasedWorker> made(new LeasedWorker);
  made->host_ = std::move(host);
  made->socket_ = std::move(socket);
  made->id_ = (*workers)[0].value("id", "");
  made->pid_ = (*workers)[0].value("pid", -1);
  return made;
}

Status LeasedWorker::wait(short events, Until until) const {
  while (!is_interrupted()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Steady::now()).count();
    pollfd waiting{.fd = socket_.get(), .events = events, .revents = 0};
    const int ready = poll(&waiting, 1, static_cast<int>(std::clamp<long long>(left, 0, kInterruptLook)));
    if (ready > 0) return Ok{};
    if (ready < 0 && errno != EINTR) return gone();
    if (Steady::now() >= until) return Error{Code::deadline, "the worker gave no answer in time"};
  }
  return gone();
}

bool LeasedWorker::is_gone() const {
  // It says nothing of itself: what there is to read is the end.
  pollfd waiting{.fd = socket_.get(), .events = POLLIN, .revents = 0};
  return poll(&waiting, 1, 0) > 0;
}

Status LeasedWorker::send(std::uint32_t kind, std::string_view payload, Until until) {
  FrameHead head{kind, 0, payload.size()};
  std::size_t sent = 0;
  const std::size_t all = sizeof head + payload.size();
  while (sent < all) {
    iovec parts[2];
    const std::size_t of_head = std::min(sent, sizeof head), of_payload = sent - of_head;
    parts[0] = {.iov_base = reinterpret_cast<char*>(&head) + of_head, .iov_len = sizeof head - of_head};
    parts[1] = {.iov_base = const_cast<char*>(payload.data()) + of_payload, .iov_len = payload.size() - of_payload};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    const ssize_t got = sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (got > 0) sent += static_cast<std::size_t>(got);
    if (got > 0 || (got < 0 && errno == EINTR)) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return gone();
    SCORIA_TRY_STATUS(wait(POLLOUT, until));
  }
  return Ok{};
}

Status LeasedWorker::receive(void* into, std::size_t size, Until until, node::Descriptor* descriptor) {
  auto* bytes = static_cast<char*>(into);
  while (size > 0) {
    node::Descriptor with;
    const ssize_t got = receive_with_descriptor(socket_.get(), bytes, size, MSG_DONTWAIT, with);
    if (got > 0) {
      if (with.is_open() && descriptor != nullptr) *descriptor = std::move(with);
      bytes += got;
      size -= static_cast<std::size_t>(got);
      continue;
    }
    if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return gone();
    SCORIA_TRY_STATUS(wait(POLLIN, until));
  }
  return Ok{};
}

Result<WorkerAnswer> LeasedWorker::call(std::uint32_t kind, std::string_view payload, Until until) {
  SCORIA_TRY_STATUS(send(kind, payload, until));
  FrameHead head;
  node::Descriptor shared;
  SCORIA_TRY_STATUS(receive(&head, sizeof head, until, &shared));
  if (head.size > kMostAnswer) {
    return Error{Code::too_large, "the worker answers with " + std::to_string(head.size >> 20) + " MiB; at most " +
                                      std::to_string(kMostAnswer >> 20) + " MiB can be taken"};
  }
  WorkerAnswer answer{.kind = head.kind, .is_last = (head.flags & kLast) != 0, .payload = std::string(head.size, '\0')};
  if ((head.flags & kShared) == 0) {
    SCORIA_TRY_STATUS(receive(answer.payload.data(), answer.payload.size(), until, nullptr));
    return answer;
  }
  std::size_t have = 0;
  while (shared.is_open() && have < answer.payload.size()) {
    const ssize_t got =
        pread(shared.get(), answer.payload.data() + have, answer.payload.size() - have, static_cast<off_t>(have));
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  if (have < answer.payload.size()) return gone();
  return answer;
}

Result<bool> LeasedWorker::become_template(Until until, std::string& why) {
  SCORIA_TRY(answer, call(kTemplate, {}, until));
  why = std::move(answer.payload);
  return answer.kind == kDone;
}

void LeasedWorker::kill() { (void)ask_host(host_, {{"op", "kill"}, {"id", id_}}); }  // else it is gone already

std::string LeasedWorker::end() {
  socket_.reset();
  auto told = ask_host(host_, {{"op", "ended"}, {"id", id_}});
  if (!told.ok()) return "it is gone, and how is not known: " + told.error().message;
  std::string reason = told.value().value("reason", "it ended");
  if (const std::string output = told.value().value("output", ""); !output.empty())
    reason += "; it wrote last: " + output;
  return reason;
}

}  // namespace scoria::worker
