#include "standin/docker.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "node/azure_root.h"
#include "node/podman.h"

namespace scoria::standin {
namespace {

// Exit code of docker and podman for what is wrong with their own options. Source: docker-run(1), EXIT STATUS.
constexpr int kDockerFailed = 125;

// Options of `docker run` that take no value; all others do.
constexpr std::array<std::string_view, 14> kFlags{
    "detach",     "disable-content-trust", "help",  "init",      "interactive", "no-healthcheck", "oom-kill-disable",
    "privileged", "publish-all",           "quiet", "read-only", "rm",          "sig-proxy",      "tty"};

std::string long_name(char letter) {
  switch (letter) {
    case 'a': return "attach";
    case 'c': return "cpu-shares";
    case 'd': return "detach";
    case 'e': return "env";
    case 'h': return "hostname";
    case 'i': return "interactive";
    case 'l': return "label";
    case 'm': return "memory";
    case 'P': return "publish-all";
    case 'p': return "publish";
    case 'q': return "quiet";
    case 't': return "tty";
    case 'u': return "user";
    case 'v': return "volume";
    case 'w': return "workdir";
    default: return {};
  }
}

bool is_flag(std::string_view name) { return std::find(kFlags.begin(), kFlags.end(), name) != kFlags.end(); }

Error bad(std::string message) { return {Code::invalid, std::move(message)}; }

class OptionReader {
 public:
  explicit OptionReader(const std::vector<std::string>& words) : words_(words) {}

  // Up to the first word that is no option.
  Result<std::vector<DockerOption>> read() {
    for (; at_ < words_.size(); ++at_) {
      const std::string& word = words_[at_];
      if (word == "--") {
        ++at_;
        break;
      }
      if (word.size() < 2 || word[0] != '-') break;
      SCORIA_TRY_STATUS(word[1] == '-' ? read_long(word) : read_short(word));
    }
    return std::move(options_);
  }
  std::size_t at() const { return at_; }

 private:
  Status read_long(const std::string& word) {
    const std::size_t equals = word.find('=');
    std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
    if (name == "net") name = "network";
    if (equals != std::string::npos) return add(std::move(name), word.substr(equals + 1)), Ok{};
    if (is_flag(name)) return add(std::move(name), std::nullopt), Ok{};
    return add_with_next(std::move(name), word);
  }
  // "-it", "-v", "-eNAME=value"
  Status read_short(const std::string& word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      std::string name = long_name(word[i]);
      if (name.empty()) return bad("'" + word + "' is no option of docker run");
      if (is_flag(name)) {
        add(std::move(name), std::nullopt);
        continue;
      }
      if (i + 1 < word.size()) return add(std::move(name), word.substr(word[i + 1] == '=' ? i + 2 : i + 1)), Ok{};
      return add_with_next(std::move(name), word);
    }
    return Ok{};
  }
  Status add_with_next(std::string name, const std::string& word) {
    if (at_ + 1 == words_.size()) return bad("'" + word + "' needs a value");
    add(std::move(name), words_[++at_]);
    return Ok{};
  }
  void add(std::string name, std::optional<std::string> value) {
    DockerOption option{std::move(name), std::move(value)};
    if (std::find(options_.begin(), options_.end(), option) == options_.end()) options_.push_back(std::move(option));
  }

  const std::vector<std::string>& words_;
  std::size_t at_ = 0;
  std::vector<DockerOption> options_;
};

bool has(const DockerRun& run, std::string_view name) {
  return std::any_of(run.options.begin(), run.options.end(), [&](const auto& option) { return option.name == name; });
}

// What a subcommand other than run is about: the last word, mostly an image or a registry.
std::string last_word(const Call& call) { return call.arguments.size() > 1 ? call.arguments.back() : std::string(); }

int run_on_host(const Call& call, const HostRun& run) {
  const std::filesystem::path& root = call.place.root;
  for (const auto& setting : run.environment) {
    const std::size_t equals = setting.find('=');
    if (setenv(setting.substr(0, equals).c_str(), setting.c_str() + equals + 1, 1) != 0) {
      return fail(call, kDockerFailed, "'" + setting.substr(0, equals) + "' is no name of an environment variable");
    }
  }
  if (const Status rooted = node::become_rooted(root); !rooted.ok()) {
    (void)fail(call, 0, "the node's folder is not at " + std::string(node::kAzureRoot) + ": " + rooted.error().message);
  }
  if (!run.directory.empty() && chdir(run.directory.c_str()) != 0) {
    return fail(call, kDockerFailed, "the working directory '" + run.directory + "' is not there");
  }
  return become(run.command);
}

int run_image(const Call& call) {
  auto run = parse_docker_run({call.arguments.begin() + 1, call.arguments.end()});
  if (!run.ok()) return fail(call, kDockerFailed, run.error().message);
  const node::ContainerPlan plan = node::plan_image(run.value().image, call.place.containers);
  if (plan.is_host) {
    const auto host = host_run(run.value());
    return host.ok() ? run_on_host(call, host.value()) : fail(call, kDockerFailed, host.error().message);
  }
  const auto podman = node::podman_command(call.place.containers);
  if (!podman.ok()) {
    become_real(call);
    return fail(call, kDockerFailed, podman.error().message);
  }
  return become(podman_run(podman.value(), run.value(), plan.image, call.place));
}

}  // namespace

Result<DockerRun> parse_docker_run(const std::vector<std::string>& arguments) {
  OptionReader reader(arguments);
  DockerRun run;
  SCORIA_TRY(options, reader.read());
  run.options = std::move(options);
  if (reader.at() >= arguments.size()) return bad("docker run: no image is named");
  run.image = arguments[reader.at()];
  run.command.assign(arguments.begin() + static_cast<std::ptrdiff_t>(reader.at()) + 1, arguments.end());
  return run;
}

Result<HostRun> host_run(const DockerRun& run) {
  HostRun host;
  for (const auto& option : run.options) {
    const std::string value = option.value.value_or("");
    if (option.name == "detach" || option.name == "env-file") {
      return Error{Code::unsupported, "--" + option.name + " is not known where images run on the host"};
    }
    if (option.name == "env" && value.find('=') != std::string::npos && value[0] != '=') {
      host.environment.push_back(value);
    } else if (option.name == "workdir") {
      host.directory = value;
    } else if (option.name == "entrypoint" && !value.empty()) {
      host.command = {value};
    }
  }
  host.command.insert(host.command.end(), run.command.begin(), run.command.end());
  if (host.command.empty()) {
    return Error{Code::unsupported, "image '" + run.image +
                                        "' runs on the host, where its own command is not known: "
                                        "a command must stand behind it"};
  }
  return host;
}

std::vector<std::string> podman_run(const std::vector<std::string>& podman, const DockerRun& run,
                                    const std::string& image, const node::StandInPlace& place) {
  const std::string root = place.root.string();
  std::vector<std::string> line = podman;
  line.insert(line.end(), {"run", "--security-opt", "label=disable"});
  if (root != node::kAzureRoot) line.insert(line.end(), {"--volume", root + ":" + node::kAzureRoot});
  if (!has(run, "network")) line.emplace_back("--network=host");
  if (!has(run, "ulimit")) {
    const auto limits = node::limits_of_machine();
    line.insert(line.end(), limits.begin(), limits.end());
  }
  // A container of an earlier try may have been left under the name that scripts give it.
  if (has(run, "name")) line.emplace_back("--replace");
  line.insert(line.end(), place.containers.run_options.begin(), place.containers.run_options.end());
  for (const auto& option : run.options) {
    line.push_back("--" + option.name);
    if (option.value && is_flag(option.name)) {
      line.back() += "=" + *option.value;
    } else if (option.value) {
      line.push_back(*option.value);
    }
  }
  line.push_back(image);
  line.insert(line.end(), run.command.begin(), run.command.end());
  return line;
}

int docker(const Call& call) {
  const std::string verb = call.arguments.empty() ? "" : call.arguments[0];
  if (verb == "run") return run_image(call);
  const bool is_host = call.place.containers.mode == "host" ||
                       (verb == "pull" && node::plan_image(last_word(call), call.place.containers).is_host);
  if (!is_host) {
    auto podman = node::podman_command(call.place.containers);
    if (podman.ok()) {
      podman.value().insert(podman.value().end(), call.arguments.begin(), call.arguments.end());
      return become(podman.value());
    }
    become_real(call);
    return fail(call, kDockerFailed, podman.error().message);
  }
  if (verb == "pull" || verb == "login" || verb == "logout") {
    (void)fail(call, 0, verb + ": nothing to do, as images run on the host");
    return 0;
  }
  become_real(call);
  return fail(call, kDockerFailed, "'" + verb + "' is not known here; run, pull, login and logout are");
}

}  // namespace scoria::standin
