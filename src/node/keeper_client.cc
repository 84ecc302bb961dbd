#include "node/keeper_client.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace scoria::node {
namespace {

constexpr int kReadyOfChild = 3;

Descriptor connected(const std::filesystem::path& folder_path) {
  const Descriptor folder(open(folder_path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!folder.is_open() || !socket.is_open()) return {};
  const sockaddr_un address = socket_address(folder.get());
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  return socket;
}

// Starts a keeper and waits until it listens, or ended.
Status launch(const KeeperConfig& config, const std::vector<std::string>& command, std::chrono::milliseconds patience) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Error{Code::unavailable, std::string("no pipe: ") + strerror(errno)};
  const Descriptor ready(ends[0]);
  Descriptor theirs(ends[1]);
  if (theirs.get() == kReadyOfChild) theirs = Descriptor(fcntl(theirs.get(), F_DUPFD_CLOEXEC, kReadyOfChild + 1));

  KeeperConfig told = config;
  told.ready_descriptor = kReadyOfChild;
  told.detach = true;
  std::vector<std::string> words = command;
  for (auto& argument : keeper_arguments(told)) words.push_back(std::move(argument));
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  const std::string log = (config.private_folder / "keeper.log").string();
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_addopen(&files, 2, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&files, theirs.get(), kReadyOfChild);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, words[0].c_str(), &files, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return Error{Code::unavailable, "keeper '" + words[0] + "' cannot be started: " + strerror(error)};
  theirs.reset();
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {  // it detaches: this one only forks
  }
  pollfd waiting{.fd = ready.get(), .events = POLLIN, .revents = 0};
  char byte = 0;
  if (poll(&waiting, 1, static_cast<int>(patience.count())) != 1 || read(ready.get(), &byte, 1) != 1) {
    return Error{Code::unavailable, "the keeper did not come up; '" + log + "' may say why"};
  }
  return Ok{};
}

}  // namespace

Result<KeeperClient> KeeperClient::connect(const KeeperConfig& config, const std::vector<std::string>& command,
                                           std::chrono::milliseconds patience) {
  std::error_code ignored;
  std::filesystem::create_directories(config.private_folder, ignored);
  for (const bool is_last : {false, true}) {
    Descriptor socket = connected(config.private_folder);
    if (socket.is_open()) return KeeperClient(std::move(socket));
    if (is_last) break;
    const auto launched = launch(config, command, patience);
    if (!launched.ok()) {
      // Another agent's may have come up meanwhile.
      socket = connected(config.private_folder);
      if (socket.is_open()) return KeeperClient(std::move(socket));
      return launched.error();
    }
  }
  return Error{Code::unavailable, "no keeper listens in '" + config.private_folder.string() + "'"};
}

}  // namespace scoria::node
