// The host's end of one client's control connection: frames of JSON in, frames with descriptors out. Never blocks.
// Threads: one user. Owns: the socket.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "node/descriptor.h"

namespace scoria::worker {

class ClientLine {
 public:
  explicit ClientLine(node::Descriptor socket) : socket_(std::move(socket)) {}
  int descriptor() const { return socket_.get(); }

  // Reads what there is. False: the client is gone.
  bool fill();
  // The next request, whole. Errors: too_large, corrupt.
  Result<std::optional<nlohmann::json>> next();
  // An answer; `descriptors` travel with its first byte. False: the client is gone, or does not read.
  bool answer(const nlohmann::json& document, const std::vector<int>& descriptors = {});

 private:
  node::Descriptor socket_;
  std::string in_;
};

}  // namespace scoria::worker
