// The blobs that attempts write, as the blob store keeps them: put aside for each attempt, then visible or thrown away. Here it is durable at once
// and never fails; its own journal is tested by itself (blob/).
// Threads: one.
#pragma once

#include <set>
#include <vector>

#include "spec/node_sync.h"

namespace scoria::sim {

class Outputs {
 public:
  void stage(spec::AttemptId attempt) {
    if (!published_once_.contains(attempt)) staged_.insert(attempt);
  }
  // False: there was nothing, which is so as well when this is said again.
  bool publish(spec::AttemptId attempt) {
    if (staged_.erase(attempt) == 0) return false;
    published_once_.insert(attempt);
    published_.push_back(attempt);
    return true;
  }
  void discard(spec::AttemptId attempt) { staged_.erase(attempt); }

  const std::set<spec::AttemptId>& staged() const { return staged_; }
  // In the order in which readers saw them; one that is there twice was published twice.
  const std::vector<spec::AttemptId>& published() const { return published_; }

 private:
  std::set<spec::AttemptId> staged_, published_once_;
  std::vector<spec::AttemptId> published_;
};

}  // namespace scoria::sim
