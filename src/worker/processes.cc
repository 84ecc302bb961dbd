#include "worker/processes.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "node/warm_task.h"
#include "worker/host.h"
#include "worker/kit.h"

namespace scoria::worker {
namespace {

constexpr int kBadUsage = 2;
constexpr int kNotFound = 127;

constexpr const char* kCallHelp =
    "Runs a script as %s would: same output, exit code and environment. As a task's command line it runs in a copy of "
    "a process that has\n"
    "%s in memory already.\n\n"
    "usage: scoria %s [--preload PACKAGE,...] FILE [ARGUMENT...]\n\n"
    "  --preload PACKAGE,...  what that process shall have loaded; a task that needs it starts without loading it\n"
    "  FILE                   %s\n";

int fail(const char* name, const Error& error, int code) {
  (void)fprintf(stderr, "scoria %s: %s\n", name, error.message.c_str());
  return code;
}

// Does not return, unless it cannot.
int become(const char* name, std::vector<std::string> arguments) {
  std::vector<char*> pointers;
  for (auto& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  execv(pointers[0], pointers.data());
  return fail(name, {Code::unavailable, "'" + arguments[0] + "' cannot be run: " + strerror(errno)}, kNotFound);
}

std::string_view own_path() {
  const char* path = getenv("PATH");
  return path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
}

Result<Kit> kit_of_user() {
  SCORIA_TRY(own, own_folder());
  return place_kit(kit_folders(own));
}

int call(const char* name, Runtime runtime, const std::vector<std::string>& words) {
  const bool is_r = runtime == Runtime::r;
  if (words.empty() || words[0] == "--help" || words[0] == "-h") {
    (void)fprintf(words.empty() ? stderr : stdout, kCallHelp, is_r ? "Rscript" : "python3", is_r ? "R" : "Python", name,
                  is_r ? "an R script" : "a Python script; or -m MODULE, or -c CODE");
    return words.empty() ? kBadUsage : 0;
  }
  auto line = node::read_warm_words(is_r ? "call-r" : "call-py", words);
  if (!line.ok()) return fail(name, line.error(), kBadUsage);
  const auto program = find_runtime(runtime, own_path());
  if (!program.ok()) return fail(name, program.error(), kNotFound);
  if (!line.value().is_plain_script) {  // options of Rscript or python, which are theirs to understand
    std::vector<std::string> arguments{program.value()};
    arguments.insert(arguments.end(), line.value().words.begin(), line.value().words.end());
    return become(name, std::move(arguments));
  }
  const auto kit = kit_of_user();
  if (!kit.ok()) return fail(name, kit.error(), 1);
  return become(name, script_arguments(runtime, kit.value(), program.value(), line.value().words));
}

// worker-template RUNTIME KIT_FOLDER PRELOAD --fd N
int become_template(const std::vector<std::string>& words) {
  constexpr const char* kName = "worker-template";
  if (words.size() != 5 || words[3] != "--fd") {
    return fail(kName, {Code::invalid, "usage: scoria worker-template RUNTIME FOLDER PRELOAD --fd N"}, kBadUsage);
  }
  const auto runtime = runtime_named(words[0]);
  if (!runtime.ok()) return fail(kName, runtime.error(), kBadUsage);
  const auto program = find_runtime(runtime.value(), own_path());
  if (!program.ok()) return fail(kName, program.error(), kNotFound);
  const auto kit = place_kit({words[1]});
  if (!kit.ok()) return fail(kName, kit.error(), 1);
  (void)!chdir("/");  // not where the server was started: R would read a profile there
  return become(kName, template_arguments(runtime.value(), kit.value(), program.value(), atoi(words[4].c_str()),
                                          words[2] == "-" ? "" : words[2]));
}

// workers serve SOCKET READY_FD
int serve(const std::vector<std::string>& words) {
  if (words.size() != 3)
    return fail("workers", {Code::invalid, "usage: scoria workers serve SOCKET READY_FD"}, kBadUsage);
  HostConfig config;
  config.socket = words[1];
  config.folder = config.socket.parent_path();
  config.ready_descriptor = atoi(words[2].c_str());
  const Status status = run_host(std::move(config));
  return status.ok() ? 0 : fail("workers", status.error(), 1);
}

}  // namespace

std::optional<int> run_worker_process(int argc, char** argv) {
  if (argc < 2) return std::nullopt;
  const std::string_view name = argv[1];
  const std::vector<std::string> words(argv + 2, argv + argc);
  if (name == "call-r") return call("call-r", Runtime::r, words);
  if (name == "call-py") return call("call-py", Runtime::python, words);
  if (name == "worker-template") return become_template(words);
  if (name == "workers" && !words.empty() && words[0] == "serve") return serve(words);
  return std::nullopt;
}

}  // namespace scoria::worker
