#include "node/podman.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "auth/shared_key.h"
#include "node/descriptor.h"
#include "node/keeper_protocol.h"
#include "node/members.h"
#include "node/task_folders.h"
#include "spec/command_line.h"
#include "spec/json_text.h"

namespace scoria::node {
namespace {

constexpr std::size_t kKeptOutput = 64u << 10;

Error settings_error(std::string message) { return {Code::invalid, std::move(message), "ContainerInvalidSettings"}; }

// A file that only we may read, for the length of one pull.
class AuthFile {
 public:
  AuthFile(const std::filesystem::path& folder, std::string_view server, std::string_view user,
           std::string_view password)
      : path_((folder / ("registry." + random_id())).string()) {
    const std::string entry = auth::base64(std::string(user) + ":" + std::string(password));
    const std::string text = spec::json_text({{"auths", {{std::string(server), {{"auth", entry}}}}}});
    const Descriptor file(open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    is_written_ = file.is_open() && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  }
  ~AuthFile() { (void)unlink(path_.c_str()); }
  AuthFile(const AuthFile&) = delete;
  AuthFile& operator=(const AuthFile&) = delete;
  const std::string& path() const { return path_; }
  bool is_written() const { return is_written_; }

 private:
  std::string path_;
  bool is_written_ = false;
};

std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of(" \n\r\t");
  if (end == std::string::npos) return "it said nothing";
  const std::size_t begin = text.rfind('\n', end);
  return text.substr(begin == std::string::npos ? 0 : begin + 1, std::min<std::size_t>(end - (begin + 1) + 1, 500));
}

}  // namespace

ContainerPlan plan_container(const spec::Json& settings, const ContainerConfig& config) {
  ContainerPlan plan{.is_host = config.mode == "host", .image = text_of(settings, "imageName")};
  const auto alias = config.images.find(plan.image);
  if (alias != config.images.end()) {
    if (alias->second == "host")
      plan.is_host = true;
    else
      plan.image = alias->second;
  }
  return plan;
}

Result<std::string> find_podman() {
  const char* path = getenv("PATH");
  auto found = find_program("podman", path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin", "/");
  if (!found.ok()) {
    return Error{
        Code::not_found,
        "the task asks for a container, and this node has no podman; install it, or set `containers: host` (or "
        "`images: {NAME: host}`) in the server's configuration to run such tasks as plain processes",
        "ContainerInvalidSettings"};
  }
  return found;
}

Result<ProgramOutcome> run_program(const std::vector<std::string>& arguments, const std::vector<std::string>& extra,
                                   std::chrono::seconds timeout, const std::atomic<bool>* is_cancelled) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Error{Code::unavailable, std::string("no pipe: ") + strerror(errno)};
  const Descriptor out(ends[0]);
  Descriptor in(ends[1]);
  std::vector<char*> argv, envp;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));  // NOLINT: spawn's type
  argv.push_back(nullptr);
  for (char** setting = environ; *setting != nullptr; ++setting) envp.push_back(*setting);
  for (const auto& setting : extra) envp.push_back(const_cast<char*>(setting.c_str()));  // NOLINT: spawn's type
  envp.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, in.get(), 1);
  posix_spawn_file_actions_adddup2(&files, in.get(), 2);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, arguments[0].c_str(), &files, &attributes, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return Error{Code::not_found, "'" + arguments[0] + "' cannot be run: " + strerror(error)};
  in.reset();

  ProgramOutcome outcome;
  const std::int64_t deadline = steady_now_ms() + std::chrono::milliseconds(timeout).count();
  bool is_given_up = false;
  for (;;) {
    pollfd waiting{.fd = out.get(), .events = POLLIN, .revents = 0};
    const int ready = poll(&waiting, 1, 200);
    if (ready > 0) {
      char buffer[8192];
      const ssize_t size = read(out.get(), buffer, sizeof buffer);
      if (size <= 0) break;
      outcome.output.append(buffer, static_cast<std::size_t>(size));
      if (outcome.output.size() > 2 * kKeptOutput) outcome.output.erase(0, outcome.output.size() - kKeptOutput);
    }
    if (steady_now_ms() > deadline || (is_cancelled != nullptr && *is_cancelled)) {
      is_given_up = true;
      (void)kill(-pid, SIGKILL);
      break;
    }
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (is_given_up) return Error{Code::deadline, "'" + arguments[0] + "' was ended: it took too long, or the task was"};
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

Status ensure_image(const std::string& podman, const std::string& image, const spec::Json& settings,
                    const std::filesystem::path& private_folder,
                    const std::function<Result<std::string>(const std::string&)>& reveal,
                    const std::atomic<bool>* is_cancelled) {
  if (image.empty() || image.starts_with('-'))
    return settings_error("containerSettings.imageName is empty or an option");
  auto here = run_program({podman, "image", "exists", image}, {}, std::chrono::seconds(60), is_cancelled);
  if (here.ok() && here.value().exit_code == 0) return Ok{};

  std::vector<std::string> pull{podman, "pull", "--quiet"};
  std::optional<AuthFile> auth_file;
  const auto registry = settings.find("registry");
  if (registry != settings.end() && registry->is_object() && !text_of(*registry, "username").empty()) {
    SCORIA_TRY(password, reveal(text_of(*registry, "password")));
    std::string server = text_of(*registry, "registryServer");
    if (server.empty()) server = "docker.io";
    auth_file.emplace(private_folder, server, text_of(*registry, "username"), password);
    if (!auth_file->is_written())
      return Error{Code::unavailable, "registry's credentials cannot be written for podman"};
    pull.insert(pull.end(), {"--authfile", auth_file->path()});
  }
  if (image.starts_with("localhost:") || image.starts_with("127.0.0.1:")) pull.emplace_back("--tls-verify=false");
  pull.push_back(image);
  auto pulled = run_program(pull, {}, std::chrono::minutes(30), is_cancelled);
  if (!pulled.ok()) return Error{pulled.error().code, pulled.error().message, "ContainerInvalidImage"};
  if (pulled.value().exit_code != 0) {
    return Error{Code::not_found, "image '" + image + "' cannot be fetched: " + last_line(pulled.value().output),
                 "ContainerInvalidImage"};
  }
  return Ok{};
}

Result<std::vector<std::string>> container_command(const std::string& podman, const std::string& name,
                                                   const std::string& image, const spec::Json& settings,
                                                   const ContainerConfig& config, const std::filesystem::path& root,
                                                   const std::string& working_directory,
                                                   const std::vector<std::string>& environment,
                                                   const std::vector<std::string>& command) {
  std::vector<std::string> line{podman, "run", "--rm", "--name", name, "--pull=never", "--network=host"};
  line.insert(line.end(), config.run_options.begin(), config.run_options.end());
  line.insert(line.end(), {"--volume", root.string() + ":" + root.string()});
  for (const auto& setting : environment) {
    const std::string variable = setting.substr(0, setting.find('='));
    // The image's own PATH and HOME hold where its programs are.
    if (variable != "PATH" && variable != "HOME") line.insert(line.end(), {"--env", variable});
  }
  if (text_of(settings, "workingDirectory") != "containerImageDefault") {
    line.insert(line.end(), {"--workdir", working_directory});
  }
  if (const std::string options = text_of(settings, "containerRunOptions"); !options.empty()) {
    auto words = spec::split_command_line(options);
    if (!words.ok()) return settings_error("containerRunOptions: " + words.error().message);
    for (auto& word : words.value()) {
      if (word == "--name" || word.starts_with("--name=") || word == "--detach" || word == "-d") {
        return settings_error("containerRunOptions: '" + word +
                              "' is not allowed; the node names and watches containers");
      }
      line.push_back(std::move(word));
    }
  }
  if (!command.empty()) line.insert(line.end(), {"--entrypoint", command[0]});
  line.push_back(image);
  if (!command.empty()) line.insert(line.end(), command.begin() + 1, command.end());
  return line;
}

void remove_container(const std::string& name) {
  const auto podman = find_podman();
  if (!podman.ok()) return;
  // Gone already, mostly: then podman says so, which is as good.
  (void)run_program({podman.value(), "rm", "--force", "--ignore", "--time", "0", name}, {}, std::chrono::seconds(60),
                    nullptr);
}

}  // namespace scoria::node
