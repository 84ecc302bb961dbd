#include "node/spawn.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

namespace scoria::node {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  // execve() takes them as char* and does not write to them.
  for (const auto& text : texts) list.push_back(const_cast<char*>(text.c_str()));  // NOLINT
  list.push_back(nullptr);
  return list;
}

// Nothing that allocates: between vfork() and execve() the memory is the parent's.
int open_output(const char* path, int onto) {
  const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (file < 0) return errno;
  if (dup2(file, onto) < 0) return errno;
  close(file);
  return 0;
}

void limit(int which, rlim_t value) {
  rlimit now{};
  if (getrlimit(static_cast<__rlimit_resource_t>(which), &now) != 0) return;
  now.rlim_cur = now.rlim_max == RLIM_INFINITY ? value : std::min(value, now.rlim_max);
  (void)setrlimit(static_cast<__rlimit_resource_t>(which), &now);  // a limit less is no reason not to run
}

}  // namespace

std::int64_t boot_now_ms() {
  timespec time{};
  clock_gettime(CLOCK_BOOTTIME, &time);
  return std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
}

int settle_in(const StartCommand& command, const SpawnSurroundings& surroundings, const char*& failed_step) {
  setsid();
  if (surroundings.spool >= 0) {
    const BirthRecord birth{sizeof(BirthRecord) - sizeof(std::uint32_t), kBirth, command.attempt, getpid(),
                            boot_now_ms()};
    failed_step = "write of its start to the spool";
    const ssize_t written = write(surroundings.spool, &birth, sizeof birth);
    if (written != static_cast<ssize_t>(sizeof birth)) return written < 0 ? errno : ENOSPC;
  }
  for (const int procs : surroundings.cgroup_procs) (void)!write(procs, "0", 1);  // without: it runs unlimited
  if (command.memory_limit_bytes > 0 && surroundings.cgroup_procs.empty()) {
    limit(RLIMIT_DATA, command.memory_limit_bytes);
  }
  limit(RLIMIT_CORE, 0);

  failed_step = "change to its directory";
  if (chdir(command.directory.c_str()) != 0) return errno;
  failed_step = "opening of stdout.txt";
  if (const int error = open_output(command.stdout_path.c_str(), STDOUT_FILENO)) return error;
  failed_step = "opening of stderr.txt";
  if (const int error = open_output(command.stderr_path.c_str(), STDERR_FILENO)) return error;
  failed_step = "opening of /dev/null";
  if (dup2(surroundings.null_device, STDIN_FILENO) < 0) return errno;
  umask(022);
  failed_step = "change to its user";
  if (command.group >= 0) {
    const auto group = static_cast<gid_t>(command.group);
    if (setgroups(1, &group) != 0 || setgid(group) != 0) return errno;
  }
  if (command.user >= 0 && setuid(static_cast<uid_t>(command.user)) != 0) return errno;
  // Without a keeper nobody would hold its lease. A change of user takes this back, so it comes behind.
  if (command.lease_until_ms > 0) (void)prctl(PR_SET_PDEATHSIG, SIGKILL);

  for (const int number : {SIGPIPE, SIGCHLD, SIGTERM, SIGINT, SIGHUP}) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  failed_step = nullptr;
  return 0;
}

namespace {

struct Attempted {
  const StartCommand& command;
  const SpawnSurroundings& surroundings;
  char* const* arguments;
  char* const* environment;
  volatile int error = 0;  // written by the child, in the memory that is ours too
  const char* volatile failed_step = nullptr;
};

[[noreturn]] void become(Attempted& attempted) {
  const char* step = nullptr;
  attempted.error = settle_in(attempted.command, attempted.surroundings, step);
  attempted.failed_step = step;
  if (attempted.error == 0) {
    execve(attempted.command.program.c_str(), attempted.arguments, attempted.environment);
    attempted.error = errno;
  }
  _exit(127);
}

__attribute__((noinline)) pid_t vfork_and_become(Attempted& attempted) {
  const pid_t pid = vfork();
  if (pid == 0) become(attempted);
  return pid;
}

}  // namespace

Result<pid_t> spawn(const StartCommand& command, const SpawnSurroundings& surroundings) {
  const auto arguments = pointers(command.arguments);
  const auto environment = pointers(command.environment);
  Attempted attempted{command, surroundings, arguments.data(), environment.data()};
  const pid_t pid = vfork_and_become(attempted);
  if (pid < 0) {
    return Error{Code::exhausted, std::string("no process can be started: ") + strerror(errno), "CommandLaunchFailed"};
  }
  if (attempted.error == 0) return pid;

  waitpid(pid, nullptr, 0);
  const int error = attempted.error;
  if (attempted.failed_step != nullptr) {
    return Error{Code::unavailable, std::string(attempted.failed_step) + " failed: " + strerror(error),
                 error == ENOSPC ? "DiskFull" : "CommandLaunchFailed"};
  }
  const bool is_missing = error == ENOENT || error == ENOTDIR;
  return Error{is_missing ? Code::not_found : Code::denied,
               "program '" + command.program + "' cannot be run: " + strerror(error) +
                   (error == ENOEXEC ? " (a script needs a first line like #!/bin/sh)" : ""),
               is_missing ? "CommandProgramNotFound" : "CommandLaunchFailed"};
}

Result<pid_t> spawn_quietly(const std::vector<std::string>& arguments) {
  const auto words = pointers(arguments);
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  for (const int number : {0, 1, 2}) posix_spawn_file_actions_addopen(&files, number, "/dev/null", O_RDWR, 0);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, words[0], &files, &attributes, words.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return Error{Code::not_found, "'" + arguments[0] + "' cannot be run: " + strerror(error)};
  return pid;
}

}  // namespace scoria::node
