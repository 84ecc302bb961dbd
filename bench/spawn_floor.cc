// The floor under a batch system's tasks: N processes of one program by posix_spawn, `slots` at once, each with a folder, a standard output and a
// standard error file of its own, as a task has. Nothing is stored, retried or limited.
//
// usage: spawn_floor FOLDER N SLOTS PROGRAM [ARGUMENT...]      prints {"seconds": ..., "tasks": N}
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

extern char** environ;

namespace {

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

void start(const std::string& folder, int number, char** command) {
  const std::string task = folder + "/t" + std::to_string(number);
  const std::string work = task + "/wd";
  if (mkdir(task.c_str(), 0755) != 0 || mkdir(work.c_str(), 0755) != 0) fail(task.c_str());
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, (task + "/stdout.txt").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_addopen(&actions, 2, (task + "/stderr.txt").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_addchdir_np(&actions, work.c_str());
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t pid = 0;
  if (posix_spawn(&pid, command[0], &actions, &attributes, command, environ) != 0) fail(command[0]);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: spawn_floor FOLDER N SLOTS PROGRAM [ARGUMENT...]\n");
    return 2;
  }
  const std::string folder = argv[1];
  const int count = std::atoi(argv[2]);
  const int slots = std::atoi(argv[3]);
  if (mkdir(folder.c_str(), 0755) != 0) fail(folder.c_str());
  const auto begin = std::chrono::steady_clock::now();
  int started = 0;
  int running = 0;
  int failed = 0;
  while (started < count || running > 0) {
    while (started < count && running < slots) {
      start(folder, started++, argv + 4);
      ++running;
    }
    int status = 0;
    if (wait(&status) < 0) fail("wait");
    failed += static_cast<int>(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
    --running;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("{\"seconds\": %.6f, \"tasks\": %d, \"failed\": %d}\n", seconds, count, failed);
  return failed == 0 ? 0 : 1;
}
