// Nodes that come by themselves: machines that ran `scoria node`. There is nothing to ask for and nothing to let go: the batch state hears
// of them when they join, and tells them to leave. Threads: any.
#pragma once

#include "pool/provider.h"

namespace scoria::pool {

class JoinedProvider final : public Provider {
 public:
  // Errors: denied, always.
  Status request(const NodeRequest& request) override;
  std::vector<NodeStatus> status() override { return {}; }
  void release(const std::string& pool, const std::string& node) override;
};

}  // namespace scoria::pool
