#include "node/launch.h"

#include <sys/stat.h>
#include <cstdlib>

#include <algorithm>

#include "base/iso8601.h"
#include "node/members.h"
#include "node/resource_files.h"
#include "spec/command_line.h"

namespace scoria::node {
namespace {

constexpr std::string_view kSecret = "secret:";

spec::Failure failure_of(const Error& error, const char* fallback) {
  const std::string code = error.api_code.empty() ? fallback : error.api_code;
  const bool is_users = code == "CommandProgramNotFound" || code == "CommandLaunchFailed" ||
                        code == "ContainerInvalidSettings" || code == "ContainerInvalidImage" ||
                        code == "SecretNotFound";
  return {is_users ? "usererror" : "servererror", code, error.message, {}};
}

// Whoever meets "secret:NAME" asks the server; the answer lives as long as the call that uses it.
std::function<Result<std::string>(const std::string&)> revealer(Bench& bench) {
  return [&bench](const std::string& text) -> Result<std::string> {
    if (!text.starts_with(kSecret)) return text;
    const std::string name = text.substr(kSecret.size());
    auto secret = bench.server->secret(name);
    if (secret.ok()) return secret;
    const bool is_missing = secret.error().code == Code::not_found;
    return Error{secret.error().code, "secret '" + name + "': " + secret.error().message,
                 is_missing ? "SecretNotFound" : "SecretUnavailable"};
  };
}

}  // namespace

std::optional<std::int64_t> constraint_us(const spec::StartOrder& order, const char* name) {
  const auto* constraints = member(order.spec, "constraints");
  if (constraints == nullptr) return std::nullopt;
  const std::string text = text_of(*constraints, name);
  if (text.empty()) return std::nullopt;
  const auto duration = parse_duration(text);
  if (!duration.ok() || duration.value() == kForever) return std::nullopt;
  return duration.value().count();
}

Launcher::Launcher(const AgentConfig& config, FileCache& cache) : config_(config), cache_(cache) {
  place_.root = config.root;
  place_.pool = config.pool;
  place_.node = config.node;
  place_.account_name = config.account_name;
  place_.account_url = config.account_url;
  place_.is_dedicated = config.is_dedicated;
  place_.has_devices = !config.devices.empty();
  const char* own_path = std::getenv("PATH");
  if (!config.task_path.empty()) {
    place_.path = config.task_path;
  } else if (own_path != nullptr && *own_path != '\0') {
    place_.path = own_path;
  }
  place_.environment = config.task_environment;
}

std::string Launcher::container_name(const spec::StartOrder& order) const {
  return "scoria-" + config_.node + "-" + std::to_string(order.attempt);
}

bool Launcher::takes_long(const spec::StartOrder& order) const {
  const auto* files = member(order.spec, "resourceFiles");
  if (files != nullptr && !files->empty()) return true;
  if (const auto* container = member(order.spec, "containerSettings");
      container != nullptr && !plan_container(*container, config_.containers).is_host) {
    return true;
  }
  if (const auto* settings = member(order.spec, "environmentSettings"); settings != nullptr) {
    for (const auto& setting : *settings) {
      if (text_of(setting, "value").starts_with(kSecret)) return true;
    }
  }
  return false;
}

std::optional<spec::Failure> Launcher::prepare(const spec::StartOrder& order, Bench& bench, const Settings& settings,
                                               const std::atomic<bool>* is_cancelled) const {
  (void)settings;
  const auto* files = member(order.spec, "resourceFiles");
  if (files == nullptr || !files->is_array()) return std::nullopt;
  const FetchSurroundings surroundings{.web = bench.web,
                                       .cache = cache_,
                                       .working_directory = config_.root / order.directory / "wd",
                                       .blob_url = config_.blob_url,
                                       .reveal = revealer(bench),
                                       .is_cancelled = is_cancelled};
  return fetch_resource_files(*files, surroundings);
}

// Whether a command's program is this very program, so that the warm scorer is as good.
bool Launcher::is_ours(const std::string& program) const {
  struct stat theirs {
  }, ours{};
  return stat(program.c_str(), &theirs) == 0 && stat("/proc/self/exe", &ours) == 0 && theirs.st_dev == ours.st_dev &&
         theirs.st_ino == ours.st_ino;
}

std::variant<Launch, spec::Failure> Launcher::launch(const spec::StartOrder& order, Bench* bench,
                                                     const std::atomic<bool>* is_cancelled) const {
  if (const auto made = make_task_folders(config_.root, order.directory); !made.ok()) {
    return failure_of(made.error(), "ResourceDirectoryCreateFailed");
  }
  Settings settings;
  if (const auto* list = member(order.spec, "environmentSettings"); list != nullptr && list->is_array()) {
    for (const auto& setting : *list) {
      std::string value = text_of(setting, "value");
      if (value.starts_with(kSecret)) {
        auto secret = revealer(*bench)(value);
        if (!secret.ok()) return failure_of(secret.error(), "Unknown");
        value = std::move(secret).value();
      }
      settings.emplace_back(text_of(setting, "name"), std::move(value));
    }
  }
  if (bench != nullptr) {
    if (auto failed = prepare(order, *bench, settings, is_cancelled)) return std::move(*failed);
  }

  Launch launch;
  StartCommand& command = launch.command;
  const std::string task = (config_.root / order.directory).string();
  command.attempt = order.attempt;
  command.environment = task_environment(place_, order, settings);
  command.directory = task + "/wd";
  command.stdout_path = task + "/stdout.txt";
  command.stderr_path = task + "/stderr.txt";
  command.wall_limit_ms = constraint_us(order, "maxWallClockTime").value_or(0) / 1000;
  command.grace_ms = config_.kill_grace.count();
  command.note = note_of(order);
  if (order.slots > 0 && (config_.limit_memory || config_.use_cgroups)) {
    const auto share = static_cast<std::uint64_t>(std::min(order.slots, config_.slots));
    if (config_.limit_memory) {
      command.memory_limit_bytes = config_.memory_bytes / static_cast<std::uint64_t>(config_.slots) * share;
    }
    if (config_.use_cgroups)
      command.cpu_weight = static_cast<std::uint32_t>(std::min<std::uint64_t>(10'000, 100 * share));
  }

  const std::string line = text_of(order.spec, "commandLine");
  const auto* container = member(order.spec, "containerSettings");
  const ContainerPlan plan = container == nullptr ? ContainerPlan{.is_host = true, .image = {}}
                                                  : plan_container(*container, config_.containers);
  if (line.find_first_not_of(" \t\r\n") != std::string::npos) {
    auto words = spec::split_command_line(line);
    if (!words.ok()) return failure_of({Code::invalid, words.error().message, "CommandLaunchFailed"}, "");
    command.arguments = std::move(words).value();
  } else if (plan.is_host) {
    return failure_of({Code::invalid, "the task has no command line", "CommandLaunchFailed"}, "");
  }

  if (!plan.is_host) {
    const auto podman = find_podman();
    if (!podman.ok()) return failure_of(podman.error(), "");
    const auto image =
        ensure_image(podman.value(), plan.image, *container, config_.private_folder, revealer(*bench), is_cancelled);
    if (!image.ok()) return failure_of(image.error(), "ContainerInvalidImage");
    launch.container = container_name(order);
    auto words = container_command(podman.value(), launch.container, plan.image, *container, config_.containers,
                                   config_.root, command.directory, command.environment, command.arguments);
    if (!words.ok()) return failure_of(words.error(), "");
    command.arguments = std::move(words).value();
    command.program = podman.value();
    return launch;
  }

  const auto path = find_setting(command.environment, "PATH");
  auto program = find_program(command.arguments[0], path.value_or(""), command.directory);
  // Ours needs no place in PATH: the node is made of it.
  const bool is_bare_scoria = !program.ok() && command.arguments[0] == "scoria" && !config_.warm_command.empty();
  if (is_bare_scoria) program = std::string("/proc/self/exe");
  if (!program.ok()) return failure_of(program.error(), "");
  command.program = std::move(program).value();
  if (!config_.warm_command.empty() && command.arguments.size() > 1 &&
      (command.arguments[1] == "score" || command.arguments[1] == "run")) {
    command.is_warm = is_bare_scoria || is_ours(command.program);
  }
  return launch;
}

bool Launcher::has_outputs(const spec::StartOrder& order, bool has_succeeded) {
  const auto* files = member(order.spec, "outputFiles");
  return files != nullptr && wants_upload(*files, has_succeeded);
}

UploadResult Launcher::upload(const spec::StartOrder& order, bool has_succeeded, Bench& bench,
                              const std::atomic<bool>* is_cancelled) const {
  Settings settings;
  if (const auto* list = member(order.spec, "environmentSettings"); list != nullptr && list->is_array()) {
    for (const auto& setting : *list) {
      // A secret is nothing to name files by.
      std::string value = text_of(setting, "value");
      if (!value.starts_with(kSecret)) settings.emplace_back(text_of(setting, "name"), std::move(value));
    }
  }
  const UploadSurroundings surroundings{.web = bench.web,
                                        .server = *bench.server,
                                        .task_directory = config_.root / order.directory,
                                        .environment = task_environment(place_, order, settings),
                                        .attempt = order.attempt,
                                        .has_succeeded = has_succeeded,
                                        .reveal = revealer(bench),
                                        .is_cancelled = is_cancelled};
  return upload_output_files(*member(order.spec, "outputFiles"), surroundings);
}

std::string Launcher::note_of(const spec::StartOrder& order) {
  spec::StartOrder kept = order;
  kept.token.clear();
  kept.spec = spec::Json::object();
  const auto* files = member(order.spec, "outputFiles");
  if (files != nullptr && !files->empty()) {
    kept.spec["outputFiles"] = *files;
    if (const auto* settings = member(order.spec, "environmentSettings"); settings != nullptr) {
      kept.spec["environmentSettings"] = *settings;
    }
  }
  if (const auto* container = member(order.spec, "containerSettings"); container != nullptr) {
    kept.spec["containerSettings"] = {{"imageName", text_of(*container, "imageName")}};
  }
  if (const auto* constraints = member(order.spec, "constraints"); constraints != nullptr) {
    kept.spec["constraints"] = *constraints;
  }
  spec::SyncReply reply;
  reply.start.push_back(std::move(kept));
  return spec::to_text(reply);
}

Result<spec::StartOrder> Launcher::read_note(const std::string& note) {
  SCORIA_TRY(reply, spec::parse_sync_reply(note));
  if (reply.start.size() != 1) return Error{Code::corrupt, "the keeper's note of an attempt holds no order"};
  return std::move(reply.start[0]);
}

}  // namespace scoria::node
