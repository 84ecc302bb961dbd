#include "batch/machine.h"

#include <exception>
#include <utility>

#include "base/log.h"
#include "base/seeded_bug.h"
#include "batch/attempts.h"
#include "batch/nodes.h"
#include "spec/errors.h"

namespace scoria::batch {

void Group::clear() {
  changes.clear();
  effects.clear();
  answers.clear();
}

void answer_all(Group& group, const Status& status) {
  for (auto& done : std::exchange(group.answers, {})) done(status);
}

Outcome commit_once(store::Store& store, Group& group) {
  const Status committed = group.changes.empty() ? Status(Ok{}) : store.commit(group.changes);
  if (committed.ok()) return Outcome::durable;
  if (committed.error().code != Code::exhausted) {
    log::error("commit_failed", {{"why", committed.error().message}});
    return Outcome::broken;
  }
  if (!group.answers.empty()) log::error("disk_full", {{"why", committed.error().message}});
  return Outcome::full;
}

Error disk_full() {
  return Error{Code::exhausted, "the server's disk is full: new work is refused, what runs goes on", "ServerBusy"};
}

void refuse_full(Group& group) {
  answer_all(group, has_bug(SeededBug::full_disk_acknowledged) ? Status(Ok{}) : disk_full());
}

Status Machine::load(Now now) {
  state_.now = now;
  return batch::load(state_);
}

void Machine::change(Now now, const std::function<Result<Json>(State&)>& change,
                     std::function<void(Result<Json>)> done) {
  state_.now = now;
  Result<Json> result = Json();
  try {
    result = change(state_);
  } catch (const Bug& bug) {
    log::error("bug", {{"what", bug.what()}});
    result = spec::batch_error("InternalError");
  } catch (const Json::exception& error) {
    log::error("bug", {{"what", error.what()}});
    result = spec::batch_error("InternalError");
  }
  if (has_bug(SeededBug::early_acknowledgement)) return done(std::move(result));
  group_.answers.push_back([done = std::move(done), result = std::move(result)](const Status& committed) mutable {
    // A refusal, too, may rest on what is not durable: "it exists" tells a client who asks again that it was done.
    done(committed.ok() ? std::move(result) : Result<Json>(committed.error()));
  });
}

void Machine::sync(Now now, WaitingNodes::Request request) {
  state_.now = now;
  Node* node = find_node(state_, request.pool, request.node);
  if (node == nullptr) {
    return request.done(
        Error{Code::not_found, "node '" + request.node + "' is none of pool '" + request.pool + "'", "NodeNotFound"});
  }
  if (node->token_hash != request.token_hash) {
    return request.done(
        Error{Code::denied, "the token is not that of node '" + request.node + "'", "AuthenticationFailed"});
  }
  const bool is_late = request.body.session == node->session && request.body.sequence < node->sequence;
  if (const Status heard = heard_from(state_, *node, request.body); !heard.ok()) return request.done(heard.error());
  take_events(state_, *node, request.body.events);
  if (request.body.session == node->session && request.body.sequence == node->sequence) compare_held(state_, *node);
  if (is_late) return waiting_.add_late(std::move(request));
  waiting_.add(std::move(request), now.steady);
}

void Machine::ask_for_file(std::string_view pool, std::string_view node, spec::FileOrder order) {
  const Node* asked = find_node(state_, pool, node);
  if (asked != nullptr) waiting_.ask_for_file(*asked, std::move(order));
}

void Machine::hear(Now now, const std::function<void(State&)>& news) {
  state_.now = now;
  try {
    news(state_);
  } catch (const std::exception& bug) {  // nobody waits for an answer to it
    log::error("bug", {{"what", bug.what()}});
  }
}

void Machine::tick(Now now) {
  state_.now = now;
  batch::tick(state_);
}

void Machine::committing(const store::Changes* changes) {
  state_.in_flight = changes;
  state_.in_flight_since = state_.now.steady;
}

void Machine::committed() {
  if (state_.in_flight != nullptr) end_stall(state_);
  state_.in_flight = nullptr;
}

bool Machine::take_group(Now now, Group& group) {
  state_.now = now;
  settle(state_);
  waiting_.answer(state_, group_.answers);
  flush(state_);
  std::swap(group_.changes, state_.changes);
  std::swap(group_.effects, state_.effects);
  const Effects& effects = group_.effects;
  if (group_.changes.empty() && group_.answers.empty() && effects.request.empty() && effects.release.empty() &&
      effects.publish.empty() && effects.discard.empty() && effects.notices.empty()) {
    group_.effects.clear();
    return false;
  }
  std::swap(group, group_);
  group_.clear();
  return true;
}

}  // namespace scoria::batch
