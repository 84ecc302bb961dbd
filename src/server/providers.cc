#include "server/providers.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "base/file.h"
#include "base/log.h"
#include "node/keeper_client.h"
#include "pool/joined.h"
#include "pool/local.h"
#include "pool/process_identity.h"
#include "server/agent_file.h"
#include "server/node_folders.h"
#include "spec/json.h"

extern char** environ;

namespace scoria::server {
namespace {

namespace fs = std::filesystem;

Error failed(const std::string& what, int number) {
  return {number == EACCES || number == EPERM ? Code::denied : Code::unavailable, what + ": " + std::strerror(number)};
}

// A file that only we may read, written whole: never seen half-written by the agent that it is for.
Status write_private(const fs::path& path, const std::string& text) {
  const fs::path temporary = path.string() + ".new";
  ::unlink(temporary.c_str());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return failed("'" + temporary.string() + "' cannot be made", errno);
  const ssize_t written = ::write(file, text.data(), text.size());
  const int number = errno;
  ::close(file);
  if (written != static_cast<ssize_t>(text.size()))
    return failed("'" + temporary.string() + "' cannot be written", number);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return failed("'" + path.string() + "' cannot be made", errno);
  return Ok{};
}

// The agent's and its keeper's own, beside the node's root: where tasks do not reach.
fs::path private_folder(const fs::path& root) { return root.string() + ".private"; }

node::AgentConfig agent_of(const ProviderOptions& options, const pool::NodeRequest& request, const fs::path& root) {
  node::AgentConfig agent;
  agent.server_file = options.data / "server.json";
  agent.pool = request.pool;
  agent.node = request.node;
  agent.root = root;
  agent.private_folder = private_folder(root);
  agent.token_file = agent.private_folder / "token";
  agent.slots = request.slots;
  agent.cores = request.size.cores;
  agent.memory_bytes = request.size.memory_bytes;
  agent.devices = request.devices;
  agent.is_dedicated = request.is_dedicated;
  agent.ip_address = "127.0.0.1";
  agent.account_name = options.account;
  agent.account_url = options.account_url;
  agent.blob_url = options.blob_url;
  agent.containers.mode = options.config.containers;
  agent.containers.images = options.config.images;
  agent.containers.options = options.config.podman_options;
  agent.containers.run_options = options.config.podman_run_options;
  agent.stand_ins = options.config.stand_ins;
  agent.limit_memory = options.config.task_limits != "none";
  agent.use_cgroups = options.config.task_limits == "memory_and_cpu";
  agent.kill_grace = std::chrono::duration_cast<std::chrono::milliseconds>(options.config.kill_grace);
  agent.version = options.version;
  return agent;
}

// Whatever the node ran ends, and its folders go. An agent that left in peace ended its keeper; after one that did not, a keeper is asked
// to, and where none is alive the one that is started for it ends what an earlier one left.
void clean_node(const fs::path& program, const fs::path& root, Trash& trash) {
  const fs::path own = private_folder(root);
  std::error_code error;
  if (fs::exists(own / "keeper.sock", error)) {
    const node::KeeperConfig config{.private_folder = own, .root = root};
    auto keeper = node::KeeperClient::connect(config, {program.string(), "keeper"}, std::chrono::seconds(5));
    if (keeper.ok()) {
      keeper.value().leave();
      keeper.value().flush();
      // It closes the socket when all has ended.
      pollfd waits{.fd = keeper.value().descriptor(), .events = POLLIN, .revents = 0};
      while (poll(&waits, 1, 20'000) > 0 && keeper.value().fill()) {
      }
    } else {
      log::warn("keeper_not_ended", {{"folder", own.string()}, {"error", keeper.error().message}});
    }
  }
  trash.take(root);
  trash.take(own);
  fs::remove(root.parent_path(), error);  // the pool's, once it is empty
}

// Asks the agents that pool/local.h's files name to end. Their keepers, and the tasks that run, stay: the next server's agents find them.
void end_agents(const fs::path& folder) {
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() != ".json") continue;
    const auto bytes = FileBytes::open(entry->path());
    if (!bytes.ok()) continue;
    const auto json = spec::Json::parse(bytes.value().text(), nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("pid") || !json.contains("startTime") || !json.contains("boot")) continue;
    const auto process = pool::ProcessHandle::open({.pid = json["pid"].get<pid_t>(),
                                                    .start_time = json["startTime"].get<std::uint64_t>(),
                                                    .boot = json["boot"].get<std::string>()});
    if (process) process->signal(SIGTERM);
  }
}

// Starts a program in a session of its own: neither a terminal's signals nor our end reach it.
Result<pid_t> spawn_detached(const std::vector<std::string>& line, int input, const fs::path& log_file) {
  std::vector<char*> arguments;
  for (const std::string& word : line) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, input, 0);
  posix_spawn_file_actions_addopen(&files, 1, log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&files, 1, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  // This program blocks the signals that a thread of its own takes.
  sigset_t none, ordinary;
  sigemptyset(&none);
  sigemptyset(&ordinary);
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP}) sigaddset(&ordinary, signal);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &ordinary);
  pid_t pid = 0;
  const int number = posix_spawn(&pid, arguments[0], &files, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (number != 0) return failed("'" + line[0] + "' cannot be started", number);
  return pid;
}

}  // namespace

Result<Providers> Providers::open(ProviderOptions options) {
  Providers providers;
  providers.providers_["joined"] = std::make_unique<pool::JoinedProvider>();
  if (options.program.empty()) return providers;
  const auto launch = [options](const pool::NodeRequest& request, int go_ahead) -> Result<pid_t> {
    const fs::path root = local_node_folder(options.nodes_folder, request.pool, request.node);
    const fs::path own = private_folder(root);
    std::error_code error;
    fs::create_directories(root, error);
    if (!error) fs::create_directories(own, error);
    if (error) return Error{Code::unavailable, "node '" + request.node + "': its folders: " + error.message()};
    fs::permissions(own, fs::perms::owner_all, error);
    SCORIA_TRY_STATUS(write_private(own / "token", request.token));
    SCORIA_TRY_STATUS(write_agent_file(own / "agent.json", agent_of(options, request, root)));
    return spawn_detached({options.program.string(), "agent", (own / "agent.json").string()}, go_ahead,
                          own / "agent.log");
  };
  providers.agents_folder_ = options.data / "agents";
  providers.trash_ = std::make_unique<Trash>(options.data / "trash");
  const auto clean = [options, &trash = *providers.trash_](const std::string& pool, const std::string& node) {
    clean_node(options.program, local_node_folder(options.nodes_folder, pool, node), trash);
  };
  SCORIA_TRY(local, pool::LocalProvider::open({.folder = providers.agents_folder_, .launch = launch, .clean = clean}));
  providers.providers_["local"] = std::move(local);
  return providers;
}

std::map<std::string, pool::Provider*> Providers::by_name() const {
  std::map<std::string, pool::Provider*> pointers;
  for (const auto& [name, provider] : providers_) pointers[name] = provider.get();
  return pointers;
}

void Providers::stop() {
  providers_.clear();
  trash_.reset();
  end_agents(agents_folder_);
}

}  // namespace scoria::server
