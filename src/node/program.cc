#include "node/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "node/descriptor.h"
#include "node/keeper_protocol.h"

namespace scoria::node {
namespace {

constexpr std::size_t kKeptOutput = 64u << 10;

}  // namespace

Result<ProgramOutcome> run_program(const std::vector<std::string>& arguments, std::chrono::seconds timeout,
                                   const std::atomic<bool>* is_cancelled) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Error{Code::unavailable, std::string("no pipe: ") + strerror(errno)};
  const Descriptor out(ends[0]);
  Descriptor in(ends[1]);
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));  // NOLINT: spawn's type
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, in.get(), 1);
  posix_spawn_file_actions_adddup2(&files, in.get(), 2);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, arguments[0].c_str(), &files, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return Error{Code::not_found, "'" + arguments[0] + "' cannot be run: " + strerror(error)};
  in.reset();

  ProgramOutcome outcome;
  const std::int64_t deadline = steady_now_ms() + std::chrono::milliseconds(timeout).count();
  bool is_given_up = false;
  for (;;) {
    pollfd waiting{.fd = out.get(), .events = POLLIN, .revents = 0};
    const int ready = poll(&waiting, 1, 200);
    if (ready > 0) {
      char buffer[8192];
      const ssize_t size = read(out.get(), buffer, sizeof buffer);
      if (size <= 0) break;
      outcome.output.append(buffer, static_cast<std::size_t>(size));
      if (outcome.output.size() > 2 * kKeptOutput) outcome.output.erase(0, outcome.output.size() - kKeptOutput);
    }
    if (steady_now_ms() > deadline || (is_cancelled != nullptr && *is_cancelled)) {
      is_given_up = true;
      (void)kill(-pid, SIGKILL);
      break;
    }
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (is_given_up) return Error{Code::deadline, "'" + arguments[0] + "' was ended: it took too long, or the task was"};
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of(" \n\r\t");
  if (end == std::string::npos) return "it said nothing";
  const std::size_t begin = text.rfind('\n', end);
  std::size_t from = begin == std::string::npos ? 0 : begin + 1;
  if (text.compare(from, 7, "Error: ") == 0 && from + 7 <= end) from += 7;
  return text.substr(from, std::min<std::size_t>(end - from + 1, 500));
}

}  // namespace scoria::node
