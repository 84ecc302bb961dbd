// NodeMachine: what the node and the server say to each other.
#include <algorithm>

#include "base/log.h"
#include "base/seeded_bug.h"
#include "node/node_machine.h"

namespace scoria::node {
namespace {

constexpr std::int64_t kFirstPauseMs = 100;  // after a failure; doubles
constexpr std::int64_t kLongestPauseMs = 5'000;
constexpr std::size_t kMaxEvents = 4'000;  // of one exchange, which is at most 4 MiB
constexpr int kRefusalsToBelieve = 3;
// Beyond what the server may wait. Short, as an answer that a broken network lost is told again sooner over a new connection than by TCP, which
// doubles its pauses: well before the fence, and before the server counts the node as lost.
constexpr std::chrono::milliseconds kAnswerTime{4'000};
constexpr std::chrono::milliseconds kLeaseWait{
    1'500};  // instead of config.wait where leases have to be renewed: leaves them 6 s of broken network

}  // namespace

bool NodeMachine::is_fenced() const {
  return config_.fence.count() > 0 && around_.steady_ms() - last_heard_ms_ > config_.fence.count();
}

// Between two exchanges while one waits: events come in crowds, and with work at hand nobody waits for the answer here.
std::int64_t NodeMachine::gather_ms() const { return queue_.empty() ? 2 : 6; }

void NodeMachine::tell(spec::Event event) {
  events_.push_back({next_event_++, std::move(event)});
  has_news_ = true;
}

spec::NodeFacts NodeMachine::facts() const {
  spec::NodeFacts facts;
  facts.agent_version = config_.version;
  facts.ip_address = config_.ip_address;
  facts.cores = config_.cores;
  facts.memory_bytes = config_.memory_bytes;
  facts.devices = config_.devices;
  facts.boot_id = boot_id_;
  facts.root_directory = config_.root.string();
  return facts;
}

std::optional<std::int64_t> NodeMachine::next_at_ms() const {
  if (boot_id_.empty() && !facts_are_known_) return std::nullopt;
  if (around_.exchanges() == 0) return next_send_ms_;
  if (around_.exchanges() == 1 && has_news_) return std::max(next_send_ms_, last_sent_ms_ + gather_ms());
  return std::nullopt;
}

void NodeMachine::send_when_due() {
  if (boot_id_.empty() && !facts_are_known_) return;  // nothing can be said before the keeper is known
  const std::int64_t now = around_.steady_ms();
  if (now < next_send_ms_) return;
  if (around_.exchanges() == 0) {
    send();
  } else if (around_.exchanges() == 1 && has_news_ && now - last_sent_ms_ >= gather_ms()) {
    send();
  }
}

void NodeMachine::send() {
  const std::int64_t now = around_.steady_ms();
  spec::SyncRequest request;
  request.session = session_;
  request.sequence = ++sequence_;
  Sent sent{.session = session_,
            .events = {},
            .has_facts = !facts_are_known_,
            .boot_id = boot_id_,
            .sample = sample_,
            .removed = {removed_.begin(), removed_.end()},
            .at_ms = now};
  for (const auto& [id, attempt] : attempts_) {
    request.held.push_back({id, phase_of(attempt.stage)});
  }
  for (const auto& pending : events_) {
    if (sent.events.size() >= kMaxEvents) break;
    request.events.push_back(pending.event);
    sent.events.push_back(pending.id);
  }
  if (sent.has_facts) request.facts = facts();
  if (sample_) request.sample = std::exchange(sample_, std::nullopt);
  request.removed = sent.removed;
  request.trouble = trouble_;
  request.retains_data = around_.keeps_directories();
  if (has_bug(SeededBug::event_told_once)) events_.clear();
  // More events than fit: the rest right behind.
  has_news_ = sent.events.size() < events_.size();
  const auto wait = holds_leases() ? std::min(config_.wait, kLeaseWait) : config_.wait;
  request.wait_ms = has_news_ ? 0 : wait.count();
  last_sent_ms_ = now;
  const std::uint64_t id = next_sent_++;
  sent_.emplace(id, std::move(sent));
  around_.exchange(id, spec::to_text(request), wait + kAnswerTime);
}

void NodeMachine::answered(std::uint64_t id, Result<std::string> text) {
  const auto found = sent_.find(id);
  if (found == sent_.end()) return;
  const Sent sent = std::move(found->second);
  sent_.erase(found);
  if (sent.session != session_) return;  // of a life before a reboot
  if (!text.ok()) return on_failure(sent, text.error());
  const auto reply = spec::parse_sync_reply(text.value());
  if (!reply.ok()) return on_failure(sent, reply.error());

  refusals_ = 0;
  pause_ms_ = 0;
  next_send_ms_ = 0;
  if (sent.has_facts && sent.boot_id == boot_id_) facts_are_known_ = true;
  const bool was_fenced = is_fenced();
  last_heard_ms_ = std::max(last_heard_ms_, sent.at_ms);
  acknowledge(sent.events);
  for (const std::string& directory : sent.removed) removed_.erase(directory);
  // Until the server knows of another keeper it orders for the one before, and what it orders again when it knows may overtake that. An answer that
  // is older than the fence is of a server that has given this node up since. Orders that are not followed come again: the server sees them missing.
  const bool is_newest = id > newest_answered_;
  newest_answered_ = std::max(newest_answered_, id);
  take_reply(reply.value(), {.may_start = facts_are_known_ && is_newest && !is_fenced(), .may_remove = is_newest});
  renew_leases();  // behind its stops: what the server gave up is not renewed
  if (was_fenced && !is_fenced()) log::info("server_heard_again", {{"node", config_.node}});
  if (!is_fenced() && !has_bug(SeededBug::parked_for_ever)) unpark();
}

void NodeMachine::on_failure(const Sent& sent, const Error& error) {
  has_news_ = has_news_ || !sent.events.empty();
  if (sent.sample && !sample_) sample_ = sent.sample;
  const bool is_refused = error.code == Code::not_found || error.code == Code::denied;
  refusals_ = is_refused ? refusals_ + 1 : 0;
  if (pause_ms_ == 0) log::warn("server_not_heard", {{"node", config_.node}, {"error", error.message}});
  pause_ms_ = std::clamp(2 * pause_ms_, kFirstPauseMs, kLongestPauseMs);
  next_send_ms_ = around_.steady_ms() + pause_ms_;
  if (refusals_ >= kRefusalsToBelieve) {
    log::warn("node_refused", {{"node", config_.node}, {"error", error.message}});
    take_reply({.is_known = false}, {});
  }
}

void NodeMachine::take_reply(const spec::SyncReply& reply, Permits permits) {
  if (!reply.is_known) {
    log::info("node_not_known", {{"pool", config_.pool}, {"node", config_.node}});
    drop_all();
    order_ = spec::NodeOrder::leave;
    return;
  }
  for (const auto& stop : reply.stop) take_stop(stop);
  for (const auto& job : reply.remove_jobs) {
    // What still runs there is of a job of the same name. What is not removed comes again.
    const bool is_used = std::any_of(attempts_.begin(), attempts_.end(), [&](const auto& entry) {
      return entry.second.stage != Attempt::Stage::ended && entry.second.order.directory.starts_with(job + "/");
    });
    if (is_used || !permits.may_remove) continue;
    around_.remove_directory(job);
    removed_.insert(job);
  }
  if (permits.may_start) {
    for (const auto& start : reply.start) take_start(start);
  } else if (!reply.start.empty()) {
    has_news_ = true;  // that they are not held: the server repeats them when it hears of it
  }
  for (const auto& file : reply.files) around_.answer_file(file);
  // Kept until it can be followed: an older exchange that is answered empty takes nothing back.
  if (reply.order != spec::NodeOrder::none) order_ = reply.order;
}

}  // namespace scoria::node
