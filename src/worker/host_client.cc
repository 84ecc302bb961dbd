#include "worker/host_client.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "worker/host.h"
#include "worker/kit.h"
#include "worker/local_socket.h"

namespace scoria::worker {
namespace {

constexpr int kStartPatienceMs = 10'000;
constexpr std::uint32_t kMaxAnswer = 4u << 20;

Error failed(const std::string& what) { return {Code::unavailable, what + ": " + strerror(errno)}; }

// In a session of its own, so that no terminal takes it along.
Status start_host(const std::filesystem::path& path) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return failed("pipe");
  const node::Descriptor ours(ends[0]);
  node::Descriptor theirs(ends[1]);
  constexpr int kReady = 3;
  if (theirs.get() == kReady) theirs = node::Descriptor(fcntl(theirs.get(), F_DUPFD_CLOEXEC, kReady + 1));
  const std::string log = path.string() + ".log";
  std::string program = "/proc/self/exe", group = "workers", name = "serve", socket = path,
              ready = std::to_string(kReady);
  char* const arguments[] = {program.data(), group.data(), name.data(), socket.data(), ready.data(), nullptr};
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  posix_spawn_file_actions_adddup2(&files, theirs.get(), kReady);
  posix_spawn_file_actions_addclosefrom_np(&files, kReady + 1);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, program.c_str(), &files, &attributes, arguments, environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  theirs.reset();
  if (error != 0)
    return Error{Code::unavailable, std::string("`scoria workers` cannot be started: ") + strerror(error)};
  // One byte, or its end: another one was quicker, or it says in its log why not.
  pollfd waiting{.fd = ours.get(), .events = POLLIN, .revents = 0};
  if (poll(&waiting, 1, kStartPatienceMs) <= 0)
    return Error{Code::unavailable, "`scoria workers` does not get ready; see " + log};
  char byte = 0;
  if (read(ours.get(), &byte, 1) != 1) (void)waitpid(pid, nullptr, 0);
  return Ok{};
}

}  // namespace

Result<node::Descriptor> connect_to_host(bool may_start) {
  SCORIA_TRY(own, own_folder());
  const auto path = host_socket(own);
  auto socket = connect_to(path);
  if (socket.is_open()) return socket;
  if (!may_start) return Error{Code::not_found, "no `scoria workers` runs for this user"};
  SCORIA_TRY_STATUS(start_host(path));
  socket = connect_to(path);
  if (socket.is_open()) return socket;
  return failed("'" + path.string() + "' cannot be connected to; see " + path.string() + ".log");
}

Result<nlohmann::json> ask_host(const node::Descriptor& host, const nlohmann::json& request,
                                node::Descriptor* descriptor) {
  const std::string text = request.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const auto size = static_cast<std::uint32_t>(text.size());
  std::string frame(reinterpret_cast<const char*>(&size), sizeof size);
  frame += text;
  if (send(host.get(), frame.data(), frame.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(frame.size()))
    return failed("`scoria workers`");
  // A lease's descriptor comes at the first byte of its answer's length.
  std::uint32_t length = 0;
  node::Descriptor lent;
  if (receive_with_descriptor(host.get(), &length, sizeof length, MSG_WAITALL, lent) != sizeof length)
    return failed("`scoria workers` gave no answer");
  if (descriptor != nullptr) *descriptor = std::move(lent);
  if (length > kMaxAnswer) return Error{Code::too_large, "`scoria workers` answers with too much"};
  std::string answer(length, '\0');
  if (recv(host.get(), answer.data(), length, MSG_WAITALL) != static_cast<ssize_t>(length))
    return failed("`scoria workers` gave no answer");
  auto document = nlohmann::json::parse(answer, nullptr, false);
  if (!document.is_object()) return Error{Code::corrupt, "`scoria workers` gave an answer that is no JSON"};
  if (document.contains("error")) return Error{Code::unavailable, document["error"].value("message", "")};
  return document;
}

}  // namespace scoria::worker
