// What a worker gives up before it loads a service's script, as far as a process can without another user: everything that it starts has given it up, too.
// Threads: none may exist.
#pragma once

#include <string>

namespace scoria::worker {

// No more privileges by set-user-id programs, none of root's but those over files, no core files, and without `has_network` no network: not even the
// machine's own addresses. Empty, or what the system refuses; the worker must not go on then.
std::string confine(bool has_network);

}  // namespace scoria::worker
