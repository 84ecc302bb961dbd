#include "node/launch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/iso8601.h"
#include "base/log.h"
#include "node/azure_root.h"
#include "node/descriptor.h"
#include "node/images.h"
#include "node/members.h"
#include "node/resource_files.h"
#include "node/warm_task.h"
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

// With Azure's own words for what clients look at first.
spec::Failure container_failure(const Error& error, const std::string& image) {
  spec::Failure failure = failure_of(error, "ContainerInvalidImage");
  if (failure.code == "ContainerInvalidImage") {
    failure.message = "One or more container images specified are invalid: " + error.message;
    failure.details = {{"ContainerImage", image}, {"Message", error.message}};
  } else if (failure.code == "ContainerInvalidSettings") {
    failure.message = "At least one value of specified task container settings is invalid: " + error.message;
    failure.details = {{"Message", error.message}};
  }
  return failure;
}

std::vector<spec::Json> list_of(const spec::Json* list) {
  return list != nullptr && list->is_array() ? list->get<std::vector<spec::Json>>() : std::vector<spec::Json>();
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
  place_.slots = config.slots;
  place_.cores = config.cores;
  const char* own_path = std::getenv("PATH");
  if (!config.task_path.empty()) {
    place_.path = config.task_path;
  } else if (own_path != nullptr && *own_path != '\0') {
    place_.path = own_path;
  }
  place_.environment = config.task_environment;
  package_sets_ = std::make_unique<PackageSets>("/proc/self/exe", config.root.parent_path() / ".package-sets");
}

std::string Launcher::container_name(const spec::StartOrder& order) const {
  // Two servers of one machine may have nodes, and attempts, of the same names.
  std::uint64_t mark = 14695981039346656037u;  // FNV-1a
  for (const char c : config_.root.string()) mark = (mark ^ static_cast<unsigned char>(c)) * 1099511628211u;
  char text[17];
  (void)snprintf(text, sizeof text, "%08x", static_cast<unsigned>(mark ^ (mark >> 32)));
  return "scoria-" + config_.node + "-" + std::to_string(order.attempt) + "-" + text;
}

bool Launcher::takes_long(const spec::StartOrder& order) const {
  if (order.kind == spec::RunKind::images) return true;
  const auto* files = member(order.spec, "resourceFiles");
  if (files != nullptr && !files->empty()) return true;
  if (const auto* container = member(order.spec, "containerSettings");
      container != nullptr && !plan_container(*container, config_.containers).is_host) {
    return true;
  }
  if (const auto* settings = member(order.spec, "environmentSettings"); settings != nullptr) {
    for (const auto& setting : *settings) {
      if (text_of(setting, "value").starts_with(kSecret)) return true;
      if (text_of(setting, "name") == kPackageSet && !package_sets_->find(text_of(setting, "value"))) return true;
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
  set_limits(order, command);

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
    const bool has_own_path = std::any_of(settings.begin(), settings.end(), [](auto& s) { return s.first == "PATH"; });
    const bool has_own_home = std::any_of(settings.begin(), settings.end(), [](auto& s) { return s.first == "HOME"; });
    launch.container = container_name(order);
    const ContainerRun run{.name = launch.container,
                           .image = plan.image,
                           .root = config_.root,
                           .working_directory = command.directory,
                           .environment = command.environment,
                           .has_own_path = has_own_path,
                           .has_own_home = has_own_home,
                           .command = command.arguments,
                           .memory_limit_bytes = command.memory_limit_bytes,
                           .cpu_weight = command.cpu_weight};
    const auto put = put_into_container(order, run, *bench, is_cancelled, command);
    if (!put.ok()) return container_failure(put.error(), plan.image);
    return launch;
  }

  if (auto refused = add_package_set(command, is_cancelled)) return std::move(*refused);
  const auto path = find_setting(command.environment, "PATH");
  auto program = find_program(command.arguments[0], path.value_or(""), command.directory);
  // Ours needs no place in PATH: the node is made of it.
  const bool is_bare_scoria = !program.ok() && command.arguments[0] == "scoria" && !config_.warm_command.empty();
  if (is_bare_scoria) program = std::string("/proc/self/exe");
  if (!program.ok()) return failure_of(program.error(), "");
  command.program = std::move(program).value();
  if (!config_.warm_command.empty() && may_be_warm(command.arguments) && (is_bare_scoria || is_ours(command.program))) {
    warm_up(command, config_.warm_command, config_.private_folder);
  }
  if (!command.is_warm && wants_azure_root(order)) {
    command.arguments = rooted_command(config_.program, config_.root, command.program, command.arguments);
    command.program = config_.program;
  }
  return launch;
}

std::optional<spec::Failure> Launcher::add_package_set(StartCommand& command,
                                                       const std::atomic<bool>* is_cancelled) const {
  const auto named = find_setting(command.environment, kPackageSet);
  if (!named || named->empty()) return std::nullopt;
  const std::string path(find_setting(command.environment, "PATH").value_or(""));
  const auto setting = package_sets_->ensure(std::string(*named), command.directory, path, is_cancelled);
  if (!setting.ok()) return spec::Failure{"usererror", setting.error().api_code, setting.error().message, {}};
  prepend_setting(command.environment, setting.value());
  return std::nullopt;
}

bool Launcher::wants_azure_root(const spec::StartOrder& order) const {
  // Clients that use containers install into the node's folder from start and preparation tasks. All others are spared the price of a
  // second program.
  return member(order.spec, "containerSettings") != nullptr ||
         (config_.containers.mode == "host" && order.kind != spec::RunKind::task);
}

void Launcher::set_limits(const spec::StartOrder& order, StartCommand& command) const {
  if (order.slots == 0) return;
  const auto share = static_cast<std::uint64_t>(std::min(order.slots, config_.slots));
  if (config_.limit_memory) {
    command.memory_limit_bytes = config_.memory_bytes / static_cast<std::uint64_t>(config_.slots) * share;
  }
  if (config_.use_cgroups) {
    command.cpu_weight = static_cast<std::uint32_t>(std::min<std::uint64_t>(10'000, 100 * share));
  }
}

Status Launcher::put_into_container(const spec::StartOrder& order, ContainerRun run, Bench& bench,
                                    const std::atomic<bool>* is_cancelled, StartCommand& command) const {
  SCORIA_TRY(podman, podman_command(config_.containers));
  const auto& settings = *member(order.spec, "containerSettings");
  // The pool's registries, then the task's own.
  std::vector<spec::Json> registries = list_of(member(order.spec, "containerRegistries"));
  if (const auto* own = member(settings, "registry"); own != nullptr) registries.push_back(*own);
  const ImageSource source{.podman = podman,
                           .private_folder = config_.private_folder,
                           .reveal = revealer(bench),
                           .is_cancelled = is_cancelled};
  SCORIA_TRY(image, ensure_image(source, run.image, registries));
  run.image = image;
  SCORIA_TRY(made, container_command(podman, run, settings, config_.containers));
  command.program = podman[0];
  command.arguments = std::move(made.arguments);
  command.environment = std::move(made.environment);
  command.cleanup = removal_command(podman, run.name);
  // The container's, not those of podman beside it.
  command.memory_limit_bytes = 0;
  command.cpu_weight = 0;
  return Ok{};
}

std::optional<spec::Failure> Launcher::fetch_images(const spec::StartOrder& order, Bench& bench,
                                                    const std::atomic<bool>* is_cancelled) const {
  const auto podman = podman_command(config_.containers);
  const auto registries = list_of(member(order.spec, "containerRegistries"));
  for (const auto& name : list_of(member(order.spec, "containerImageNames"))) {
    const ContainerPlan plan =
        plan_image(name.is_string() ? name.get<std::string>() : std::string(), config_.containers);
    if (plan.is_host) continue;
    if (!podman.ok()) {
      // Tasks without containers run nevertheless; those with one are told.
      log::warn("images_not_fetched", {{"node", config_.node}, {"error", podman.error().message}});
      return std::nullopt;
    }
    const ImageSource source{.podman = podman.value(),
                             .private_folder = config_.private_folder,
                             .reveal = revealer(bench),
                             .is_cancelled = is_cancelled};
    const auto image = ensure_image(source, plan.image, registries);
    if (!image.ok()) return container_failure(image.error(), plan.image);
  }
  return std::nullopt;
}

std::optional<spec::Failure> Launcher::container_refused(const spec::StartOrder& order, int exit_code) const {
  // podman-run(1), EXIT STATUS. A task may end with these, too, but does not then say its last word in podman's voice.
  if (exit_code < 125 || exit_code > 127) return std::nullopt;
  const auto path = config_.root / order.directory / "stderr.txt";
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status {};
  if (!file.is_open() || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  std::string text(4096, '\0');
  const off_t from = std::max<off_t>(0, status.st_size - static_cast<off_t>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, pread(file.get(), text.data(), text.size(), from))));
  const std::size_t said = text.rfind("Error: ");
  if (said == std::string::npos || (said > 0 && text[said - 1] != '\n')) return std::nullopt;
  const std::string why = text.substr(said + 7, std::min<std::size_t>(text.find('\n', said), said + 507) - said - 7);
  if (exit_code == 125) return container_failure({Code::invalid, why, "ContainerInvalidSettings"}, "");
  const char* code = exit_code == 127 ? "CommandProgramNotFound" : "CommandLaunchFailed";
  return spec::Failure{"usererror", code, "the container's command cannot be run: " + why, {{"Message", why}}};
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
