#include "sim/agent.h"

#include <utility>

#include "node/launch.h"
#include "spec/command_line.h"

namespace scoria::sim {
namespace {

constexpr Duration kSocket(100);
constexpr Duration kKeeperAgain = std::chrono::milliseconds(500);
constexpr Duration kSamplePeriod = std::chrono::seconds(30);
constexpr int kUploadTries = 60;

node::AgentConfig config_of(const Agent::Place& place) {
  node::AgentConfig config;
  config.pool = place.pool;
  config.node = place.node;
  config.root = "/mnt/" + place.node;
  config.slots = place.slots;
  config.cores = place.slots;
  config.memory_bytes = 8ull << 30;
  config.devices = place.devices;
  config.ip_address = "10.0.0.1";
  return config;
}

// Sends an error unless the answer was given: what waits at a server that dies is closed.
class Answer {
 public:
  explicit Answer(std::function<void(Result<std::string>)> send) : send_(std::move(send)) {}
  ~Answer() {
    if (send_) send_(Error{Code::unavailable, "the connection was closed"});
  }
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  void give(Result<std::string> answer) {
    if (const auto send = std::exchange(send_, nullptr)) send(std::move(answer));
  }

 private:
  std::function<void(Result<std::string>)> send_;
};

}  // namespace

Agent::Agent(Parts parts, const Place& place, const Faults& faults, Random random, FindKeeper find_keeper)
    : parts_(std::move(parts)),
      place_(place),
      faults_(faults),
      random_(random),
      find_keeper_(std::move(find_keeper)),
      config_(config_of(place)),
      life_(parts_.timeline),
      machine_(config_, *this) {
  life_.begin();
  reach_keeper();
  sample();
}

std::int64_t Agent::steady_ms() const {
  return std::chrono::floor<std::chrono::milliseconds>(parts_.clock.now().steady.time_since_epoch()).count();
}

std::int64_t Agent::wall_us() const { return parts_.clock.now().wall.time_since_epoch().count(); }

void Agent::reach_keeper() {
  if (keeper_ != nullptr || has_left_) return;
  keeper_ = find_keeper_(/*may_start=*/true);
  if (keeper_ == nullptr) {
    life_.after(kKeeperAgain, [this] { reach_keeper(); });
    return;
  }
  keeper_has_told_ = false;
  keeper_->connect([this, connection = ++connection_, life = &life_](node::Message message) {
    life->after(kSocket, [this, connection, message = std::move(message)] {
      if (connection == connection_) hear_keeper(message);
    });
  });
}

void Agent::lose_keeper() {
  if (keeper_ == nullptr) return;
  keeper_ = nullptr;
  ++connection_;
  life_.after(kSocket, [this] { reach_keeper(); });
}

void Agent::hear_keeper(const node::Message& message) {
  switch (message.kind) {
    case node::MessageKind::state:
      keeper_has_told_ = true;
      machine_.keeper_state(message.state);
      break;
    case node::MessageKind::started: machine_.started(message.started); break;
    case node::MessageKind::ended: machine_.ended(message.ending); break;
    default: break;
  }
  move_on();
}

void Agent::to_keeper(node::Message message) {
  if (!has_keeper()) return;
  // Written to the socket before whatever happens to the agent next: the keeper gets it, unless it dies first.
  parts_.timeline.after(kSocket, [find = find_keeper_, keeper = keeper_, message = std::move(message)] {
    if (keeper != nullptr && find(/*may_start=*/false) == keeper) keeper->take(message);
  });
}

void Agent::keeper_start(const node::StartCommand& command) {
  node::Message message;
  message.kind = node::MessageKind::start;
  message.start = command;
  to_keeper(std::move(message));
}

void Agent::keeper_kill(const node::KillCommand& command) {
  node::Message message;
  message.kind = node::MessageKind::kill;
  message.kill = command;
  to_keeper(std::move(message));
}

void Agent::keeper_forget(std::uint64_t attempt) {
  node::Message message;
  message.kind = node::MessageKind::forget;
  message.attempt = attempt;
  to_keeper(std::move(message));
}

void Agent::keeper_renew(std::int64_t lease_until_ms) {
  node::Message message;
  message.kind = node::MessageKind::renew;
  message.lease_until_ms = lease_until_ms;
  to_keeper(std::move(message));
}

void Agent::exchange(std::uint64_t id, std::string request, std::chrono::milliseconds timeout) {
  ++exchanges_;
  const auto serve = [server = &parts_.server, pool = place_.pool, node = place_.node, hash = "#" + place_.token,
                      request = std::move(request)](std::function<void(Result<std::string>)> reply) {
    const auto answer = std::make_shared<Answer>(std::move(reply));
    server->sync(pool, node, hash, request, [answer](Result<std::string> text) { answer->give(std::move(text)); });
  };
  parts_.network.call<Result<std::string>>(
      place_.machine, parts_.server_machine, timeout, serve,
      [this, id, life = life_.token()](std::optional<Result<std::string>> reply) {
        if (life.expired()) return;
        life_.after(Duration(0), [this, id, reply = std::move(reply)] {
          --exchanges_;
          machine_.answered(id, reply ? *reply : Result<std::string>(Error{Code::unavailable, "no answer"}));
          move_on();
        });
      });
}

void Agent::launch(const spec::StartOrder& order, Cancelled cancelled) {
  node::Launch launch;
  launch.command.attempt = order.attempt;
  launch.command.note = node::Launcher::note_of(order);
  launch.command.wall_limit_ms = node::constraint_us(order, "maxWallClockTime").value_or(0) / 1000;
  launch.command.grace_ms = config_.kill_grace.count();
  auto words = spec::split_command_line(order.spec.value("commandLine", "sim 10 0"));
  if (words.ok()) launch.command.arguments = std::move(words).value();
  if (!takes_long(order)) return machine_.launched(order.attempt, launch);
  const Duration takes(random_.chance(faults_.slow_launch) ? random_.between(100'000, 8'000'000)
                                                           : random_.between(1'000, 100'000));
  life_.after(takes, [this, launch = std::move(launch), attempt = order.attempt, cancelled = std::move(cancelled)] {
    if (*cancelled || random_.chance(faults_.failed_launch)) {
      machine_.launched(attempt, spec::Failure{"servererror", "BlobDownloadTimedOut", "cancelled, or lost", {}});
    } else {
      machine_.launched(attempt, launch);
    }
    move_on();
  });
}

void Agent::fetch_images(const spec::StartOrder& order, Cancelled) {
  life_.after(Duration(random_.between(1'000, 500'000)), [this, attempt = order.attempt] {
    machine_.images_fetched(attempt, std::nullopt);
    move_on();
  });
}

void Agent::upload(const spec::StartOrder& order, bool, Cancelled cancelled) {
  life_.after(Duration(random_.between(500, 300'000)),
              [this, order, cancelled = std::move(cancelled)] { try_upload(order, kUploadTries, cancelled); });
}

void Agent::try_upload(const spec::StartOrder& order, int tries, Cancelled cancelled) {
  const auto end = [this, attempt = order.attempt](node::UploadResult result) {
    machine_.uploaded(attempt, std::move(result));
    move_on();
  };
  if (*cancelled) return end({});
  if (tries == 0 || random_.chance(faults_.failed_upload)) {
    return end({.failure = spec::Failure{"servererror", "FileUploadMiscError", "the upload failed", {}}});
  }
  const auto serve = [server = &parts_.server, outputs = &parts_.outputs,
                      attempt = order.attempt](std::function<void(bool)> reply) {
    if (!server->is_up()) return reply(false);
    outputs->stage(attempt);
    reply(true);
  };
  parts_.network.call<bool>(
      place_.machine, parts_.server_machine, std::chrono::seconds(5), serve,
      [this, order, tries, cancelled, end, life = life_.token()](std::optional<bool> reply) {
        if (life.expired()) return;
        if (reply.value_or(false)) {
          life_.after(Duration(0), [end] { end({.failure = std::nullopt, .has_staged = true, .uploaded = 1}); });
        } else {
          life_.after(std::chrono::seconds(1),
                      [this, order, tries, cancelled] { try_upload(order, tries - 1, cancelled); });
        }
      });
}

void Agent::sample() {
  spec::NodeSample seen;
  seen.at_us = wall_us();
  seen.cpu_percent = static_cast<double>(random_.below(100));
  machine_.sampled(seen);
  move_on();
  life_.after(kSamplePeriod, [this] { sample(); });
}

void Agent::move_on() {
  if (leaving_for_ || has_left_) return;
  machine_.move_on();
  follow_order();
  const auto next = machine_.next_at_ms();
  if (!next || (planned_ms_ && *planned_ms_ <= *next && *planned_ms_ > steady_ms())) return;
  planned_ms_ = next;
  const std::int64_t wait = std::max<std::int64_t>(*next - steady_ms(), 1);
  life_.after(std::chrono::milliseconds(wait), [this] {
    planned_ms_.reset();
    move_on();
  });
}

void Agent::follow_order() {
  const auto order = machine_.due_order();
  if (!order) return;
  leaving_for_ = order;
  node::Message leave;
  leave.kind = node::MessageKind::leave;
  to_keeper(std::move(leave));
  life_.after(2 * kSocket, [this] { wait_for_keeper_to_leave(); });
}

void Agent::wait_for_keeper_to_leave() {
  if (keeper_ != nullptr && !keeper_->has_left()) {
    life_.after(std::chrono::milliseconds(50), [this] { wait_for_keeper_to_leave(); });
    return;
  }
  const auto order = std::exchange(leaving_for_, std::nullopt);
  if (*order == spec::NodeOrder::leave) {
    has_left_ = true;
    return;
  }
  keeper_ = nullptr;
  ++connection_;
  machine_.forget_keeper();
  reach_keeper();
  move_on();
}

}  // namespace scoria::sim
