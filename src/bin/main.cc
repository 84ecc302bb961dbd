// The program: builds what the commands run on, and is the border where exceptions end.
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <new>
#include <stop_token>
#include <string>
#include <thread>

#include "cli/command_line.h"
#include "cli/node_process.h"
#include "plan/tbb_executor.h"

namespace {

// Signals are taken by a thread of their own, so that stopping is an ordinary request and not code in a handler.
// A second one ends the program at once.
void watch_signals(const std::stop_source& stop) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([stop = stop, signals]() mutable {
    int signal = 0;
    sigwait(&signals, &signal);
    stop.request_stop();
    sigwait(&signals, &signal);
    _exit(128 + signal);
  }).detach();  // it waits for signals until the process ends; there is nothing to join
}

std::string join_arguments(int argc, const char* const* argv) {
  std::string line;
  for (int i = 0; i < argc; ++i) line += (i == 0 ? "" : " ") + std::string(argv[i]);
  return line;
}

// The command line, as a program of its own or as a task of the warm scorer.
int run(int argc, char** argv) {
  try {
    signal(SIGPIPE, SIG_IGN);  // a reader that goes away is an error of write(), with its own message
    std::stop_source stop;
    watch_signals(stop);
    if (const auto code = scoria::cli::run_agent_process(argc, argv, stop.get_token())) return *code;
    scoria::plan::TbbExecutor executor(0);
    return scoria::cli::run_command_line(argc, argv,
                                         {.executor = executor,
                                          .stop = stop.get_token(),
                                          .is_terminal = isatty(STDERR_FILENO) != 0,
                                          .command_line = join_arguments(argc, argv)});
  } catch (const std::bad_alloc&) {
    std::fputs("scoria: out of memory\n", stderr);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "scoria: a bug in scoria, please report it: %s\n", error.what());
  }
  return 70;
}

}  // namespace

int main(int argc, char** argv) {
  if (const auto code = scoria::cli::run_threadless_process(argc, argv, run)) return *code;
  return run(argc, argv);
}
