#include "node/node_loop.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <stop_token>

#include "base/log.h"

namespace scoria::node {
namespace {

constexpr std::int64_t kDiskMs = 5'000;
constexpr std::int64_t kSweepMs = 60'000;
constexpr std::int64_t kKeeperAgainMs = 500;
constexpr std::chrono::milliseconds kKeeperPatience{10'000};

KeeperConfig keeper_config(const AgentConfig& config) {
  KeeperConfig keeper;
  keeper.private_folder = config.private_folder;
  keeper.root = config.root;
  keeper.warm_command = config.warm_command;
  keeper.use_cgroups = config.use_cgroups || config.limit_memory;
  keeper.cgroup_name = "scoria-" + config.pool + "-" + config.node;
  return keeper;
}

void watch(int epoll, int file, std::uint32_t events, int how) {
  epoll_event event{.events = events, .data = {.fd = file}};
  epoll_ctl(epoll, how, file, &event);
}

}  // namespace

NodeLoop::NodeLoop(AgentConfig config, const LinkFactory& links, std::function<Bench()> make_bench, NodeFiles files,
                   TaskShelf shelf, std::unique_ptr<FileCache> cache)
    : config_(std::move(config)),
      keeper_config_(keeper_config(config_)),
      files_(std::move(files)),
      shelf_(std::move(shelf)),
      cache_(std::move(cache)),
      launcher_(config_, *cache_),
      sampler_(config_.root),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      machine_(config_, *this) {
  workers_ = std::make_unique<Workers>(config_.transfers, std::move(make_bench));
  lines_ = std::make_unique<SyncLines>(links, mailbox_, [this](std::uint64_t id, Result<std::string> reply) {
    machine_.answered(id, std::move(reply));
  });
}

Result<AgentEnd> NodeLoop::run(const std::stop_token& stop) {
  if (!epoll_.is_open() || mailbox_.descriptor() < 0) return Error{Code::exhausted, "no file descriptors are left"};
  watch(epoll_.get(), mailbox_.descriptor(), EPOLLIN, EPOLL_CTL_ADD);
  const std::stop_callback wake(stop, [this] { mailbox_.post([] {}); });
  while (!stop.stop_requested()) {
    on_timers();
    machine_.move_on();
    if (keeper_ && !keeper_->flush()) lose_keeper();
    watch_keeper();

    epoll_event events[4];
    const int count = epoll_wait(epoll_.get(), events, 4, next_timeout());
    if (count < 0 && errno != EINTR) return Error{Code::unavailable, "the agent cannot wait for events"};
    for (int i = 0; i < count; ++i) {
      if (events[i].data.fd == mailbox_.descriptor()) {
        for (const auto& letter : mailbox_.take()) letter();
      } else if (keeper_ && events[i].data.fd == keeper_->descriptor()) {
        read_keeper();
      }
    }
    follow_order();
    if (outcome_) return *outcome_;
  }
  return AgentEnd::stopped;
}

int NodeLoop::next_timeout() const {
  const std::int64_t now = steady_now_ms();
  std::int64_t at = std::min({next_sample_ms_, next_disk_ms_, next_sweep_ms_});
  if (!keeper_) at = std::min(at, next_keeper_try_ms_);
  if (const auto next = machine_.next_at_ms()) at = std::min(at, *next);
  return static_cast<int>(std::clamp<std::int64_t>(at - now, 0, 60'000));
}

void NodeLoop::on_timers() {
  const std::int64_t now = steady_now_ms();
  if (!keeper_ && now >= next_keeper_try_ms_) reach_keeper();
  if (now >= next_sample_ms_) {
    machine_.sampled(sampler_.look());
    next_sample_ms_ = now + config_.sample_interval.count();
  }
  if (now >= next_disk_ms_) {
    next_disk_ms_ = now + kDiskMs;
    const auto free = free_bytes(config_.root);
    const bool is_full = free && *free < config_.min_free_bytes;
    if (is_full != is_disk_full_) {
      log::warn(is_full ? "disk_full" : "disk_has_room_again",
                {{"node", config_.node}, {"free_bytes", free.value_or(0)}});
      is_disk_full_ = is_full;
    }
    machine_.trouble(is_full ? "disk_full" : "");
  }
  if (now >= next_sweep_ms_) {
    next_sweep_ms_ = now + kSweepMs;
    (void)shelf_.sweep(wall_now_us(),
                       [this](const std::string& directory) { return machine_.is_directory_in_use(directory); });
    workers_->push([clear = shelf_.clear_trash()](Bench&) { clear(); });
  }
}

void NodeLoop::reach_keeper() {
  auto keeper = KeeperClient::connect(keeper_config_, config_.keeper_command, kKeeperPatience);
  if (!keeper.ok()) {
    log::error("keeper_not_reached", {{"node", config_.node}, {"error", keeper.error().message}});
    next_keeper_try_ms_ = steady_now_ms() + kKeeperAgainMs;
    return;
  }
  keeper_ = std::move(keeper).value();
  keeper_has_told_ = false;
  keeper_is_watched_for_room_ = false;
  watch(epoll_.get(), keeper_->descriptor(), EPOLLIN, EPOLL_CTL_ADD);
}

void NodeLoop::lose_keeper() {
  if (!keeper_) return;
  watch(epoll_.get(), keeper_->descriptor(), 0, EPOLL_CTL_DEL);
  keeper_.reset();
  next_keeper_try_ms_ = steady_now_ms();
}

// Wakes when a keeper whose socket was full has room again.
void NodeLoop::watch_keeper() {
  if (!keeper_ || keeper_->has_unsent() == keeper_is_watched_for_room_) return;
  keeper_is_watched_for_room_ = keeper_->has_unsent();
  watch(epoll_.get(), keeper_->descriptor(), EPOLLIN | (keeper_is_watched_for_room_ ? EPOLLOUT : 0u), EPOLL_CTL_MOD);
}

void NodeLoop::read_keeper() {
  const bool is_open = keeper_->fill();
  for (;;) {
    auto message = keeper_->next();
    if (!message.ok()) {
      log::error("keeper_bad_frame", {{"error", message.error().message}});
      lose_keeper();
      return;
    }
    if (!message.value()) break;
    switch (message.value()->kind) {
      case MessageKind::state:
        keeper_has_told_ = true;
        machine_.keeper_state(message.value()->state);
        break;
      case MessageKind::started: machine_.started(message.value()->started); break;
      case MessageKind::ended: machine_.ended(message.value()->ending); break;
      default: break;
    }
  }
  if (!is_open) lose_keeper();
}

// It ends what is left and goes; its socket closes when it has.
void NodeLoop::let_keeper_leave() {
  if (!keeper_) return;
  keeper_->leave();
  (void)keeper_->flush();
  while (keeper_->fill()) {
    for (auto message = keeper_->next(); message.ok() && message.value(); message = keeper_->next()) {
    }
    epoll_event event;
    if (epoll_wait(epoll_.get(), &event, 1, 10'000) == 0) break;
    if (event.data.fd == mailbox_.descriptor()) {
      for (const auto& letter : mailbox_.take()) letter();
    }
  }
  lose_keeper();
}

// The server ends what runs first; this comes last.
void NodeLoop::follow_order() {
  const auto order = machine_.due_order();
  if (!order) return;
  let_keeper_leave();
  if (*order == spec::NodeOrder::leave) {
    outcome_ = AgentEnd::left;
    return;
  }
  log::info(*order == spec::NodeOrder::reimage ? "node_reimaged" : "node_rebooted", {{"node", config_.node}});
  if (*order == spec::NodeOrder::reimage) reimage();
  machine_.forget_keeper();
}

void NodeLoop::reimage() {
  cache_->clear();
  for (const char* folder : {"startup", "shared", "workitems", "mounts", "certs"}) {
    std::error_code error;
    std::filesystem::remove_all(config_.root / folder, error);
    if (error) log::warn("directory_not_removed", {{"directory", folder}, {"error", error.message()}});
  }
  const auto made = make_node_folders(config_.root);
  if (!made.ok()) log::error("node_folders_not_made", {{"error", made.error().message}});
}

}  // namespace scoria::node
