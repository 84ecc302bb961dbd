#include <stdio.h>

#include <charconv>

#include "node/keeper.h"

namespace scoria::node {

std::vector<std::string> keeper_arguments(const KeeperConfig& config) {
  std::vector<std::string> arguments{"--private",      config.private_folder.string(),
                                     "--root",         config.root.string(),
                                     "--idle-exit-ms", std::to_string(config.idle_exit.count())};
  if (config.ready_descriptor >= 0) {
    arguments.insert(arguments.end(), {"--ready-fd", std::to_string(config.ready_descriptor)});
  }
  if (config.detach) arguments.emplace_back("--detach");
  if (config.use_cgroups) arguments.insert(arguments.end(), {"--cgroup", config.cgroup_name});
  for (const auto& word : config.warm_command) arguments.insert(arguments.end(), {"--warm", word});
  return arguments;
}

Result<KeeperConfig> read_keeper_arguments(const std::vector<std::string>& arguments) {
  KeeperConfig config;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    if (name == "--detach") {
      config.detach = true;
      continue;
    }
    if (i + 1 == arguments.size()) return Error{Code::invalid, "keeper: '" + name + "' needs a value, or is unknown"};
    const std::string& value = arguments[++i];
    std::int64_t number = 0;
    const auto is_number = [&] {
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
      return error == std::errc{} && end == value.data() + value.size() && number >= 0;
    };
    if (name == "--private") {
      config.private_folder = value;
    } else if (name == "--root") {
      config.root = value;
    } else if (name == "--cgroup") {
      config.use_cgroups = true;
      config.cgroup_name = value;
    } else if (name == "--warm") {
      config.warm_command.push_back(value);
    } else if (name == "--ready-fd" && is_number() && number < 1 << 20) {
      config.ready_descriptor = static_cast<int>(number);
    } else if (name == "--idle-exit-ms" && is_number()) {
      config.idle_exit = std::chrono::milliseconds(number);
    } else {
      return Error{Code::invalid, "keeper: '" + name + " " + value + "' is no argument of it"};
    }
  }
  if (config.private_folder.empty()) return Error{Code::invalid, "keeper: --private FOLDER is missing"};
  return config;
}

int keeper_main(int argc, char** argv) {
  std::vector<std::string> arguments;
  for (int i = 2; i < argc; ++i) arguments.emplace_back(argv[i]);
  auto config = read_keeper_arguments(arguments);
  const Status status = config.ok() ? run_keeper(std::move(config).value()) : Status(std::move(config).error());
  if (status.ok()) return 0;
  (void)fprintf(stderr, "scoria: %s\n", status.error().message.c_str());
  return status.error().code == Code::invalid ? 2 : 1;
}

}  // namespace scoria::node
