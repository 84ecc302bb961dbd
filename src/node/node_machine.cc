// NodeMachine: what becomes of attempts.
#include "node/node_machine.h"

#include <algorithm>

#include "base/log.h"
#include "base/seeded_bug.h"

namespace scoria::node {
namespace {

constexpr std::size_t kRemembered = 100'000;  // attempts that are over

constexpr std::int64_t kLeaseWithoutFence = 12'000;

bool is_single_writer(const spec::StartOrder& order) {
  const auto constraints = order.spec.find("constraints");
  return constraints != order.spec.end() && constraints->is_object() && constraints->value("singleWriter", false);
}

}  // namespace

NodeMachine::NodeMachine(const AgentConfig& config, NodeSurroundings& surroundings)
    : config_(config), around_(surroundings), last_heard_ms_(surroundings.steady_ms()) {
  begin_session();
}

void NodeMachine::begin_session() {
  session_ = around_.random_id();
  sequence_ = 0;
  facts_are_known_ = false;
  has_news_ = true;
}

void NodeMachine::move_on() {
  start_queued();
  send_when_due();
}

void NodeMachine::keeper_state(const KeeperState& state) {
  if (!boot_id_.empty() && state.boot_id != boot_id_) {
    log::warn("keeper_is_another", {{"node", config_.node}, {"attempts", attempts_.size()}});
    drop_all();
  }
  if (state.boot_id != boot_id_) {
    boot_id_ = state.boot_id;
    facts_are_known_ = false;
    has_news_ = true;
  }
  std::unordered_set<std::uint64_t> kept_ids;
  for (const auto& kept : state.attempts) {
    kept_ids.insert(kept.attempt);
    take_kept(kept);
  }
  for (auto& [id, attempt] : attempts_) {
    if (attempt.stage != Attempt::Stage::running) continue;
    // Orders that were on their way when the socket broke.
    if (attempt.command && !kept_ids.contains(id)) around_.keeper_start(*attempt.command);
    if (attempt.stop) around_.keeper_kill({id, attempt.stop->grace_ms, attempt.stop->reason});
  }
}

void NodeMachine::take_kept(const KeptAttempt& kept) {
  if (attempts_.contains(kept.attempt)) {
    if (kept.ending) ended(*kept.ending);
    return;
  }
  auto order = Launcher::read_note(kept.note);
  if (!order.ok() || (kept.ending && kept.ending->is_lost) || done_.contains(kept.attempt)) {
    // The server learns of the loss by the keeper's boot id.
    if (!order.ok()) log::error("attempt_not_known", {{"attempt", kept.attempt}, {"error", order.error().message}});
    if (order.ok()) {
      if (const std::string container = around_.container_of(order.value()); !container.empty()) {
        around_.remove_container(container);
      }
    }
    around_.keeper_kill({kept.attempt, 0, "lost_fence"});
    around_.keeper_forget(kept.attempt);
    return;
  }
  Attempt attempt;
  attempt.order = std::move(order).value();
  attempt.stage = Attempt::Stage::running;
  attempt.is_kept = true;
  attempt.container = around_.container_of(attempt.order);
  slots_used_ += attempt.order.slots;
  attempts_.emplace(kept.attempt, std::move(attempt));
  if (kept.started_us != 0) {
    tell({.kind = spec::Event::Kind::started, .attempt = kept.attempt, .at_us = kept.started_us});
  }
  if (kept.ending) ended(*kept.ending);
}

void NodeMachine::sampled(const spec::NodeSample& sample) {
  sample_ = sample;
  has_news_ = true;
}

void NodeMachine::trouble(std::string text) {
  if (text == trouble_) return;
  trouble_ = std::move(text);
  has_news_ = true;
}

std::optional<spec::NodeOrder> NodeMachine::due_order() {
  if (order_ == spec::NodeOrder::none || !attempts_.empty()) return std::nullopt;
  return std::exchange(order_, spec::NodeOrder::none);
}

void NodeMachine::forget_keeper() {
  drop_all();
  boot_id_.clear();
  begin_session();
}

spec::Phase NodeMachine::phase_of(Attempt::Stage stage) {
  switch (stage) {
    case Attempt::Stage::queued: return spec::Phase::queued;
    case Attempt::Stage::preparing: return spec::Phase::preparing;
    case Attempt::Stage::ended: return spec::Phase::ended;
    default: return spec::Phase::running;
  }
}

void NodeMachine::take_start(const spec::StartOrder& order) {
  if (attempts_.contains(order.attempt) || done_.contains(order.attempt)) return;
  Attempt attempt;
  attempt.order = order;
  attempts_.emplace(order.attempt, std::move(attempt));
  queue_.push_back(order.attempt);
}

void NodeMachine::start_queued() {
  if (!around_.has_keeper() || boot_id_.empty()) return;
  bool has_waiting = false;
  for (auto id = queue_.begin(); id != queue_.end();) {
    const auto found = attempts_.find(*id);
    if (found == attempts_.end() || found->second.stage != Attempt::Stage::queued) {
      id = queue_.erase(id);
      continue;
    }
    const spec::StartOrder& order = found->second.order;
    // In order: a wide one that waits is not overtaken for ever by narrow ones.
    if (order.slots > 0 && (has_waiting || !has_room(order))) {
      has_waiting = true;
      ++id;
      continue;
    }
    id = queue_.erase(id);
    begin(found->second);
  }
}

// Slots and devices may still be in use by what the server has given up already: after a silence it knows less than the node.
bool NodeMachine::has_room(const spec::StartOrder& order) const {
  if (has_bug(SeededBug::room_ignored)) return true;
  if (slots_used_ + order.slots > config_.slots && slots_used_ > 0) return false;
  return std::ranges::none_of(order.devices, [this](int device) {
    return std::ranges::any_of(attempts_, [device](const auto& entry) {
      const Attempt::Stage stage = entry.second.stage;
      if (stage == Attempt::Stage::queued || stage == Attempt::Stage::ended) return false;
      return std::ranges::count(entry.second.order.devices, device) > 0;
    });
  });
}

void NodeMachine::begin(Attempt& attempt) {
  slots_used_ += attempt.order.slots;
  attempt.stage = Attempt::Stage::preparing;
  const bool fetches = attempt.order.kind == spec::RunKind::images;
  if (fetches || around_.takes_long(attempt.order)) {
    tell({.kind = spec::Event::Kind::preparing, .attempt = attempt.order.attempt, .at_us = around_.wall_us()});
  }
  if (fetches)
    around_.fetch_images(attempt.order, attempt.is_cancelled);
  else
    around_.launch(attempt.order, attempt.is_cancelled);
}

NodeMachine::Attempt* NodeMachine::find(std::uint64_t attempt, Attempt::Stage stage) {
  const auto found = attempts_.find(attempt);
  return found == attempts_.end() || found->second.stage != stage ? nullptr : &found->second;
}

void NodeMachine::launched(std::uint64_t id, std::variant<Launch, spec::Failure> result) {
  Attempt* attempt = find(id, Attempt::Stage::preparing);
  if (attempt == nullptr) return;
  if (attempt->stop) {
    end_unrun(*attempt, std::nullopt);
  } else if (auto* failure = std::get_if<spec::Failure>(&result)) {
    end_unrun(*attempt, std::move(*failure));
  } else {
    give_to_keeper(*attempt, std::move(std::get<Launch>(result)));
  }
}

void NodeMachine::images_fetched(std::uint64_t id, std::optional<spec::Failure> failure) {
  Attempt* attempt = find(id, Attempt::Stage::preparing);
  if (attempt != nullptr) end_unrun(*attempt, attempt->stop ? std::nullopt : std::move(failure));
}

void NodeMachine::give_to_keeper(Attempt& attempt, Launch launch) {
  if (is_single_writer(attempt.order)) launch.command.lease_until_ms = lease_until_ms();
  attempt.stage = Attempt::Stage::running;
  attempt.container = std::move(launch.container);
  attempt.is_kept = true;
  attempt.command = std::move(launch.command);
  around_.keeper_start(*attempt.command);
}

void NodeMachine::started(const StartedNotice& notice) {
  const auto found = attempts_.find(notice.attempt);
  if (found == attempts_.end()) return;
  Attempt& attempt = found->second;
  attempt.command.reset();
  tell({.kind = spec::Event::Kind::started, .attempt = notice.attempt, .at_us = notice.at_us});
  // A stop that came while the warm scorer was making it.
  if (attempt.stop) around_.keeper_kill({notice.attempt, attempt.stop->grace_ms, attempt.stop->reason});
}

void NodeMachine::take_stop(const spec::StopOrder& stop) {
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
      if (is_first) around_.keeper_kill({stop.attempt, stop.grace_ms, stop.reason});
      break;
    case Attempt::Stage::uploading:
      // Its process is over. Whose outputs they are now is not for this node to say.
      if (stop.reason == "lost_fence") *attempt.is_cancelled = true;
      break;
    case Attempt::Stage::parked: end(attempt, std::nullopt, false); break;
    case Attempt::Stage::ended: break;
  }
}

void NodeMachine::ended(const Ending& ending) {
  const auto found = attempts_.find(ending.attempt);
  if (found == attempts_.end()) {
    around_.keeper_forget(ending.attempt);  // given up before, or of an agent whose server has forgotten it
    return;
  }
  Attempt& attempt = found->second;
  if (attempt.stage != Attempt::Stage::running) return;
  attempt.command.reset();
  attempt.ending = ending;
  const bool is_given_up =
      ending.reason == "lost_fence" || ending.reason == "lost_lease" || ending.reason == "preempted";
  if (!is_given_up && ending.exit_code && Launcher::has_outputs(attempt.order, *ending.exit_code == 0)) {
    if (is_fenced())
      attempt.stage = Attempt::Stage::parked;
    else
      upload(attempt);
    return;
  }
  end(attempt, std::nullopt, false);
}

std::int64_t NodeMachine::lease_until_ms() const {
  if (has_bug(SeededBug::wall_clock_lease)) return around_.wall_us() / 1000 + config_.fence.count();
  return last_heard_ms_ + (config_.fence.count() > 0 ? config_.fence.count() : kLeaseWithoutFence);
}

bool NodeMachine::holds_leases() const {
  return std::ranges::any_of(attempts_, [](const auto& entry) {
    return entry.second.stage == Attempt::Stage::running && is_single_writer(entry.second.order);
  });
}

void NodeMachine::renew_leases() {
  if (holds_leases()) around_.keeper_renew(lease_until_ms());
}

void NodeMachine::upload(Attempt& attempt) {
  attempt.stage = Attempt::Stage::uploading;
  around_.upload(attempt.order, attempt.ending->exit_code == 0, attempt.is_cancelled);
}

void NodeMachine::uploaded(std::uint64_t id, UploadResult result) {
  Attempt* attempt = find(id, Attempt::Stage::uploading);
  if (attempt == nullptr) return;
  const bool is_given_up = *attempt->is_cancelled;
  end(*attempt, is_given_up ? std::nullopt : std::move(result.failure), !is_given_up && result.has_staged);
}

void NodeMachine::unpark() {
  for (auto& [id, attempt] : attempts_) {
    if (attempt.stage == Attempt::Stage::parked) upload(attempt);
  }
}

void NodeMachine::end(Attempt& attempt, std::optional<spec::Failure> failure, bool has_outputs) {
  const Ending& ending = *attempt.ending;
  slots_used_ -= attempt.order.slots;
  attempt.stage = Attempt::Stage::ended;
  if (!failure && !ending.failure_code.empty()) {
    failure = spec::Failure{"usererror", ending.failure_code, ending.failure_message, {}};
  }
  if (!failure && !attempt.container.empty() && ending.reason.empty() && ending.exit_code) {
    failure = around_.container_refused(attempt.order, *ending.exit_code);
  }
  if (!failure && ending.reason.empty() && ending.exit_code.value_or(0) != 0) {
    failure = spec::Failure{"usererror",
                            "FailureExitCode",
                            "The task exited with an exit code representing a failure",
                            {{"Message", "The task exited with an exit code representing a failure"}}};
  }
  if (const auto keep = constraint_us(attempt.order, "retentionTime");
      keep && attempt.order.kind == spec::RunKind::task) {
    around_.keep_directory(attempt.order.directory, around_.wall_us() + *keep);
  }
  spec::Event event{.kind = spec::Event::Kind::ended, .attempt = attempt.order.attempt, .at_us = ending.at_us};
  event.exit_code = ending.exit_code;
  event.failure = std::move(failure);
  event.has_outputs = has_outputs;
  event.reason = ending.reason;
  event.container = attempt.container;
  tell(std::move(event));
}

// It never came to be.
void NodeMachine::end_unrun(Attempt& attempt, std::optional<spec::Failure> failure) {
  if (attempt.stage == Attempt::Stage::queued) slots_used_ += attempt.order.slots;  // end() gives them back
  Ending ending{.attempt = attempt.order.attempt, .at_us = around_.wall_us()};
  if (attempt.stop) ending.reason = attempt.stop->reason;
  attempt.ending = std::move(ending);
  end(attempt, std::move(failure), false);
}

void NodeMachine::acknowledge(const std::vector<std::uint64_t>& ids) {
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
    if (found->second.is_kept) around_.keeper_forget(attempt);
    attempts_.erase(found);
    is_over(attempt);
  }
  events_ = std::move(left);
}

void NodeMachine::is_over(std::uint64_t attempt) {
  done_.insert(attempt);
  done_order_.push_back(attempt);
  if (done_order_.size() > kRemembered) {
    done_.erase(done_order_.front());
    done_order_.pop_front();
  }
}

// The keeper that owned the processes is gone, or this node starts anew.
void NodeMachine::drop_all() {
  for (auto& [id, attempt] : attempts_) {
    *attempt.is_cancelled = true;
    if (!attempt.container.empty()) around_.remove_container(attempt.container);
    is_over(id);
  }
  attempts_.clear();
  queue_.clear();
  events_.clear();
  slots_used_ = 0;
}

bool NodeMachine::is_directory_in_use(const std::string& directory) const {
  return std::any_of(attempts_.begin(), attempts_.end(), [&](const auto& entry) {
    return entry.second.stage != Attempt::Stage::ended && entry.second.order.directory == directory;
  });
}

}  // namespace scoria::node
