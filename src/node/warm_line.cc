#include "node/warm_line.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

namespace scoria::node {
namespace {

constexpr int kSocketOfChild = 3;

}  // namespace

bool WarmLine::start(const std::vector<std::string>& command, const std::vector<std::string>* environment,
                     const std::string& output) {
  dead_.reset();
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return false;
  Descriptor ours(ends[0]), theirs(ends[1]);
  if (theirs.get() == kSocketOfChild) {  // dup2() onto itself would leave it closed on exec
    theirs = Descriptor(fcntl(theirs.get(), F_DUPFD_CLOEXEC, kSocketOfChild + 1));
  }

  std::vector<std::string> words = command;
  words.insert(words.end(), {"--fd", std::to_string(kSocketOfChild)});
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::vector<std::string> settings;
  if (environment != nullptr) settings = *environment;
  std::vector<char*> own_environment;
  for (auto& setting : settings) own_environment.push_back(setting.data());
  own_environment.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&files, theirs.get(), kSocketOfChild);
  if (!output.empty()) {
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW,
                                     0600);
    posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  }
  sigset_t none, defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  for (const int number : {SIGPIPE, SIGHUP}) sigaddset(&defaults, number);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, words[0].c_str(), &files, &attributes, arguments.data(),
                                environment != nullptr ? own_environment.data() : environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    log::warn("warm_process_not_started", {{"program", words[0]}, {"errno", error}});
    return false;
  }
  pid_ = pid;
  stream_ = std::make_unique<FrameStream>(std::move(ours));
  return true;
}

void WarmLine::adopt(Descriptor socket, pid_t pid) {
  dead_.reset();
  pid_ = pid;
  stream_ = std::make_unique<FrameStream>(std::move(socket));
}

bool WarmLine::send(const StartCommand& command) {
  append_start(stream_->out, command);
  return stream_->flush() && !stream_->has_unsent();
}

WarmLine::News WarmLine::read() {
  News news;
  if (!stream_) return news;
  const bool is_open = stream_->fill();
  bool is_sound = true;
  while (is_sound) {
    auto message = stream_->next();
    if (message.ok() && !message.value()) break;
    is_sound = message.ok() && message.value()->kind == MessageKind::warm_started;
    if (is_sound) news.started.push_back(message.value()->started);
  }
  if (!is_open || !is_sound) {
    news.descriptor = stream_->descriptor();
    dead_ = std::move(stream_);
  }
  return news;
}

}  // namespace scoria::node
