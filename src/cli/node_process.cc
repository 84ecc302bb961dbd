#include "cli/node_process.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string_view>

#include "base/log.h"
#include "node/agent.h"
#include "node/azure_root.h"
#include "node/keeper.h"
#include "node/warm_scorer.h"
#include "server/agent_file.h"
#include "standin/stand_in.h"
#include "worker/processes.h"

namespace scoria::cli {

std::optional<int> run_threadless_process(int argc, char** argv, std::function<int(int argc, char** argv)> entry) {
  if (argc < 2) return std::nullopt;
  const std::string_view name = argv[1];
  if (name == "keeper") return node::keeper_main(argc, argv);
  if (name == "warm-scorer") {
    // A keeper from before there were templates hands everything warm to its scorer.
    return node::warm_scorer_main(argc, argv, [entry = std::move(entry)](int count, char** words) {
      if (const auto code = worker::run_worker_process(count, words)) return *code;
      return entry(count, words);
    });
  }
  if (name == "azure-root") return node::azure_root_main(argc, argv);
  if (name == "stand-in") return standin::stand_in_main(argc, argv);
  return worker::run_worker_process(argc, argv);
}

namespace {

// The server says on our standard input when it has written down who we are (pool/local.h). Were we to begin without, and it died, the next server
// would start another agent of the same node.
bool is_told_to_begin() {
  char byte = 0;
  ssize_t got = 0;
  do got = read(STDIN_FILENO, &byte, 1);
  while (got < 0 && errno == EINTR);
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing > STDIN_FILENO) {
    dup2(nothing, STDIN_FILENO);
    close(nothing);
  }
  return got == 1;
}

}  // namespace

std::optional<int> run_agent_process(int argc, char** argv, const std::stop_token& stop) {
  if (argc != 3 || std::string_view(argv[1]) != "agent") return std::nullopt;
  log::set_sink(
      [](log::Level, const std::string& line) {
        const std::string whole = line + "\n";
        std::fwrite(whole.data(), 1, whole.size(), stderr);
      },
      log::Level::info);
  if (!is_told_to_begin()) {
    std::fprintf(stderr, "scoria agent: the server that started it ended before it could say so\n");
    return 1;
  }
  auto config = server::read_agent_file(argv[2]);
  if (!config.ok()) {
    std::fprintf(stderr, "scoria agent: %s\n", config.error().message.c_str());
    return 2;
  }
  const auto end = node::run_agent(std::move(config).value(), stop);
  if (end.ok()) return 0;
  std::fprintf(stderr, "scoria agent: %s\n", end.error().message.c_str());
  return 1;
}

}  // namespace scoria::cli
