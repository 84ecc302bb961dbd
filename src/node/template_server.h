// A process that becomes tasks by forking: what it needs is in memory already. The warm scorer is one, and so are the R and Python templates of worker/.
// Each child is a child of whoever asked, in its own session with its own files and limits.
// Threads: none of ours may exist in the process. Borrows: the descriptor.
#pragma once

#include <functional>
#include <optional>

#include "base/result.h"
#include "node/keeper_protocol.h"

namespace scoria::node {

// What a language's runtime wants to do around a fork. Any may be empty.
struct ForkHooks {
  std::function<void()> before, in_parent, in_child;
  // Libraries in the process have threads, as OpenBLAS has, and want to hear of a fork (pthread_atfork()): the C library's own is used, twice, and the
  // child becomes the keeper's as an orphan; who asks must be a subreaper (prctl(2)). Costs the fork again.
  bool has_libraries = false;
};

// Serves the socket `descriptor`. In each child it returns the command that the child is to become, settled in, with the descriptor closed; in the
// process itself nothing, once the other side has closed the socket. Errors: corrupt, too_large (a frame); exhausted (no process can be forked).
Result<std::optional<StartCommand>> serve_forks(int descriptor, const ForkHooks& hooks = {});

}  // namespace scoria::node
