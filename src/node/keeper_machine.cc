#include "node/keeper_machine.h"

#include <algorithm>
#include <csignal>

#include "base/log.h"
#include "base/seeded_bug.h"

namespace scoria::node {
namespace {

constexpr std::int64_t kCleanupPatience = 30'000;
constexpr const char* kLostLease = "lost_lease";
constexpr std::int64_t kKillAgain = 1'000;  // should something have started meanwhile

}  // namespace

void KeeperMachine::take_over(std::map<std::uint64_t, SpooledAttempt> found, std::string boot_id) {
  if (!boot_id.empty()) boot_id_ = std::move(boot_id);
  held_ = std::move(found);
  for (auto& [attempt, entry] : held_) {
    if (entry.kept.ending) continue;
    if (entry.kept.pid > 0 && !has_bug(SeededBug::leftovers_live_on))
      around_.end_leftover(entry.kept.pid, entry.born_ms);
    Ending ending{.attempt = attempt, .at_us = around_.wall_us(), .is_lost = true};
    around_.spool_ending(ending);
    entry.kept.ending = std::move(ending);
    log::warn("attempt_lost", {{"attempt", attempt}, {"pid", entry.kept.pid}});
  }
  around_.flush_spool();
}

KeeperState KeeperMachine::state() const {
  KeeperState state{.boot_id = boot_id_, .attempts = {}};
  for (const auto& [attempt, entry] : held_) state.attempts.push_back(entry.kept);
  return state;
}

void KeeperMachine::take(const std::vector<Message>& messages) {
  for (const Message& message : messages) {
    if (message.kind == MessageKind::start && !held_.contains(message.start.attempt)) {
      around_.spool_intent(message.start.attempt, message.start.note);
    }
  }
  around_.flush_spool();
  for (const Message& message : messages) {
    switch (message.kind) {
      case MessageKind::start: start(message.start); break;
      case MessageKind::kill: kill_attempt(message.kill); break;
      case MessageKind::forget: forget(message.attempt); break;
      case MessageKind::leave: end_all(0); break;
      case MessageKind::renew: renew(message.lease_until_ms); break;
      default: break;
    }
  }
}

void KeeperMachine::start(const StartCommand& command) {
  if (held_.contains(command.attempt)) return;
  auto& entry = held_[command.attempt];
  entry.kept.attempt = command.attempt;
  entry.kept.note = command.note;
  if (is_leaving_) {
    return finish({.attempt = command.attempt, .at_us = around_.wall_us(), .reason = "node_leaves"});
  }
  if (command.lease_until_ms > 0 && command.lease_until_ms <= around_.steady_ms()) {
    return finish({.attempt = command.attempt, .at_us = around_.wall_us(), .reason = kLostLease});
  }
  if (command.is_warm && around_.start_warm(command)) return;
  start_held(command);
}

void KeeperMachine::start_held(const StartCommand& command) {
  auto born = around_.spawn(command);
  if (!born.ok()) {
    return finish({.attempt = command.attempt,
                   .at_us = around_.wall_us(),
                   .failure_code = born.error().api_code,
                   .failure_message = born.error().message});
  }
  begun(command, born.value());
}

void KeeperMachine::begun(const StartCommand& command, KeeperSurroundings::Born born) {
  const std::int64_t now_us = around_.wall_us();
  auto& entry = held_[command.attempt];
  entry.born_ms = born.born_ms;
  entry.kept.pid = born.pid;
  entry.kept.started_us = now_us;
  Running running{.attempt = command.attempt,
                  .pid = born.pid,
                  .lease_until_ms = command.lease_until_ms,
                  .wall_grace_ms = command.grace_ms,
                  .cleanup = command.cleanup};
  if (command.wall_limit_ms > 0) running.wall_deadline_ms = around_.steady_ms() + command.wall_limit_ms;
  running_.emplace(born.pid, std::move(running));
  pids_.emplace(command.attempt, born.pid);
  around_.tell_started({command.attempt, born.pid, now_us});
}

void KeeperMachine::kill_attempt(const KillCommand& command) {
  const auto pid = pids_.find(command.attempt);
  // Ended, or not begun by the warm scorer: the agent asks again when it hears of its start.
  if (pid == pids_.end()) return;
  kill_group(running_.at(pid->second), command.grace_ms, command.reason);
}

void KeeperMachine::kill_group(Running& running, std::int64_t grace_ms, std::string reason) {
  const std::int64_t deadline = around_.steady_ms() + std::max<std::int64_t>(grace_ms, 0);
  if (running.kill_deadline_ms == 0) {
    running.reason = std::move(reason);
    running.kill_deadline_ms = deadline;
    if (grace_ms > 0) {
      around_.signal(running.pid, SIGTERM);
      around_.signal(running.pid, SIGCONT);  // what is stopped takes no signal
      return;
    }
  }
  running.kill_deadline_ms = std::min(running.kill_deadline_ms, deadline);
}

void KeeperMachine::forget(std::uint64_t attempt) {
  const auto entry = held_.find(attempt);
  if (entry == held_.end() || !entry->second.kept.ending) return;
  held_.erase(entry);
  around_.spool_forgotten(attempt);
}

void KeeperMachine::renew(std::int64_t lease_until_ms) {
  for (auto& [pid, running] : running_) {
    if (running.lease_until_ms > 0)
      running.lease_until_ms =
          std::max(running.lease_until_ms, lease_until_ms) + (has_bug(SeededBug::renewed_without_end) ? 60'000 : 0);
  }
}

void KeeperMachine::end_all(std::int64_t grace_ms) {
  for (auto& [pid, running] : running_) {
    if (!running.end_of) kill_group(running, grace_ms, "node_leaves");
  }
  is_leaving_ = true;
}

void KeeperMachine::look_at_deadlines() {
  const std::int64_t now = around_.steady_ms();
  for (auto& [pid, running] : running_) {
    if (running.kill_deadline_ms == 0 && running.wall_deadline_ms > 0 && running.wall_deadline_ms <= now) {
      kill_group(running, running.wall_grace_ms, "timeout");
    }
    if (running.lease_until_ms > 0 && running.lease_until_ms <= now) kill_group(running, 0, kLostLease);
    if (running.kill_deadline_ms > 0 && running.kill_deadline_ms <= now) {
      if (!has_bug(SeededBug::never_killed)) around_.signal(pid, SIGKILL);
      running.kill_deadline_ms = now + kKillAgain;
    }
  }
}

std::optional<std::int64_t> KeeperMachine::next_deadline_ms() const {
  std::optional<std::int64_t> next;
  for (const auto& [pid, running] : running_) {
    const std::int64_t wall = running.kill_deadline_ms > 0 ? running.kill_deadline_ms : running.wall_deadline_ms;
    // Once it is being killed, kill_deadline_ms says when that is tried again.
    const std::int64_t lease = running.reason == kLostLease ? 0 : running.lease_until_ms;
    for (const std::int64_t at : {wall, lease}) {
      if (at > 0 && (!next || at < *next)) next = at;
    }
  }
  return next;
}

bool KeeperMachine::ended(int pid, int exit_code, bool was_signalled) {
  const auto found = running_.find(pid);
  if (found == running_.end()) return false;
  Running running = std::move(found->second);
  running_.erase(found);
  if (running.end_of) {
    finish(std::move(*running.end_of));
    return true;
  }
  pids_.erase(running.attempt);
  // The rest of its group: an attempt is over when its process is.
  around_.clear_away(running.attempt, pid);
  const bool was_killed = was_signalled || !running.reason.empty();
  Ending ending{.attempt = running.attempt,
                .at_us = around_.wall_us(),
                .exit_code = exit_code,
                .reason = std::move(running.reason)};
  if (!was_killed || !clean_up(running.cleanup, ending)) finish(std::move(ending));
  return true;
}

// False: there is nothing to do, or it cannot be done.
bool KeeperMachine::clean_up(const std::vector<std::string>& command, Ending& ending) {
  if (command.empty()) return false;
  const auto pid = around_.spawn_cleanup(command);
  if (!pid.ok()) {
    log::warn("cleanup_not_started", {{"attempt", ending.attempt}, {"error", pid.error().message}});
    return false;
  }
  const std::uint64_t attempt = ending.attempt;
  Running running{.attempt = attempt,
                  .pid = pid.value(),
                  .wall_deadline_ms = around_.steady_ms() + kCleanupPatience,
                  .end_of = std::move(ending)};
  running_.emplace(pid.value(), std::move(running));
  return true;
}

void KeeperMachine::finish(Ending ending) {
  around_.spool_ending(ending);
  around_.tell_ended(ending);
  held_[ending.attempt].kept.ending = std::move(ending);
}

}  // namespace scoria::node
