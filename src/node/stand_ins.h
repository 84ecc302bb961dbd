// Programs that command lines of doAzureParallel start and a node may lack (docker, wget, blobxfer): a folder of small scripts, each of which hands
// over to `scoria stand-in`, and a file that tells it what node this is. What they do is in src/standin.
// Threads: free functions.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "node/podman.h"

namespace scoria::node {

inline constexpr std::array<std::string_view, 3> kStandIns{"docker", "wget", "blobxfer"};

struct StandInPlace {
  std::string program;         // scoria
  std::filesystem::path root;  // the node's
  ContainerConfig containers;
  std::vector<std::string> own_hosts;  // as WebConfig
  std::string own_ca_file;
};

// Makes `folder` and what is in it; holds no secret. Errors: denied, unavailable.
Status write_stand_ins(const std::filesystem::path& folder, const StandInPlace& place);
// Errors: not_found, invalid.
Result<StandInPlace> read_stand_ins(const std::filesystem::path& folder);

}  // namespace scoria::node
