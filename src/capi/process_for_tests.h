// What a test asks of its own process: how many threads there are, and what happens in a child.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <limits>
#include <thread>

namespace scoria::capi {

// The fewest within 20 ms: a thread that was joined is shown a little longer.
inline std::size_t threads_of_this_process() {
  std::size_t fewest = std::numeric_limits<std::size_t>::max();
  for (int look = 0; look < 20; ++look) {
    const auto shown =
        std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator());
    fewest = std::min(fewest, static_cast<std::size_t>(shown));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return fewest;
}

// ThreadSanitizer ends a process that starts threads after a fork: nothing can be learnt there.
#ifdef __SANITIZE_THREAD__
constexpr bool kThreadsMayFollowAFork = false;
#else
constexpr bool kThreadsMayFollowAFork = true;
#endif

// The exit status of body() in a child, which is killed (a negative status) when it takes longer than a minute.
template <typename Body>
int in_child(const Body& body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    int status = 99;
    try {
      status = body();
    } catch (...) {
      status = 98;
    }
    _exit(status);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return -1000;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace scoria::capi
