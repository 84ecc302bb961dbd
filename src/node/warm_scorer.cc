#include "node/warm_scorer.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <exception>

#include "node/frame_stream.h"
#include "node/spawn.h"

namespace scoria::node {
namespace {

// As fork(), but the child is a sibling. The child is told its thread id where the C library keeps it, as fork() would.
pid_t fork_sibling() {
  pid_t* thread_id = nullptr;
  clone_args arguments{};
  arguments.flags = CLONE_PARENT;  // its end is told as ours is: by SIGCHLD, to the keeper
  if (prctl(PR_GET_TID_ADDRESS, &thread_id, 0, 0, 0) == 0 && thread_id != nullptr) {
    arguments.flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
    arguments.child_tid = reinterpret_cast<std::uintptr_t>(thread_id);
  }
  return static_cast<pid_t>(syscall(SYS_clone3, &arguments, sizeof arguments));
}

[[noreturn]] void become(const StartCommand& command, int null_device, const ScorerConfig& config) {
  const char* failed_step = nullptr;
  const SpawnSurroundings surroundings{.null_device = null_device};
  const int error = settle_in(command, surroundings, failed_step);
  if (error != 0) {
    (void)dprintf(STDERR_FILENO, "scoria: %s failed: %s\n", failed_step, strerror(error));
    _exit(126);
  }
  close(config.descriptor);
  clearenv();
  for (const auto& setting : command.environment) putenv(strdup(setting.c_str()));  // lives as long as the process
  std::vector<char*> arguments;
  for (const auto& argument : command.arguments) arguments.push_back(strdup(argument.c_str()));
  arguments.push_back(nullptr);
  int code = 70;
  try {
    code = config.entry(static_cast<int>(arguments.size()) - 1, arguments.data());
  } catch (const std::exception& exception) {
    (void)dprintf(STDERR_FILENO, "scoria: %s\n", exception.what());
  }
  exit(code);
}

}  // namespace

Status run_warm_scorer(ScorerConfig config) {
  const Descriptor null_device(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null_device.is_open()) {
    return Error{Code::unavailable, std::string("'/dev/null' cannot be opened: ") + strerror(errno)};
  }
  (void)fcntl(config.descriptor, F_SETFD, FD_CLOEXEC);
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (config.warm_up) config.warm_up();
  FrameStream stream{Descriptor(config.descriptor)};
  for (bool is_open = true; is_open;) {
    pollfd waiting{.fd = stream.descriptor(), .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, -1) < 0 && errno != EINTR) break;
    is_open = stream.fill();
    for (;;) {
      auto message = stream.next();
      if (!message.ok()) return std::move(message).error();
      if (!message.value()) break;
      if (message.value()->kind != MessageKind::start) continue;
      const StartCommand& command = message.value()->start;
      const pid_t pid = fork_sibling();
      if (pid == 0) become(command, null_device.get(), config);
      if (pid < 0) return Error{Code::exhausted, std::string("no process can be forked: ") + strerror(errno)};
      append_started(stream.out, {command.attempt, pid, wall_now_us()}, MessageKind::warm_started);
    }
    if (!stream.flush()) break;
  }
  return Ok{};
}

int warm_scorer_main(int argc, char** argv, std::function<int(int argc, char** argv)> entry) {
  ScorerConfig config{.entry = std::move(entry)};
  if (argc == 4 && strcmp(argv[2], "--fd") == 0) config.descriptor = atoi(argv[3]);
  const auto status = run_warm_scorer(std::move(config));
  if (status.ok()) return 0;
  (void)fprintf(stderr, "scoria: %s\n", status.error().message.c_str());
  return 1;
}

}  // namespace scoria::node
