// NodeLoop: what becomes of attempts.
#include <algorithm>

#include "base/log.h"
#include "node/node_loop.h"

namespace scoria::node {
namespace {

constexpr std::size_t kRemembered = 100'000;  // attempts that are over

}  // namespace

spec::Phase NodeLoop::phase_of(Attempt::Stage stage) {
  switch (stage) {
    case Attempt::Stage::queued: return spec::Phase::queued;
    case Attempt::Stage::preparing: return spec::Phase::preparing;
    case Attempt::Stage::ended: return spec::Phase::ended;
    default: return spec::Phase::running;
  }
}

void NodeLoop::take_start(const spec::StartOrder& order) {
  if (attempts_.contains(order.attempt) || done_.contains(order.attempt)) return;
  Attempt attempt;
  attempt.order = order;
  attempts_.emplace(order.attempt, std::move(attempt));
  queue_.push_back(order.attempt);
}

void NodeLoop::start_queued() {
  if (!keeper_ || boot_id_.empty()) return;
  bool has_waiting = false;
  for (auto id = queue_.begin(); id != queue_.end();) {
    const auto found = attempts_.find(*id);
    if (found == attempts_.end() || found->second.stage != Attempt::Stage::queued) {
      id = queue_.erase(id);
      continue;
    }
    const spec::StartOrder& order = found->second.order;
    // In order: a wide one that waits is not overtaken for ever by narrow ones.
    if (order.may_wait && (has_waiting || slots_used_ + order.slots > config_.slots)) {
      has_waiting = true;
      ++id;
      continue;
    }
    id = queue_.erase(id);
    begin(found->second);
  }
}

void NodeLoop::begin(Attempt& attempt) {
  slots_used_ += attempt.order.slots;
  attempt.stage = Attempt::Stage::preparing;
  if (!launcher_.takes_long(attempt.order)) {
    launched(attempt.order.attempt, launcher_.launch(attempt.order, nullptr, nullptr));
    return;
  }
  tell({.kind = spec::Event::Kind::preparing, .attempt = attempt.order.attempt, .at_us = wall_now_us()});
  if (attempt.order.kind == spec::RunKind::images) {
    workers_->push([this, order = attempt.order, is_cancelled = attempt.is_cancelled](Bench& bench) {
      auto failure = launcher_.fetch_images(order, bench, is_cancelled.get());
      mailbox_.post([this, id = order.attempt, failure = std::move(failure)] {
        const auto found = attempts_.find(id);
        if (found == attempts_.end() || found->second.stage != Attempt::Stage::preparing) return;
        end_unrun(found->second, found->second.stop ? std::nullopt : failure);
      });
    });
    return;
  }
  workers_->push([this, order = attempt.order, is_cancelled = attempt.is_cancelled](Bench& bench) {
    auto result = launcher_.launch(order, &bench, is_cancelled.get());
    mailbox_.post([this, id = order.attempt, result = std::move(result)] { launched(id, result); });
  });
}

void NodeLoop::launched(std::uint64_t id, std::variant<Launch, spec::Failure> result) {
  const auto found = attempts_.find(id);
  if (found == attempts_.end() || found->second.stage != Attempt::Stage::preparing) return;
  Attempt& attempt = found->second;
  if (attempt.stop) {
    end_unrun(attempt, std::nullopt);
  } else if (auto* failure = std::get_if<spec::Failure>(&result)) {
    end_unrun(attempt, std::move(*failure));
  } else {
    give_to_keeper(attempt, std::move(std::get<Launch>(result)));
  }
}

void NodeLoop::give_to_keeper(Attempt& attempt, Launch launch) {
  attempt.stage = Attempt::Stage::running;
  attempt.container = std::move(launch.container);
  attempt.is_kept = true;
  attempt.command = std::move(launch.command);
  if (keeper_) keeper_->start(*attempt.command);
}

void NodeLoop::on_started(const StartedNotice& notice) {
  const auto found = attempts_.find(notice.attempt);
  if (found == attempts_.end()) return;
  Attempt& attempt = found->second;
  attempt.command.reset();
  tell({.kind = spec::Event::Kind::started, .attempt = notice.attempt, .at_us = notice.at_us});
  // A stop that came while the warm scorer was making it.
  if (attempt.stop) keeper_->kill({notice.attempt, attempt.stop->grace_ms, attempt.stop->reason});
}

void NodeLoop::take_stop(const spec::StopOrder& stop) {
  const auto found = attempts_.find(stop.attempt);
  if (found == attempts_.end()) return;  // its absence is the answer
  Attempt& attempt = found->second;
  const bool is_take_back = stop.reason == "take_back";
  if (is_take_back && attempt.stage != Attempt::Stage::queued) return;
  const bool is_first = !attempt.stop;
  if (is_first || stop.grace_ms < attempt.stop->grace_ms) attempt.stop = stop;
  switch (attempt.stage) {
    case Attempt::Stage::queued: end_unrun(attempt, std::nullopt); break;
    case Attempt::Stage::preparing: *attempt.is_cancelled = true; break;
    case Attempt::Stage::running:
      // Again is no new grace, as the keeper takes the earlier end of two.
      if (keeper_ && is_first) keeper_->kill({stop.attempt, stop.grace_ms, stop.reason});
      break;
    case Attempt::Stage::uploading:
      // Its process is over. Whose outputs they are now is not for this node to say.
      if (stop.reason == "lost_fence") *attempt.is_cancelled = true;
      break;
    case Attempt::Stage::parked: end(attempt, std::nullopt, false); break;
    case Attempt::Stage::ended: break;
  }
}

void NodeLoop::on_ended(const Ending& ending) {
  const auto found = attempts_.find(ending.attempt);
  if (found == attempts_.end()) {
    keeper_->forget(ending.attempt);  // given up before, or of an agent whose server has forgotten it
    return;
  }
  Attempt& attempt = found->second;
  if (attempt.stage != Attempt::Stage::running) return;
  attempt.command.reset();
  attempt.ending = ending;
  const bool is_given_up = ending.reason == "lost_fence" || ending.reason == "preempted";
  if (!is_given_up && ending.exit_code && Launcher::has_outputs(attempt.order, *ending.exit_code == 0)) {
    if (is_fenced())
      attempt.stage = Attempt::Stage::parked;
    else
      upload(attempt);
    return;
  }
  end(attempt, std::nullopt, false);
}

void NodeLoop::upload(Attempt& attempt) {
  attempt.stage = Attempt::Stage::uploading;
  const bool has_succeeded = attempt.ending->exit_code == 0;
  workers_->push([this, order = attempt.order, has_succeeded, is_cancelled = attempt.is_cancelled](Bench& bench) {
    auto result = launcher_.upload(order, has_succeeded, bench, is_cancelled.get());
    mailbox_.post([this, id = order.attempt, result = std::move(result)] {
      const auto found = attempts_.find(id);
      if (found == attempts_.end() || found->second.stage != Attempt::Stage::uploading) return;
      const bool is_given_up = *found->second.is_cancelled;
      end(found->second, is_given_up ? std::nullopt : result.failure, !is_given_up && result.has_staged);
    });
  });
}

void NodeLoop::unpark() {
  for (auto& [id, attempt] : attempts_) {
    if (attempt.stage == Attempt::Stage::parked) upload(attempt);
  }
}

void NodeLoop::end(Attempt& attempt, std::optional<spec::Failure> failure, bool has_outputs) {
  const Ending& ending = *attempt.ending;
  slots_used_ -= attempt.order.slots;
  attempt.stage = Attempt::Stage::ended;
  if (!failure && !ending.failure_code.empty()) {
    failure = spec::Failure{"usererror", ending.failure_code, ending.failure_message, {}};
  }
  if (!failure && !attempt.container.empty() && ending.reason.empty() && ending.exit_code) {
    failure = launcher_.container_refused(attempt.order, *ending.exit_code);
  }
  if (!failure && ending.reason.empty() && ending.exit_code.value_or(0) != 0) {
    failure = spec::Failure{"usererror",
                            "FailureExitCode",
                            "The task exited with an exit code representing a failure",
                            {{"Message", "The task exited with an exit code representing a failure"}}};
  }
  if (const auto keep = constraint_us(attempt.order, "retentionTime");
      keep && attempt.order.kind == spec::RunKind::task) {
    shelf_.keep(attempt.order.directory, wall_now_us() + *keep);
  }
  spec::Event event{.kind = spec::Event::Kind::ended, .attempt = attempt.order.attempt, .at_us = ending.at_us};
  event.exit_code = ending.exit_code;
  event.failure = std::move(failure);
  event.has_outputs = has_outputs;
  event.reason = ending.reason;
  event.container = attempt.container;
  tell(std::move(event));
}

// Of an attempt whose keeper did not see its end.
void NodeLoop::remove_left_container(const std::string& name) {
  workers_->push([this, name](Bench&) { remove_container(config_.containers, name); });
}

// It never came to be.
void NodeLoop::end_unrun(Attempt& attempt, std::optional<spec::Failure> failure) {
  if (attempt.stage == Attempt::Stage::queued) slots_used_ += attempt.order.slots;  // end() gives them back
  Ending ending{.attempt = attempt.order.attempt, .at_us = wall_now_us()};
  if (attempt.stop) ending.reason = attempt.stop->reason;
  attempt.ending = std::move(ending);
  end(attempt, std::move(failure), false);
}

void NodeLoop::acknowledge(const std::vector<std::uint64_t>& ids) {
  if (ids.empty()) return;
  const std::unordered_set<std::uint64_t> known(ids.begin(), ids.end());
  std::deque<PendingEvent> left;
  for (auto& pending : events_) {
    if (!known.contains(pending.id)) {
      left.push_back(std::move(pending));
      continue;
    }
    if (pending.event.kind != spec::Event::Kind::ended) continue;
    const std::uint64_t attempt = pending.event.attempt;
    const auto found = attempts_.find(attempt);
    if (found == attempts_.end()) continue;
    if (found->second.is_kept && keeper_) keeper_->forget(attempt);
    attempts_.erase(found);
    done_.insert(attempt);
    done_order_.push_back(attempt);
    if (done_order_.size() > kRemembered) {
      done_.erase(done_order_.front());
      done_order_.pop_front();
    }
  }
  events_ = std::move(left);
}

// The keeper that owned the processes is gone, or this node starts anew.
void NodeLoop::drop_all() {
  for (auto& [id, attempt] : attempts_) {
    *attempt.is_cancelled = true;
    if (!attempt.container.empty()) {
      remove_left_container(attempt.container);
    }
    done_.insert(id);
    done_order_.push_back(id);
  }
  attempts_.clear();
  queue_.clear();
  events_.clear();
  slots_used_ = 0;
}

bool NodeLoop::is_directory_in_use(const std::string& directory) const {
  return std::any_of(attempts_.begin(), attempts_.end(), [&](const auto& entry) {
    return entry.second.stage != Attempt::Stage::ended && entry.second.order.directory == directory;
  });
}

}  // namespace scoria::node
