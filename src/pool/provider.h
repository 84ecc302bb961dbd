// Where nodes come from. Three calls: request, status of all at once, release. A repeated request of the same node gets nothing new;
// releasing twice is not an error. Calls return quickly; what takes time shows in status().
// Threads: one caller at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace scoria::pool {

// What a vmSize name stands for.
struct ResourceClass {
  std::string name;  // "standard_d2_v2", lower-case
  int cores = 1;
  std::uint64_t memory_bytes = 0;
  int gpus = 0;
};

struct NodeRequest {
  std::string pool;
  std::string node;
  std::string token;  // what the node shows the server
  ResourceClass size;
  int slots = 1;
  bool is_dedicated = true;
  std::vector<int> devices;  // indexes of GPUs that are this node's alone
};

struct NodeStatus {
  std::string pool, node;
  enum class State { starting, running, gone } state = State::starting;
  std::string error;  // why it is gone, for people
};

class Provider {
 public:
  virtual ~Provider() = default;
  // Errors: exhausted (no room), unavailable, denied.
  virtual Status request(const NodeRequest& request) = 0;
  virtual std::vector<NodeStatus> status() = 0;
  virtual void release(const std::string& pool, const std::string& node) = 0;
};

}  // namespace scoria::pool
