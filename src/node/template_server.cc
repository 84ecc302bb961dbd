#include "node/template_server.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "node/frame_stream.h"
#include "node/spawn.h"

namespace scoria::node {
namespace {

constexpr int kNotSettled = 126;

void call(const std::function<void()>& hook) {
  if (hook) hook();
}

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

// By fork(), which libraries hear of. The process between ends at once, so that whoever takes orphans in is the child's parent; the child goes on when that
// is so, as it may want to end with its parent. Returns 0 in the child; its id, or -1, in this process.
pid_t fork_orphan() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  Descriptor out(ends[0]), in(ends[1]);
  const pid_t between = fork();
  if (between < 0) return -1;
  if (between == 0) {
    const pid_t self = getpid();
    const pid_t child = fork();
    if (child != 0) {
      (void)!write(in.get(), &child, sizeof child);
      _exit(0);
    }
    in.reset();
    out.reset();
    while (getppid() == self) (void)usleep(50);
    return 0;
  }
  in.reset();
  pid_t child = -1;
  while (read(out.get(), &child, sizeof child) < 0 && errno == EINTR) {
  }
  while (waitpid(between, nullptr, 0) < 0 && errno == EINTR) {
  }
  return child;
}

void settle_or_exit(const StartCommand& command, int null_device) {
  const char* failed_step = nullptr;
  const SpawnSurroundings surroundings{.null_device = null_device};
  const int error = settle_in(command, surroundings, failed_step);
  if (error == 0) return;
  (void)dprintf(STDERR_FILENO, "scoria: %s failed: %s\n", failed_step, strerror(error));
  _exit(kNotSettled);
}

}  // namespace

Result<std::optional<StartCommand>> serve_forks(int descriptor, const ForkHooks& hooks) {
  const Descriptor null_device(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null_device.is_open()) {
    return Error{Code::unavailable, std::string("'/dev/null' cannot be opened: ") + strerror(errno)};
  }
  (void)fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  FrameStream stream{Descriptor(descriptor)};
  for (bool is_open = true; is_open;) {
    pollfd waiting{.fd = stream.descriptor(), .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, -1) < 0 && errno != EINTR) break;
    is_open = stream.fill();
    for (;;) {
      auto message = stream.next();
      if (!message.ok()) return std::move(message).error();
      if (!message.value()) break;
      if (message.value()->kind != MessageKind::start) continue;
      StartCommand& command = message.value()->start;
      call(hooks.before);
      const pid_t pid = hooks.has_libraries ? fork_orphan() : fork_sibling();
      if (pid == 0) {
        call(hooks.in_child);
        settle_or_exit(command, null_device.get());
        return std::optional<StartCommand>(std::move(command));
      }
      const int error = errno;
      call(hooks.in_parent);
      if (pid < 0) return Error{Code::exhausted, std::string("no process can be forked: ") + strerror(error)};
      append_started(stream.out, {command.attempt, pid, wall_now_us()}, MessageKind::warm_started);
    }
    if (!stream.flush()) break;
  }
  return std::optional<StartCommand>{};
}

}  // namespace scoria::node
