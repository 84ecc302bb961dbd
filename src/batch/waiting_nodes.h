// Nodes' requests between their arrival and their answer: those that just came, and those that wait for news.
// Threads: State's owner.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "batch/state.h"
#include "spec/node_sync.h"

namespace scoria::batch {

class WaitingNodes {
 public:
  struct Request {
    std::string pool, node, token_hash;
    spec::SyncRequest body;
    std::function<void(Result<spec::SyncReply>)> done;
  };
  using Answers = std::vector<std::function<void(const Status&)>>;

  // One whose events were applied. An older one of the same node is answered with it.
  void add(Request request, SteadyTime now);
  // One that a newer had overtaken on its way: answered without orders, which its node would not follow. The newer one waits on.
  void add_late(Request request) { superseded_.push_back(std::move(request.done)); }
  void ask_for_file(const Node& node, spec::FileOrder order);

  // Answers, with the changes made up to now, whoever reported something, has orders, or waited long enough.
  void answer(State& state, Answers& answers);
  // Everybody, without orders.
  void answer_all(Answers& answers);

 private:
  using Key = std::pair<std::string, std::string>;  // pool, node; lower-case
  struct Waiting {
    std::function<void(Result<spec::SyncReply>)> done;
    std::optional<SteadyTime> until;  // none: now
  };

  std::map<Key, Waiting> waiting_;
  std::vector<std::function<void(Result<spec::SyncReply>)>> superseded_;
  std::map<Key, std::vector<spec::FileOrder>> files_;
};

}  // namespace scoria::batch
