// NodeLoop: what the node and the server say to each other.
#include <algorithm>

#include "base/log.h"
#include "node/node_loop.h"
#include "spec/json_text.h"

namespace scoria::node {

namespace {

constexpr std::int64_t kFirstPauseMs = 100;  // after a failure; doubles
constexpr std::int64_t kLongestPauseMs = 5'000;
constexpr std::size_t kMaxEvents = 4'000;  // of one exchange, which is at most 4 MiB
constexpr int kRefusalsToBelieve = 3;
constexpr std::size_t kMaxListed = 20'000;                // files of one answer
constexpr std::uint64_t kMaxAnswerBytes = 4u << 20;       // bytes of one answer
constexpr std::chrono::milliseconds kAnswerTime{15'000};  // beyond what the server may wait

spec::Json json_of(const FileFacts& facts, std::string_view below) {
  std::string_view name = facts.path;
  name.remove_prefix(std::min(name.size(), below.empty() ? 0 : below.size() + 1));
  return {{"name", std::string(name)},      {"isDirectory", facts.is_directory}, {"length", facts.length},
          {"created_us", facts.created_us}, {"modified_us", facts.modified_us},  {"mode", facts.mode}};
}

Result<std::string> file_answer(const NodeFiles& files, const spec::FileOrder& order) {
  if (order.action == "read") return files.read(order.path, order.offset, std::min(order.length, kMaxAnswerBytes));
  if (order.action == "properties") {
    SCORIA_TRY(facts, files.properties(order.path));
    return spec::json_text(json_of(facts, facts.path));
  }
  if (order.action == "list" || order.action == "list_recursive") {
    SCORIA_TRY(below, tidy_relative_path(order.path));
    SCORIA_TRY(listing, files.list(order.path, order.action == "list_recursive", kMaxListed));
    spec::Json list = spec::Json::array();
    for (const auto& facts : listing.files) list.push_back(json_of(facts, below));
    return spec::json_text({{"files", std::move(list)}});
  }
  if (order.action == "delete" || order.action == "delete_recursive") {
    SCORIA_TRY_STATUS(files.remove(order.path, order.action == "delete_recursive" || order.length != 0));
    return std::string();
  }
  return Error{Code::unsupported, "file order '" + order.action + "' is not known to this node", "InvalidInput"};
}

}  // namespace

bool NodeLoop::is_fenced() const {
  return config_.fence.count() > 0 && steady_now_ms() - last_heard_ms_ > config_.fence.count();
}

// Between two exchanges while one waits: events come in crowds, and with work at hand nobody waits for the answer here.
std::int64_t NodeLoop::gather_ms() const { return queue_.empty() ? 2 : 6; }

void NodeLoop::tell(spec::Event event) {
  events_.push_back({next_event_++, std::move(event)});
  has_news_ = true;
}

spec::NodeFacts NodeLoop::facts() const {
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

void NodeLoop::send_when_due() {
  if (boot_id_.empty() && !facts_are_known_) return;  // nothing can be said before the keeper is known
  const std::int64_t now = steady_now_ms();
  if (now < next_send_ms_) return;
  if (lines_->in_flight() == 0) {
    send();
  } else if (lines_->in_flight() == 1 && has_news_ && now - last_sent_ms_ >= gather_ms()) {
    send();
  }
}

void NodeLoop::send() {
  const std::int64_t now = steady_now_ms();
  spec::SyncRequest request;
  request.session = session_;
  request.sequence = ++sequence_;
  Sent sent{.session = session_, .events = {}, .has_facts = !facts_are_known_, .sample = sample_, .at_ms = now};
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
  request.trouble = trouble_;
  // More events than fit: the rest right behind.
  has_news_ = sent.events.size() < events_.size();
  request.wait_ms = has_news_ ? 0 : config_.wait.count();
  last_sent_ms_ = now;
  const std::uint64_t id = next_sent_++;
  sent_.emplace(id, std::move(sent));
  lines_->send(id, spec::to_text(request), config_.wait + kAnswerTime);
}

void NodeLoop::on_answer(std::uint64_t id, Result<std::string> text) {
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
  if (sent.has_facts) facts_are_known_ = true;
  const bool was_fenced = is_fenced();
  last_heard_ms_ = std::max(last_heard_ms_, sent.at_ms);
  acknowledge(sent.events);
  take_reply(reply.value());
  if (was_fenced && !is_fenced()) log::info("server_heard_again", {{"node", config_.node}});
  if (!is_fenced()) unpark();
}

void NodeLoop::on_failure(const Sent& sent, const Error& error) {
  has_news_ = has_news_ || !sent.events.empty();
  if (sent.sample && !sample_) sample_ = sent.sample;
  const bool is_refused = error.code == Code::not_found || error.code == Code::denied;
  refusals_ = is_refused ? refusals_ + 1 : 0;
  if (pause_ms_ == 0) log::warn("server_not_heard", {{"node", config_.node}, {"error", error.message}});
  pause_ms_ = std::clamp(2 * pause_ms_, kFirstPauseMs, kLongestPauseMs);
  next_send_ms_ = steady_now_ms() + pause_ms_;
  if (refusals_ >= kRefusalsToBelieve) {
    log::warn("node_refused", {{"node", config_.node}, {"error", error.message}});
    take_reply({.is_known = false});
  }
}

void NodeLoop::take_reply(const spec::SyncReply& reply) {
  if (!reply.is_known) {
    log::info("node_not_known", {{"pool", config_.pool}, {"node", config_.node}});
    drop_all();
    order_ = spec::NodeOrder::leave;
    return;
  }
  for (const auto& stop : reply.stop) take_stop(stop);
  for (const auto& job : reply.remove_jobs) {
    // What still runs there is being stopped; the server says it again until it is gone.
    const bool is_used = std::any_of(attempts_.begin(), attempts_.end(), [&](const auto& entry) {
      return entry.second.stage != Attempt::Stage::ended && entry.second.order.directory.starts_with(job + "/");
    });
    if (!is_used) shelf_.remove(job);
  }
  if (!reply.remove_jobs.empty()) workers_->push([clear = shelf_.clear_trash()](Bench&) { clear(); });
  for (const auto& start : reply.start) take_start(start);
  for (const auto& file : reply.files) answer_file(file);
  // Kept until it can be followed: an older exchange that is answered empty takes nothing back.
  if (reply.order != spec::NodeOrder::none) order_ = reply.order;
}

void NodeLoop::answer_file(const spec::FileOrder& order) {
  workers_->push([this, order](Bench& bench) {
    const auto told = bench.server->answer_file(order.id, file_answer(files_, order));
    if (!told.ok()) log::warn("file_not_answered", {{"path", order.path}, {"error", told.error().message}});
  });
}

}  // namespace scoria::node
