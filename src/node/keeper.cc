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
#include "node/keeper_protocol.h"
#include "node/processes.h"
#include "node/spawn.h"
#include "node/spool.h"
#include "node/warm_line.h"

namespace scoria::node {
namespace {

// A start is told to the spool within this time; nothing else gets the same process id in it.
constexpr std::int64_t kBirthTolerance = 2000;
constexpr std::int64_t kLockPatience = 2000;
constexpr std::uint64_t kCompactAt = 4u << 20;
constexpr std::int64_t kCleanupPatience = 30'000;

Error system_error(const std::string& what, const std::filesystem::path& path) {
  return {errno == EACCES || errno == EPERM ? Code::denied : Code::unavailable,
          "'" + path.string() + "' cannot be " + what + ": " + strerror(errno)};
}

// A process group that runs for an attempt.
struct Running {
  std::uint64_t attempt = 0;
  pid_t pid = 0;
  std::int64_t wall_deadline_ms = 0;  // steady; 0: none
  std::int64_t wall_grace_ms = 0;
  std::int64_t kill_deadline_ms = 0;  // steady; 0: not asked to end
  std::string reason;
  std::optional<int> cgroup;
  std::vector<std::string> cleanup;
  std::optional<Ending> end_of;  // it is a cleanup: told once it is over
};

class Keeper {
 public:
  explicit Keeper(KeeperConfig config) : config_(std::move(config)) {}

  Status open();
  Status run();

 private:
  Status listen();
  void end_leftovers();
  int next_timeout() const;
  void accept_agent();
  void read_agent();
  void drop_agent();
  void take(Message& message);
  void start(StartCommand& command);
  void begun(std::uint64_t attempt, pid_t pid, std::int64_t born_ms, std::optional<int> cgroup,
             const StartCommand& command);
  void kill_attempt(const KillCommand& command);
  void kill_group(Running& running, std::int64_t grace_ms, std::string reason);
  void end_all(std::int64_t grace_ms);
  void kill_strays(std::uint64_t attempt);
  void reap();
  void ended(pid_t pid, const siginfo_t& info, bool is_reaped = false);
  bool clean_up(const std::vector<std::string>& command, Ending& ending);
  void finish(Ending ending);
  void look_at_deadlines();
  void warm_news();
  void flush();
  bool is_idle() const { return held_.empty() && !agent_; }

  KeeperConfig config_;
  std::string boot_id_ = random_id();
  Descriptor lock_, listener_, signals_, epoll_, null_device_;
  std::optional<Spool> spool_;
  std::optional<Cgroups> cgroups_;
  std::unique_ptr<FrameStream> agent_;
  WarmLine warm_;
  std::unordered_map<std::uint64_t, StartCommand> warm_starts_;  // handed to the warm scorer, not yet begun
  std::unordered_map<pid_t, siginfo_t> early_ends_;              // of warm tasks that ended before their start was told
  std::map<std::uint64_t, SpooledAttempt> held_;
  std::unordered_map<pid_t, Running> running_;
  std::unordered_map<std::uint64_t, pid_t> pids_;
  std::int64_t idle_since_ms_ = steady_now_ms();
  bool is_leaving_ = false;     // nothing is started any more; ends when nothing runs
  bool is_forgetting_ = false;  // what it knows is of no use to the next one
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
  auto spool = Spool::open(spool_path, held_);
  if (!spool.ok() && spool.error().code == Code::corrupt) {
    // What it held is lost and will be run again; what it says is kept for who wants to know why.
    log::error("keeper_spool_corrupt", {{"error", spool.error().message}});
    (void)rename(spool_path.c_str(), (spool_path.string() + ".corrupt").c_str());
    held_.clear();
    spool = Spool::open(spool_path, held_);
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
  signal(SIGPIPE, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  signals_ = Descriptor(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  epoll_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
  if (!signals_.is_open() || !epoll_.is_open()) return system_error("set up", "keeper");
  epoll_event event{.events = EPOLLIN, .data = {.fd = signals_.get()}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, signals_.get(), &event);

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

// What an earlier keeper started and nobody saw end: ended, and reported as lost.
void Keeper::end_leftovers() {
  for (auto& [attempt, entry] : held_) {
    if (entry.kept.ending) continue;
    const auto born = entry.kept.pid > 0 ? process_born_ms(entry.kept.pid) : std::nullopt;
    if (born && *born <= entry.born_ms + 20 && *born >= entry.born_ms - kBirthTolerance) {
      (void)kill(-entry.kept.pid, SIGKILL);
      (void)kill(entry.kept.pid, SIGKILL);
    }
    Ending ending{.attempt = attempt, .at_us = wall_now_us(), .is_lost = true};
    spool_->add_ending(ending);
    entry.kept.ending = std::move(ending);
    log::warn("attempt_lost", {{"attempt", attempt}, {"pid", entry.kept.pid}});
  }
  if (!config_.root.empty()) {
    const std::string mark = "AZ_BATCH_NODE_ROOT_DIR=" + config_.root.string();
    for (const pid_t pid : all_processes()) {
      if (pid != getpid() && pid != getppid() && environment_holds(pid, {mark})) (void)kill(pid, SIGKILL);
    }
  }
  flush();
}

int Keeper::next_timeout() const {
  std::int64_t at = -1;
  const auto earlier = [&at](std::int64_t deadline) {
    if (deadline > 0 && (at < 0 || deadline < at)) at = deadline;
  };
  for (const auto& [pid, running] : running_) {
    earlier(running.kill_deadline_ms > 0 ? running.kill_deadline_ms : running.wall_deadline_ms);
  }
  if (is_idle()) earlier(idle_since_ms_ + config_.idle_exit.count());
  if (at < 0) return -1;
  return static_cast<int>(std::clamp<std::int64_t>(at - steady_now_ms() + 1, 0, 3'600'000));
}

Status Keeper::run() {
  for (;;) {
    epoll_event events[16];
    const int count = epoll_wait(epoll_.get(), events, 16, next_timeout());
    if (count < 0 && errno != EINTR) return system_error("waited for", "keeper");
    for (int i = 0; i < count; ++i) {
      const int file = events[i].data.fd;
      if (file == signals_.get()) {
        signalfd_siginfo info{};
        bool is_told_to_end = false;
        while (read(signals_.get(), &info, sizeof info) == sizeof info) {
          is_told_to_end = is_told_to_end || info.ssi_signo != SIGCHLD;
        }
        if (is_told_to_end) {
          log::info("keeper_told_to_end", {{"running", running_.size()}});
          end_all(2000);
        }
        reap();
      } else if (file == listener_.get()) {
        accept_agent();
      } else if (agent_ && file == agent_->descriptor()) {
        if ((events[i].events & EPOLLIN) != 0)
          read_agent();
        else if ((events[i].events & (EPOLLHUP | EPOLLERR)) != 0)
          drop_agent();
      } else if (warm_.is_alive() && file == warm_.descriptor()) {
        warm_news();
      }
    }
    look_at_deadlines();
    flush();
    if (agent_ && !agent_->flush()) drop_agent();
    if (agent_) {
      epoll_event event{.events = EPOLLIN | (agent_->has_unsent() ? EPOLLOUT : 0u),
                        .data = {.fd = agent_->descriptor()}};
      if (event.events != agent_->watched_events) {
        epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, agent_->descriptor(), &event);
        agent_->watched_events = event.events;
      }
    }
    if (is_leaving_ && running_.empty() && warm_starts_.empty()) {
      if (is_forgetting_) (void)unlink((config_.private_folder / "keeper.spool").c_str());
      return Ok{};
    }
    if (!is_idle()) idle_since_ms_ = steady_now_ms();
    if (is_idle() && steady_now_ms() - idle_since_ms_ >= config_.idle_exit.count()) return Ok{};
  }
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
  KeeperState state{.boot_id = boot_id_, .attempts = {}};
  for (const auto& [attempt, entry] : held_) state.attempts.push_back(entry.kept);
  append_state(agent_->out, state);
}

void Keeper::drop_agent() {
  if (!agent_) return;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, agent_->descriptor(), nullptr);
  agent_.reset();
}

void Keeper::read_agent() {
  const bool is_open = agent_->fill();
  // Intents of all starts that came together are one write.
  std::vector<Message> messages;
  for (;;) {
    auto message = agent_->next();
    if (!message.ok()) {
      log::error("keeper_bad_frame", {{"error", message.error().message}});
      drop_agent();
      break;
    }
    if (!message.value()) break;
    messages.push_back(std::move(*message.value()));
  }
  for (auto& message : messages) {
    if (message.kind == MessageKind::start && !held_.contains(message.start.attempt)) {
      spool_->add_intent(message.start.attempt, message.start.note);
    }
  }
  flush();
  for (auto& message : messages) take(message);
  if (!is_open) drop_agent();
}

void Keeper::take(Message& message) {
  switch (message.kind) {
    case MessageKind::start: start(message.start); break;
    case MessageKind::kill: kill_attempt(message.kill); break;
    case MessageKind::forget: {
      const auto entry = held_.find(message.attempt);
      if (entry == held_.end() || !entry->second.kept.ending) break;
      held_.erase(entry);
      spool_->add_forgotten(message.attempt);
      break;
    }
    case MessageKind::leave:
      is_forgetting_ = true;
      // Who comes now finds nobody, rather than a socket that closes at once.
      (void)unlink((config_.private_folder / "keeper.sock").c_str());
      listener_.reset();
      end_all(0);
      break;
    default: break;
  }
}

void Keeper::start(StartCommand& command) {
  if (held_.contains(command.attempt)) return;
  auto& entry = held_[command.attempt];
  entry.kept.attempt = command.attempt;
  entry.kept.note = command.note;
  if (is_leaving_) {
    finish({.attempt = command.attempt, .at_us = wall_now_us(), .reason = "node_leaves"});
    return;
  }
  if (command.is_warm && !config_.warm_command.empty()) {
    if (!warm_.is_alive() && warm_.start(config_.warm_command)) {
      epoll_event event{.events = EPOLLIN, .data = {.fd = warm_.descriptor()}};
      epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, warm_.descriptor(), &event);
    }
    if (warm_.is_alive() && warm_.send(command)) {
      const std::uint64_t attempt = command.attempt;
      warm_starts_.emplace(attempt, std::move(command));
      return;
    }
  }
  std::optional<int> cgroup;
  SpawnSurroundings surroundings{.spool = spool_->descriptor(), .null_device = null_device_.get()};
  if (cgroups_ && (command.memory_limit_bytes > 0 || command.cpu_weight > 0)) {
    cgroup = cgroups_->take(command.memory_limit_bytes, command.cpu_weight);
    if (cgroup) surroundings.cgroup_procs = cgroups_->procs(*cgroup);
  }
  const std::int64_t born = boot_now_ms();
  auto pid = spawn(command, surroundings);
  if (!pid.ok()) {
    if (cgroup) cgroups_->give_back(*cgroup);
    finish({.attempt = command.attempt,
            .at_us = wall_now_us(),
            .failure_code = pid.error().api_code,
            .failure_message = pid.error().message});
    return;
  }
  begun(command.attempt, pid.value(), born, cgroup, command);
}

void Keeper::begun(std::uint64_t attempt, pid_t pid, std::int64_t born_ms, std::optional<int> cgroup,
                   const StartCommand& command) {
  const std::int64_t now_us = wall_now_us();
  auto& entry = held_[attempt];
  entry.born_ms = born_ms;
  entry.kept.pid = pid;
  entry.kept.started_us = now_us;
  Running running{
      .attempt = attempt, .pid = pid, .wall_grace_ms = command.grace_ms, .cgroup = cgroup, .cleanup = command.cleanup};
  if (command.wall_limit_ms > 0) running.wall_deadline_ms = steady_now_ms() + command.wall_limit_ms;
  running_.emplace(pid, std::move(running));
  pids_.emplace(attempt, pid);
  if (agent_) append_started(agent_->out, {attempt, pid, now_us});
}

void Keeper::kill_attempt(const KillCommand& command) {
  const auto pid = pids_.find(command.attempt);
  if (pid == pids_.end())
    return;  // ended, or not begun by the warm scorer: the agent asks again when it hears of its start
  kill_group(running_.at(pid->second), command.grace_ms, command.reason);
}

void Keeper::kill_group(Running& running, std::int64_t grace_ms, std::string reason) {
  const std::int64_t deadline = steady_now_ms() + std::max<std::int64_t>(grace_ms, 0);
  if (running.kill_deadline_ms == 0) {
    running.reason = std::move(reason);
    running.kill_deadline_ms = deadline;
    if (grace_ms > 0) {
      (void)kill(-running.pid, SIGTERM);
      (void)kill(-running.pid, SIGCONT);  // what is stopped takes no signal
      return;
    }
  }
  running.kill_deadline_ms = std::min(running.kill_deadline_ms, deadline);
}

void Keeper::end_all(std::int64_t grace_ms) {
  for (auto& [pid, running] : running_) {
    if (!running.end_of) kill_group(running, grace_ms, "node_leaves");
  }
  is_leaving_ = true;
}

// Processes of the attempt that left its group: orphans become children of ours.
void Keeper::kill_strays(std::uint64_t attempt) {
  for (const pid_t pid : own_children()) {
    if (running_.contains(pid) || pid == warm_.pid()) continue;
    if (environment_holds(pid, {"AZ_BATCH_NODE_ROOT_DIR=" + config_.root.string(),
                                "AZ_BATCH_TASK_ATTEMPT=" + std::to_string(attempt)})) {
      (void)kill(-pid, SIGKILL);
      (void)kill(pid, SIGKILL);
    }
  }
}

void Keeper::look_at_deadlines() {
  if (running_.empty()) return;
  const std::int64_t now = steady_now_ms();
  for (auto& [pid, running] : running_) {
    if (running.kill_deadline_ms == 0 && running.wall_deadline_ms > 0 && running.wall_deadline_ms <= now) {
      kill_group(running, running.wall_grace_ms, "timeout");
    }
    if (running.kill_deadline_ms > 0 && running.kill_deadline_ms <= now) {
      (void)kill(-pid, SIGKILL);
      if (running.cgroup) cgroups_->kill(*running.cgroup);
      running.kill_deadline_ms = now + 1000;  // again, should something have started meanwhile
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
  if (pid == warm_.pid()) {
    log::warn("warm_scorer_died", {{"status", info.si_status}});
    warm_news();
    return;
  }
  const auto found = running_.find(pid);
  if (found == running_.end()) {
    if (!warm_starts_.empty()) early_ends_[pid] = info;
    return;  // an orphan of some task
  }
  // The rest of its group: an attempt is over when its process is.
  if (!is_reaped) (void)kill(-pid, SIGKILL);
  Running running = std::move(found->second);
  running_.erase(found);
  if (running.end_of) return finish(std::move(*running.end_of));
  pids_.erase(running.attempt);
  if (running.cgroup) {
    cgroups_->kill(*running.cgroup);
    cgroups_->give_back(*running.cgroup);
  }
  kill_strays(running.attempt);
  const bool was_killed = info.si_code != CLD_EXITED || !running.reason.empty();
  Ending ending{.attempt = running.attempt,
                .at_us = wall_now_us(),
                .exit_code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status,
                .reason = std::move(running.reason)};
  if (was_killed && clean_up(running.cleanup, ending)) return;
  finish(std::move(ending));
}

// False: there is nothing to do, or it cannot be done.
bool Keeper::clean_up(const std::vector<std::string>& command, Ending& ending) {
  if (command.empty()) return false;
  const auto pid = spawn_quietly(command);
  if (!pid.ok()) {
    log::warn("cleanup_not_started", {{"attempt", ending.attempt}, {"error", pid.error().message}});
    return false;
  }
  Running running{.attempt = ending.attempt,
                  .pid = pid.value(),
                  .wall_deadline_ms = steady_now_ms() + kCleanupPatience,
                  .end_of = std::move(ending)};
  running_.emplace(pid.value(), std::move(running));
  return true;
}

void Keeper::finish(Ending ending) {
  spool_->add_ending(ending);
  if (agent_) append_ended(agent_->out, ending);
  held_[ending.attempt].kept.ending = std::move(ending);
}

void Keeper::warm_news() {
  auto news = warm_.read();
  for (const auto& started : news.started) {
    const auto command = warm_starts_.find(started.attempt);
    if (command == warm_starts_.end()) continue;
    const BirthRecord birth{sizeof(BirthRecord) - sizeof(std::uint32_t), kBirth, started.attempt, started.pid,
                            boot_now_ms()};
    (void)!write(spool_->descriptor(), &birth, sizeof birth);
    begun(started.attempt, started.pid, birth.born_ms, std::nullopt, command->second);
    warm_starts_.erase(command);
    const auto early = early_ends_.find(started.pid);
    if (early != early_ends_.end()) {
      const siginfo_t info = early->second;
      early_ends_.erase(early);
      ended(started.pid, info, /*is_reaped=*/true);
    }
  }
  if (warm_starts_.empty()) early_ends_.clear();
  if (warm_.is_alive()) return;
  if (news.descriptor >= 0) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, news.descriptor, nullptr);
  // It died with these in hand; what it did not tell of has not begun, or ends with it: started again the plain way.
  auto left = std::move(warm_starts_);
  warm_starts_.clear();
  for (auto& [attempt, command] : left) {
    kill_strays(attempt);
    held_.erase(attempt);
    command.is_warm = false;
    start(command);
  }
}

void Keeper::flush() {
  const auto status = spool_->flush();
  if (!status.ok()) log::error("keeper_spool_failed", {{"error", status.error().message}});
  if (spool_->bytes_written() > kCompactAt && warm_starts_.empty()) {
    std::uint64_t held = 0;
    for (const auto& [attempt, entry] : held_) held += entry.kept.note.size() + 64;
    if (spool_->bytes_written() > 4 * held + kCompactAt) {
      const auto compacted = spool_->compact(held_);
      if (!compacted.ok()) log::warn("keeper_spool_not_compacted", {{"error", compacted.error().message}});
    }
  }
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
