#include "node/warm_scorer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <exception>

#include "node/template_server.h"

namespace scoria::node {
namespace {

[[noreturn]] void become(const StartCommand& command, const ScorerConfig& config) {
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

Status run_warm_scorer(const ScorerConfig& config) {
  if (config.warm_up) config.warm_up();
  auto child = serve_forks(config.descriptor);
  if (!child.ok()) return std::move(child).error();
  if (child.value()) become(*child.value(), config);
  return Ok{};
}

int warm_scorer_main(int argc, char** argv, std::function<int(int argc, char** argv)> entry) {
  ScorerConfig config{.entry = std::move(entry)};
  if (argc == 4 && strcmp(argv[2], "--fd") == 0) config.descriptor = atoi(argv[3]);
  const auto status = run_warm_scorer(config);
  if (status.ok()) return 0;
  (void)fprintf(stderr, "scoria: %s\n", status.error().message.c_str());
  return 1;
}

}  // namespace scoria::node
