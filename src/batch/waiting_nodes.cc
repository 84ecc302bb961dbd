#include "batch/waiting_nodes.h"

#include <algorithm>

#include "base/seeded_bug.h"
#include "batch/dispatch.h"
#include "batch/nodes.h"

namespace scoria::batch {
namespace {

// What a node that fetches nothing can make us keep.
constexpr std::size_t kMostFiles = 1000;

std::function<void(const Status&)> reply_later(std::function<void(Result<spec::SyncReply>)> done,
                                               spec::SyncReply reply) {
  return [done = std::move(done), reply = std::move(reply)](const Status& committed) mutable {
    done(committed.ok() ? Result<spec::SyncReply>(std::move(reply)) : Result<spec::SyncReply>(committed.error()));
  };
}

}  // namespace

void WaitingNodes::add(Request request, SteadyTime now) {
  Waiting waiting{.done = std::move(request.done)};
  if (request.body.events.empty() && request.body.wait_ms > 0) {
    waiting.until = now + std::chrono::milliseconds(std::min<std::int64_t>(request.body.wait_ms, 20'000));
  }
  const auto [at, is_new] = waiting_.try_emplace({lower(request.pool), lower(request.node)}, std::move(waiting));
  if (is_new) return;
  superseded_.push_back(std::exchange(at->second, std::move(waiting)).done);
}

void WaitingNodes::ask_for_file(const Node& node, spec::FileOrder order) {
  std::vector<spec::FileOrder>& files = files_[{lower(node.pool->id), lower(node.id)}];
  if (files.size() < kMostFiles) files.push_back(std::move(order));
}

void WaitingNodes::answer(State& state, Answers& answers) {
  for (auto& done : std::exchange(superseded_, {})) answers.push_back(reply_later(std::move(done), {}));
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    Node* node = find_node(state, at->first.first, at->first.second);
    const auto files = files_.find(at->first);
    const bool is_due = node == nullptr || !at->second.until || *at->second.until <= state.now.steady ||
                        files != files_.end() || has_orders(*node);
    if (!is_due) {
      ++at;
      continue;
    }
    spec::SyncReply reply;
    if (node == nullptr) {
      reply.is_known = false;
    } else {
      reply = orders_for(state, *node);
    }
    if (files != files_.end()) {
      reply.files = std::move(files->second);
      files_.erase(files);
    }
    if (has_bug(SeededBug::early_orders))
      at->second.done(std::move(reply));
    else
      answers.push_back(reply_later(std::move(at->second.done), std::move(reply)));
    at = waiting_.erase(at);
  }
}

void WaitingNodes::answer_all(Answers& answers) {
  for (auto& done : std::exchange(superseded_, {})) answers.push_back(reply_later(std::move(done), {}));
  for (auto& [key, waiting] : waiting_) answers.push_back(reply_later(std::move(waiting.done), {}));
  waiting_.clear();
}

}  // namespace scoria::batch
