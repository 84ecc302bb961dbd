#include "pool/local.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/file.h"
#include "base/log.h"
#include "pool/process_identity.h"

namespace scoria::pool {
namespace {

using Json = nlohmann::json;
using Steady = std::chrono::steady_clock;
namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kFirstWait{50};  // before an agent that died again is started again
constexpr std::chrono::milliseconds kLongestWait{2000};

// Ids become names of files: nothing else than what ids are made of.
bool is_plain_name(const std::string& name) {
  return !name.empty() && name.size() <= 128 && name.front() != '.' && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

Json to_json(const NodeRequest& request) {
  return {{"pool", request.pool},
          {"node", request.node},
          {"token", request.token},
          {"size", {request.size.name, request.size.cores, request.size.memory_bytes, request.size.gpus}},
          {"slots", request.slots},
          {"isDedicated", request.is_dedicated},
          {"devices", request.devices}};
}

NodeRequest request_of(const Json& stored) {
  const Json& size = stored.at("size");
  return {.pool = stored.at("pool"),
          .node = stored.at("node"),
          .token = stored.at("token"),
          .size = {.name = size.at(0), .cores = size.at(1), .memory_bytes = size.at(2), .gpus = size.at(3)},
          .slots = stored.at("slots"),
          .is_dedicated = stored.at("isDedicated"),
          .devices = stored.at("devices").get<std::vector<int>>()};
}

struct Agent {
  NodeRequest request;
  std::optional<ProcessHandle> process;
  std::deque<Steady::time_point> deaths;       // within crash_window
  std::optional<Steady::time_point> start_at;  // while no process is there
  std::string error;                           // not empty: given up
  bool is_leaving = false;
  int signals = 0;  // of leaving: none, SIGTERM, SIGKILL
  Steady::time_point next_signal;
  bool is_cleaning = false;
  std::optional<NodeRequest> successor;  // asked for again while it leaves
};

using Key = std::pair<std::string, std::string>;

// Our end of what an agent waits for before it begins.
class GoAhead {
 public:
  explicit GoAhead(int socket) : socket_(socket) {}
  GoAhead(const GoAhead&) = delete;
  ~GoAhead() { ::close(socket_); }
  void say() const { (void)::send(socket_, "g", 1, MSG_NOSIGNAL); }  // it may have died already

 private:
  int socket_;
};

}  // namespace

struct LocalProvider::Parts {
  LocalOptions options;
  int wake = -1;
  std::mutex agents_mutex;        // nothing else is locked below it
  std::map<Key, Agent> agents;    // guarded by agents_mutex
  std::vector<NodeStatus> ended;  // guarded by agents_mutex: released ones that ended, told once
  std::jthread watcher;

  fs::path file_of(const NodeRequest& request) const {
    return options.folder / request.pool / (request.node + ".json");
  }

  void nudge() const {
    const std::uint64_t one = 1;
    (void)!::write(wake, &one, sizeof one);  // full: it is awake already
  }

  Status write(const Agent& agent) const {
    std::error_code failed;
    const fs::path file = file_of(agent.request);
    fs::create_directories(file.parent_path(), failed);
    Json stored{{"request", to_json(agent.request)}};
    if (agent.process) {
      const ProcessIdentity& identity = agent.process->identity();
      stored["pid"] = identity.pid;
      stored["startTime"] = identity.start_time;
      stored["boot"] = identity.boot;
    }
    SCORIA_TRY_STATUS(write_file(file, stored.dump()));
    fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write, failed);
    return Ok{};
  }

  void forget_file(const NodeRequest& request) const {
    std::error_code ignored;
    fs::remove(file_of(request), ignored);
    fs::remove(file_of(request).parent_path(), ignored);  // refused while others are in it
  }

  void launch(Agent& agent) {
    agent.start_at.reset();
    int go_ahead[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, go_ahead) != 0) {
      return died(agent, std::string("no socket for it: ") + std::strerror(errno));
    }
    auto pid = options.launch(agent.request, go_ahead[0]);
    ::close(go_ahead[0]);
    const GoAhead tell(go_ahead[1]);
    if (pid.ok()) {
      if (const auto identity = identify(pid.value())) agent.process = ProcessHandle::open(*identity);
      if (agent.process) {
        log::info("agent_started", {{"pool", agent.request.pool}, {"node", agent.request.node}, {"pid", pid.value()}});
        if (auto written = write(agent); !written.ok()) {
          log::error("agent_file", {{"node", agent.request.node}, {"why", written.error().message}});
        }
        tell.say();
        return;
      }
    }
    died(agent, pid.ok() ? "its agent ended at once" : pid.error().message);
  }

  void died(Agent& agent, const std::string& why) {
    agent.process.reset();
    const auto now = Steady::now();
    agent.deaths.push_back(now);
    while (now - agent.deaths.front() > options.crash_window) agent.deaths.pop_front();
    const auto times = static_cast<int>(agent.deaths.size());
    if (times >= options.crash_limit) {
      agent.error = why + ", " + std::to_string(times) + " times in a row";
      log::error("agent_given_up", {{"pool", agent.request.pool}, {"node", agent.request.node}, {"why", agent.error}});
      return;
    }
    // The first time at once: its tasks live on, and wait to be heard of.
    Steady::duration wait{0};
    if (times > 1) wait = std::min<Steady::duration>(kFirstWait * (1 << std::min(times - 2, 10)), kLongestWait);
    agent.start_at = now + wait;
    log::warn("agent_died", {{"pool", agent.request.pool}, {"node", agent.request.node}, {"why", why}});
  }

  // One round over all agents; when the next thing is due. Called with agents_mutex held.
  Steady::time_point step(std::vector<Key>& to_clean) {
    auto next = Steady::now() + std::chrono::seconds(5);
    for (auto& [key, agent] : agents) {
      if (agent.process && agent.process->has_ended()) {
        if (agent.is_leaving) {
          agent.process.reset();
        } else {
          died(agent, "its agent ended");
        }
      }
      if (agent.is_leaving) {
        if (!agent.process) {
          if (!agent.is_cleaning) to_clean.push_back(key);
          agent.is_cleaning = true;
          continue;
        }
        if (Steady::now() >= agent.next_signal) {
          agent.process->signal(agent.signals == 0 ? SIGTERM : SIGKILL);
          ++agent.signals;
          agent.next_signal = Steady::now() + options.kill_grace;
        }
        next = std::min(next, agent.next_signal);
        continue;
      }
      if (agent.start_at && Steady::now() >= *agent.start_at) launch(agent);
      if (agent.start_at) next = std::min(next, *agent.start_at);
    }
    return next;
  }

  void finish(const Key& key) {
    if (options.clean) options.clean(key.first, key.second);
    const std::lock_guard lock(agents_mutex);
    const auto found = agents.find(key);
    if (found == agents.end()) return;
    Agent& agent = found->second;
    forget_file(agent.request);
    log::info("agent_released", {{"pool", agent.request.pool}, {"node", agent.request.node}});
    if (agent.successor) {
      Agent next{.request = *std::move(agent.successor)};
      next.start_at = Steady::now();
      agent = std::move(next);
      nudge();
      return;
    }
    ended.push_back({.pool = agent.request.pool, .node = agent.request.node, .state = NodeStatus::State::gone});
    agents.erase(found);
  }

  void watch(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::vector<pollfd> waits{{.fd = wake, .events = POLLIN, .revents = 0}};
      std::vector<Key> to_clean;
      Steady::time_point next;
      {
        const std::lock_guard lock(agents_mutex);
        next = step(to_clean);
        for (const auto& [key, agent] : agents) {
          if (agent.process) waits.push_back({.fd = agent.process->descriptor(), .events = POLLIN, .revents = 0});
        }
      }
      for (const Key& key : to_clean) finish(key);
      if (!to_clean.empty()) continue;
      const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - Steady::now()).count();
      // Handles are closed by this thread alone, so what is polled stays open.
      (void)::poll(waits.data(), waits.size(), static_cast<int>(std::clamp<std::int64_t>(wait, 0, 5000)));
      std::uint64_t count = 0;
      if ((waits[0].revents & POLLIN) != 0) (void)!::read(wake, &count, sizeof count);
    }
  }

  // An agent of a server before this one. What is no file of ours is put aside.
  void adopt(const fs::path& file) {
    const auto bytes = FileBytes::open(file);
    Agent agent;
    ProcessIdentity identity;
    try {
      if (!bytes.ok()) throw std::runtime_error(bytes.error().message);
      const Json stored = Json::parse(bytes.value().text());
      agent.request = request_of(stored.at("request"));
      if (file_of(agent.request) != file) throw std::runtime_error("it is under another's name");
      if (stored.contains("pid")) {
        identity = {.pid = stored.at("pid"), .start_time = stored.at("startTime"), .boot = stored.at("boot")};
      }
    } catch (const std::exception& error) {
      log::error("agent_file", {{"file", file.string()}, {"why", error.what()}});
      std::error_code ignored;
      fs::rename(file, file.string() + ".bad", ignored);
      return;
    }
    agent.process = ProcessHandle::open(identity);
    if (!agent.process) agent.start_at = Steady::now();
    log::info("agent_found",
              {{"pool", agent.request.pool}, {"node", agent.request.node}, {"alive", agent.process.has_value()}});
    agents.emplace(Key{agent.request.pool, agent.request.node}, std::move(agent));
  }
};

LocalProvider::LocalProvider(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

LocalProvider::~LocalProvider() {
  parts_->watcher.request_stop();
  parts_->nudge();
  if (parts_->watcher.joinable()) parts_->watcher.join();
  ::close(parts_->wake);
}

Result<std::unique_ptr<LocalProvider>> LocalProvider::open(LocalOptions options) {
  auto parts = std::make_unique<Parts>();
  parts->options = std::move(options);
  std::error_code failed;
  fs::create_directories(parts->options.folder, failed);
  if (!failed) fs::permissions(parts->options.folder, fs::perms::owner_all, failed);
  if (failed) {
    return Error{Code::unavailable, "the folder of local nodes " + parts->options.folder.string() +
                                        " cannot be made: " + failed.message()};
  }
  for (fs::recursive_directory_iterator entry(parts->options.folder, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    if (entry.depth() == 1 && entry->path().extension() == ".json") parts->adopt(entry->path());
  }
  if (failed) {
    return Error{Code::unavailable,
                 "the folder of local nodes " + parts->options.folder.string() + ": " + failed.message()};
  }
  parts->wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (parts->wake < 0) return Error{Code::unavailable, "no descriptor is left to watch local nodes with"};
  Parts* const borrowed = parts.get();
  parts->watcher = std::jthread([borrowed](const std::stop_token& stop) { borrowed->watch(stop); });
  return std::unique_ptr<LocalProvider>(new LocalProvider(std::move(parts)));
}

Status LocalProvider::request(const NodeRequest& request) {
  if (!is_plain_name(request.pool) || !is_plain_name(request.node)) {
    return Error{Code::invalid,
                 "'" + request.pool + "/" + request.node + "' cannot be the name of a folder and a file"};
  }
  const std::lock_guard lock(parts_->agents_mutex);
  const Key key{request.pool, request.node};
  const auto found = parts_->agents.find(key);
  if (found != parts_->agents.end()) {
    if (found->second.is_leaving) {
      found->second.successor = request;
    } else if (found->second.request.token != request.token) {
      // The server has another token for it: the agent must start with that one.
      Agent& agent = found->second;
      agent.request = request;
      agent.error.clear();
      agent.deaths.clear();
      SCORIA_TRY_STATUS(parts_->write(agent));
      if (agent.process) {
        agent.process->signal(SIGTERM);  // its death is seen, and it is started with the new request
      } else {
        agent.start_at = Steady::now();
      }
      parts_->nudge();
    }
    return Ok{};
  }
  Agent agent{.request = request};
  agent.start_at = Steady::now();
  SCORIA_TRY_STATUS(parts_->write(agent));
  parts_->agents.emplace(key, std::move(agent));
  parts_->nudge();
  return Ok{};
}

std::vector<NodeStatus> LocalProvider::status() {
  const std::lock_guard lock(parts_->agents_mutex);
  std::vector<NodeStatus> out = std::exchange(parts_->ended, {});
  for (const auto& [key, agent] : parts_->agents) {
    if (agent.is_leaving && !agent.successor) continue;
    NodeStatus status{.pool = key.first, .node = key.second};
    if (!agent.error.empty()) {
      status.state = NodeStatus::State::gone;
      status.error = agent.error;
    } else if (agent.process && !agent.is_leaving) {
      status.state = NodeStatus::State::running;
    }
    out.push_back(std::move(status));
  }
  return out;
}

void LocalProvider::release(const std::string& pool, const std::string& node) {
  const std::lock_guard lock(parts_->agents_mutex);
  const auto found = parts_->agents.find({pool, node});
  if (found == parts_->agents.end()) return;
  Agent& agent = found->second;
  agent.successor.reset();
  if (agent.is_leaving) return;
  agent.is_leaving = true;
  agent.start_at.reset();
  agent.next_signal = Steady::now() + parts_->options.leave_grace;
  parts_->nudge();
}

}  // namespace scoria::pool
