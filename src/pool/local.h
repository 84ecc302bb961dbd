// The nodes of this machine: an agent process for each, started by a launcher that `bin` gives, watched, and started again when it dies.
// Agents live on when the server ends: a file for each says which process it is, so that the next server finds it, however this one ended.
//
//   folder/{pool}/{node}.json   {"pid", "startTime", "request"}, mode 0600: it holds the node's token
//
// A process is known by its number and its start time (/proc/PID/stat), as numbers are used again.
// Threads: one caller at a time; a thread of its own watches. Owns: the files. Borrows: nothing.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include "pool/provider.h"

namespace scoria::pool {

struct LocalOptions {
  std::filesystem::path folder;  // made when missing, mode 0700
  // Starts the agent of a node, as a child of this process, and returns at once. The agent begins when it reads a byte from `go_ahead`, which
  // comes once its file names it; and not at all where that ends before: we died then, and nobody would know of it.
  std::function<Result<pid_t>(const NodeRequest& request, int go_ahead)> launch;
  // Called when a released node's agent has ended: whatever else is the node's (keeper, tasks, folder) goes. May take a while.
  std::function<void(const std::string& pool, const std::string& node)> clean;
  // A released agent hears from the server that it is to leave; one that does not is ended.
  std::chrono::milliseconds leave_grace{5000};
  std::chrono::milliseconds kill_grace{2000};
  // An agent that ends this often within crash_window is not started again: its node is gone.
  int crash_limit = 8;
  std::chrono::milliseconds crash_window{30'000};
};

class LocalProvider final : public Provider {
 public:
  // Finds the agents of a server before this one. Errors: denied, unavailable (the folder). A file that cannot be read is put aside.
  static Result<std::unique_ptr<LocalProvider>> open(LocalOptions options);
  // Stops watching. Agents live on.
  ~LocalProvider() override;

  Status request(const NodeRequest& request) override;
  std::vector<NodeStatus> status() override;
  void release(const std::string& pool, const std::string& node) override;

 private:
  struct Parts;
  explicit LocalProvider(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace scoria::pool
