// `scoria workers`: one process of each user of a machine that keeps R and Python templates ready, makes workers of them and lends these to clients,
// as docs/formats/worker.md says. A client that goes takes its workers with it; the host goes when nobody has needed it for a while.
// Threads: none; run_host() must be called before a thread exists in the process. Owns: the socket, the templates and the workers.
#pragma once

#include <chrono>
#include <filesystem>

#include "base/result.h"

namespace scoria::worker {

struct HostConfig {
  std::filesystem::path folder;  // the user's own: socket, workers' output
  std::filesystem::path socket;  // in that folder
  int ready_descriptor = -1;     // gets one byte when the socket listens
  std::chrono::seconds idle_exit{600};
  std::chrono::seconds template_idle{1800};
};

// Until it is told to stop, gets SIGTERM, or is idle. Errors: conflict (another one listens there), denied, unavailable.
Status run_host(HostConfig config);

// The socket of this build's host in the user's own folder.
std::filesystem::path host_socket(const std::filesystem::path& own_folder);

}  // namespace scoria::worker
