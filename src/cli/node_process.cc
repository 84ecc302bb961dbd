#include "cli/node_process.h"

#include <cstdio>
#include <string_view>

#include "base/log.h"
#include "node/agent.h"
#include "node/keeper.h"
#include "node/warm_scorer.h"
#include "server/agent_file.h"

namespace scoria::cli {

std::optional<int> run_threadless_process(int argc, char** argv, std::function<int(int argc, char** argv)> entry) {
  if (argc < 2) return std::nullopt;
  const std::string_view name = argv[1];
  if (name == "keeper") return node::keeper_main(argc, argv);
  if (name == "warm-scorer") return node::warm_scorer_main(argc, argv, std::move(entry));
  return std::nullopt;
}

std::optional<int> run_agent_process(int argc, char** argv, const std::stop_token& stop) {
  if (argc != 3 || std::string_view(argv[1]) != "agent") return std::nullopt;
  log::set_sink(
      [](log::Level, const std::string& line) {
        const std::string whole = line + "\n";
        std::fwrite(whole.data(), 1, whole.size(), stderr);
      },
      log::Level::info);
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
