// Unix sockets by path, for this user alone. Threads: free functions.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>

#include "base/result.h"
#include "node/descriptor.h"

namespace scoria::worker {

// In the place of what lies there. Errors: invalid (too long a path), unavailable.
Result<node::Descriptor> listen_at(const std::filesystem::path& path, int backlog);
// Closed: somebody else's, or gone again.
node::Descriptor accept_own(const node::Descriptor& listener, int flags);
// Closed: nobody listens there, with errno.
node::Descriptor connect_to(const std::filesystem::path& path);

// As recv(2), interrupted or not. A descriptor that comes with the bytes is put into `descriptor`, which else stays as it is; of several, the last.
ssize_t receive_with_descriptor(int socket, void* into, std::size_t size, int flags, node::Descriptor& descriptor);

}  // namespace scoria::worker
