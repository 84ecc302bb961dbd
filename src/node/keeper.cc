#include "node/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>

#include "base/log.h"
#include "node/cgroups.h"
#include "node/descriptor.h"
#include "node/frame_stream.h"
#include "node/keeper_machine.h"
#include "node/keeper_protocol.h"
#include "node/processes.h"
#include "node/spawn.h"
#include "node/spool.h"
#include "node/warm_lines.h"

namespace scoria::node {
namespace {

// A start is told to the spool within this time; nothing else gets the same process id in it.
constexpr std::int64_t kBirthTolerance = 2000;
constexpr std::int64_t kLockPatience = 2000;
constexpr std::uint64_t kCompactAt = 4u << 20;

Error system_error(const std::string& what, const std::filesystem::path& path) {
  return {errno == EACCES || errno == EPERM ? Code::denied : Code::unavailable,
          "'" + path.string() + "' cannot be " + what + ": " + strerror(errno)};
}

class Keeper final : private KeeperSurroundings {
 public:
  explicit Keeper(KeeperConfig config) : config_(std::move(config)) {}

  Status open();
  Status run();

 private:
  Status listen();
  void end_leftovers();
  int next_timeout() const;
  void read_signals();
  void accept_agent();
  void read_agent();
  void drop_agent();
  void watch_agent();
  void leave();
  void reap();
  void ended(pid_t pid, const siginfo_t& info, bool is_reaped = false);
  void kill_strays(std::uint64_t attempt);
  void take_warm_news(const WarmLines::News& news);
  void compact();
  // What has ended stands in the spool, for the next keeper to tell.
  bool is_idle() const { return machine_.running() == 0 && !warm_.is_waiting() && !agent_; }

  // What the machine asks for.
  std::int64_t steady_ms() const override { return steady_now_ms(); }
  std::int64_t wall_us() const override { return wall_now_us(); }
  Result<Born> spawn(const StartCommand& command) override;
  bool start_warm(const StartCommand& command) override;
  Result<int> spawn_cleanup(const std::vector<std::string>& command) override { return spawn_quietly(command); }
  void signal(int pid, int signal) override;
  void clear_away(std::uint64_t attempt, int pid) override;
  void end_leftover(int pid, std::int64_t born_ms) override;
  void spool_intent(std::uint64_t attempt, const std::string& note) override { spool_->add_intent(attempt, note); }
  void spool_ending(const Ending& ending) override { spool_->add_ending(ending); }
  void spool_forgotten(std::uint64_t attempt) override { spool_->add_forgotten(attempt); }
  void flush_spool() override;
  void tell_started(const StartedNotice& notice) override {
    if (agent_) append_started(agent_->out, notice);
  }
  void tell_ended(const Ending& ending) override {
    if (agent_) append_ended(agent_->out, ending);
  }

  KeeperConfig config_;
  Descriptor lock_, listener_, signals_, epoll_, null_device_;
  std::optional<Spool> spool_;
  std::optional<Cgroups> cgroups_;
  std::map<int, int> cgroup_of_;  // by pid
  std::unique_ptr<FrameStream> agent_;
  WarmLines warm_{config_.warm_command};
  std::unordered_map<pid_t, siginfo_t> early_ends_;  // of warm tasks that ended before their start was told
  std::int64_t idle_since_ms_ = steady_now_ms();
  bool is_forgetting_ = false;  // what it knows is of no use to the next one
  KeeperMachine machine_{*this, random_id()};
};

Status Keeper::open() {
  std::error_code error;
  std::filesystem::create_directories(config_.private_folder, error);
  if (chmod(config_.private_folder.c_str(), 0700) != 0) return system_error("made private", config_.private_folder);
  const auto lock_path = config_.private_folder / "keeper.lock";
  lock_ = Descriptor(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock_.is_open()) return system_error("opened", lock_path);
  // One that was told to leave may still be at it.
  const std::int64_t patience_ends = steady_now_ms() + kLockPatience;
  while (flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (steady_now_ms() < patience_ends) {
      (void)poll(nullptr, 0, 10);
      continue;
    }
    return Error{Code::conflict, "'" + lock_path.string() + "': another keeper has this folder"};
  }
  null_device_ = Descriptor(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null_device_.is_open()) return system_error("opened", "/dev/null");

  const auto spool_path = config_.private_folder / "keeper.spool";
  Spooled found;
  auto spool = Spool::open(spool_path, found);
  if (!spool.ok() && spool.error().code == Code::corrupt) {
    // What it held is lost and will be run again; what it says is kept for who wants to know why.
    log::error("keeper_spool_corrupt", {{"error", spool.error().message}});
    (void)rename(spool_path.c_str(), (spool_path.string() + ".corrupt").c_str());
    found = {};
    spool = Spool::open(spool_path, found);
  }
  if (!spool.ok()) return std::move(spool).error();
  spool_ = std::move(spool).value();

  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return system_error("a subreaper", "keeper");
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  (void)::signal(SIGPIPE, SIG_IGN);
  (void)::signal(SIGHUP, SIG_IGN);
  signals_ = Descriptor(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  epoll_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
  if (!signals_.is_open() || !epoll_.is_open()) return system_error("set up", "keeper");
  epoll_event event{.events = EPOLLIN, .data = {.fd = signals_.get()}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, signals_.get(), &event);
  warm_.watch_with(epoll_.get());

  machine_.take_over(std::move(found.attempts), std::move(found.boot_id));
  end_leftovers();
  if (config_.use_cgroups) {
    cgroups_ = Cgroups::open(config_.cgroup_name);
    if (!cgroups_->are_there()) cgroups_.reset();
  }
  return listen();
}

Status Keeper::listen() {
  const Descriptor folder(::open(config_.private_folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  listener_ = Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto path = config_.private_folder / "keeper.sock";
  if (!folder.is_open() || !listener_.is_open()) return system_error("opened", path);
  (void)unlink(path.c_str());  // of a keeper that died: the lock says that there is none
  const sockaddr_un address = socket_address(folder.get());
  if (bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_.get(), 8) != 0) {
    return system_error("listened on", path);
  }
  epoll_event event{.events = EPOLLIN, .data = {.fd = listener_.get()}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listener_.get(), &event);
  if (config_.ready_descriptor >= 0) {
    (void)!write(config_.ready_descriptor, "\n", 1);
    close(config_.ready_descriptor);
  }
  return Ok{};
}

// What runs with this root, though no spool knows it.
void Keeper::end_leftovers() {
  if (config_.root.empty()) return;
  const std::string mark = "AZ_BATCH_NODE_ROOT_DIR=" + config_.root.string();
  for (const pid_t pid : all_processes()) {
    if (pid != getpid() && pid != getppid() && environment_holds(pid, {mark})) (void)kill(pid, SIGKILL);
  }
}

void Keeper::end_leftover(int pid, std::int64_t born_ms) {
  const auto born = process_born_ms(pid);
  if (!born || *born > born_ms + 20 || *born < born_ms - kBirthTolerance) return;
  (void)kill(-pid, SIGKILL);
  (void)kill(pid, SIGKILL);
}

int Keeper::next_timeout() const {
  std::optional<std::int64_t> at = machine_.next_deadline_ms();
  if (is_idle()) at = std::min(at.value_or(INT64_MAX), idle_since_ms_ + config_.idle_exit.count());
  if (!at) return -1;
  return static_cast<int>(std::clamp<std::int64_t>(*at - steady_now_ms() + 1, 0, 3'600'000));
}

Status Keeper::run() {
  for (;;) {
    epoll_event events[16];
    const int count = epoll_wait(epoll_.get(), events, 16, next_timeout());
    if (count < 0 && errno != EINTR) return system_error("waited for", "keeper");
    for (int i = 0; i < count; ++i) {
      const int file = events[i].data.fd;
      if (file == signals_.get()) {
        read_signals();
      } else if (file == listener_.get()) {
        accept_agent();
      } else if (agent_ && file == agent_->descriptor()) {
        if ((events[i].events & EPOLLIN) != 0)
          read_agent();
        else if ((events[i].events & (EPOLLHUP | EPOLLERR)) != 0)
          drop_agent();
      } else if (warm_.has(file)) {
        take_warm_news(warm_.read(file));
      }
    }
    machine_.look_at_deadlines();
    flush_spool();
    compact();
    if (agent_ && !agent_->flush()) drop_agent();
    watch_agent();
    if (machine_.is_leaving() && machine_.running() == 0 && !warm_.is_waiting()) {
      if (is_forgetting_) (void)unlink((config_.private_folder / "keeper.spool").c_str());
      return Ok{};
    }
    if (!is_idle()) idle_since_ms_ = steady_now_ms();
    if (is_idle() && steady_now_ms() - idle_since_ms_ >= config_.idle_exit.count()) {
      spool_->add_boot(machine_.state().boot_id);
      return spool_->flush();
    }
  }
}

void Keeper::read_signals() {
  signalfd_siginfo info{};
  bool is_told_to_end = false;
  while (read(signals_.get(), &info, sizeof info) == sizeof info) {
    is_told_to_end = is_told_to_end || info.ssi_signo != SIGCHLD;
  }
  if (is_told_to_end) {
    log::info("keeper_told_to_end", {{"running", machine_.running()}});
    machine_.end_all(2000);
  }
  reap();
}

// Wakes when an agent whose socket was full has room again.
void Keeper::watch_agent() {
  if (!agent_) return;
  epoll_event event{.events = EPOLLIN | (agent_->has_unsent() ? EPOLLOUT : 0u), .data = {.fd = agent_->descriptor()}};
  if (event.events == agent_->watched_events) return;
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, agent_->descriptor(), &event);
  agent_->watched_events = event.events;
}

void Keeper::accept_agent() {
  Descriptor socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket.is_open()) return;
  ucred who{};
  socklen_t size = sizeof who;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 || (who.uid != getuid() && who.uid != 0)) {
    return;
  }
  drop_agent();  // the newest is the node's: the other one lost its connection, or is about to
  agent_ = std::make_unique<FrameStream>(std::move(socket));
  agent_->watched_events = EPOLLIN;
  epoll_event event{.events = EPOLLIN, .data = {.fd = agent_->descriptor()}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, agent_->descriptor(), &event);
  append_state(agent_->out, machine_.state());
}

void Keeper::drop_agent() {
  if (!agent_) return;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, agent_->descriptor(), nullptr);
  agent_.reset();
}

void Keeper::read_agent() {
  const bool is_open = agent_->fill();
  std::vector<Message> messages;
  for (;;) {
    auto message = agent_->next();
    if (!message.ok()) {
      log::error("keeper_bad_frame", {{"error", message.error().message}});
      drop_agent();
      break;
    }
    if (!message.value()) break;
    if (message.value()->kind == MessageKind::leave) leave();
    messages.push_back(std::move(*message.value()));
  }
  machine_.take(messages);
  if (!is_open) drop_agent();
}

void Keeper::leave() {
  is_forgetting_ = true;
  // Who comes now finds nobody, rather than a socket that closes at once.
  (void)unlink((config_.private_folder / "keeper.sock").c_str());
  listener_.reset();
}

bool Keeper::start_warm(const StartCommand& command) { return warm_.send(command); }

Result<KeeperSurroundings::Born> Keeper::spawn(const StartCommand& command) {
  std::optional<int> cgroup;
  SpawnSurroundings surroundings{.spool = spool_->descriptor(), .null_device = null_device_.get()};
  if (cgroups_ && (command.memory_limit_bytes > 0 || command.cpu_weight > 0)) {
    cgroup = cgroups_->take(command.memory_limit_bytes, command.cpu_weight);
    if (cgroup) surroundings.cgroup_procs = cgroups_->procs(*cgroup);
  }
  const std::int64_t born = boot_now_ms();
  const std::uint64_t spooled = spool_->end();
  auto pid = node::spawn(command, surroundings);
  if (!pid.ok()) {
    spool_->cut_to(spooled);  // its birth, or half of that
    if (cgroup) cgroups_->give_back(*cgroup);
    return std::move(pid).error();
  }
  if (cgroup) cgroup_of_.emplace(pid.value(), *cgroup);
  return Born{pid.value(), born};
}

void Keeper::signal(int pid, int signal) {
  (void)kill(-pid, signal);
  if (const auto cgroup = cgroup_of_.find(pid); signal == SIGKILL && cgroup != cgroup_of_.end()) {
    cgroups_->kill(cgroup->second);
  }
}

void Keeper::clear_away(std::uint64_t attempt, int pid) {
  if (const auto cgroup = cgroup_of_.find(pid); cgroup != cgroup_of_.end()) {
    cgroups_->kill(cgroup->second);
    cgroups_->give_back(cgroup->second);
    cgroup_of_.erase(cgroup);
  }
  kill_strays(attempt);
}

// Processes of the attempt that left its group: orphans become children of ours.
void Keeper::kill_strays(std::uint64_t attempt) {
  for (const pid_t pid : own_children()) {
    if (machine_.is_running(pid) || warm_.has_process(pid)) continue;
    if (environment_holds(pid, {"AZ_BATCH_NODE_ROOT_DIR=" + config_.root.string(),
                                "AZ_BATCH_TASK_ATTEMPT=" + std::to_string(attempt)})) {
      (void)kill(-pid, SIGKILL);
      (void)kill(pid, SIGKILL);
    }
  }
}

void Keeper::reap() {
  for (;;) {
    siginfo_t info{};
    // Not reaped yet: while it is there its process group's number belongs to nobody else.
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
    ended(info.si_pid, info);
    (void)waitid(P_PID, static_cast<id_t>(info.si_pid), &info, WEXITED | WNOHANG);
  }
}

void Keeper::ended(pid_t pid, const siginfo_t& info, bool is_reaped) {
  if (warm_.has_process(pid)) {
    log::warn("warm_process_died", {{"status", info.si_status}});
    return take_warm_news(warm_.died(pid));
  }
  if (!machine_.is_running(pid)) {
    if (warm_.is_waiting()) early_ends_[pid] = info;
    return;  // an orphan of some task
  }
  if (!is_reaped) (void)kill(-pid, SIGKILL);
  const bool was_signalled = info.si_code != CLD_EXITED;
  machine_.ended(pid, was_signalled ? 128 + info.si_status : info.si_status, was_signalled);
}

void Keeper::take_warm_news(const WarmLines::News& news) {
  for (const auto& [command, started] : news.begun) {
    const BirthRecord birth{sizeof(BirthRecord) - sizeof(std::uint32_t), kBirth, started.attempt, started.pid,
                            boot_now_ms()};
    const std::uint64_t spooled = spool_->end();
    if (write(spool_->descriptor(), &birth, sizeof birth) != static_cast<ssize_t>(sizeof birth))
      spool_->cut_to(spooled);
    machine_.begun(command, {started.pid, birth.born_ms});
    const auto early = early_ends_.find(started.pid);
    if (early != early_ends_.end()) {
      const siginfo_t info = early->second;
      early_ends_.erase(early);
      ended(started.pid, info, /*is_reaped=*/true);
    }
  }
  if (!warm_.is_waiting()) early_ends_.clear();
  // What a dead one did not tell of has not begun, or ends with it.
  for (const auto& command : news.returned) {
    kill_strays(command.attempt);
    machine_.start_held(command);
  }
}

void Keeper::flush_spool() {
  const auto status = spool_->flush();
  if (!status.ok()) log::error("keeper_spool_failed", {{"error", status.error().message}});
}

void Keeper::compact() {
  if (spool_->bytes_written() <= kCompactAt || warm_.is_waiting()) return;
  std::uint64_t held = 0;
  for (const auto& [attempt, entry] : machine_.held()) held += entry.kept.note.size() + 64;
  if (spool_->bytes_written() <= 4 * held + kCompactAt) return;
  const auto compacted = spool_->compact(machine_.held());
  if (!compacted.ok()) log::warn("keeper_spool_not_compacted", {{"error", compacted.error().message}});
}

}  // namespace

Status run_keeper(KeeperConfig config) {
  if (config.detach) {
    const pid_t pid = fork();
    if (pid < 0) return system_error("forked", "keeper");
    if (pid > 0) _exit(0);
    setsid();
  }
  if (config.detach) {
    // It outlives whoever started it, whose sockets and pipes it must not keep open, nor hand on to tasks.
    const auto ready = static_cast<unsigned>(std::max(config.ready_descriptor, STDERR_FILENO));
    if (ready > STDERR_FILENO + 1) (void)close_range(STDERR_FILENO + 1, ready - 1, 0);
    (void)close_range(ready + 1, ~0u, 0);
    if (config.ready_descriptor >= 0) (void)fcntl(config.ready_descriptor, F_SETFD, FD_CLOEXEC);
  }
  Keeper keeper(std::move(config));
  SCORIA_TRY_STATUS(keeper.open());
  return keeper.run();
}

}  // namespace scoria::node
