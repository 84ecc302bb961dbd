// `docker run IMAGE COMMAND` on a node that runs containers by podman, or on the host itself. pull and login are known, too.
// Source: docker-run(1), podman-run(1). Threads: free functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "standin/stand_in.h"

namespace scoria::standin {

struct DockerOption {
  std::string name;  // the long one, without dashes: "volume"
  std::optional<std::string> value;
  bool operator==(const DockerOption&) const = default;
};

struct DockerRun {
  std::vector<DockerOption> options;  // in order; one that is repeated word by word counts once, as docker has it
  std::string image;
  std::vector<std::string> command;
};

// The arguments behind `run`. Errors: invalid: an option without its value, no image.
Result<DockerRun> parse_docker_run(const std::vector<std::string>& arguments);

// What of a run has a meaning on the host: the rest isolates, names or mounts, which is dropped.
struct HostRun {
  std::vector<std::string> environment;  // "NAME=value" to be set
  std::string directory;                 // empty: stays
  std::vector<std::string> command;
};
// Errors: unsupported: what cannot be dropped without another outcome (--detach, --env-file), or no command.
Result<HostRun> host_run(const DockerRun& run);

// The same run by podman, whose command `podman` begins: with the node's folder at /mnt/batch/tasks, too, and as tasks' containers run here.
std::vector<std::string> podman_run(const std::vector<std::string>& podman, const DockerRun& run,
                                    const std::string& image, const node::StandInPlace& place);

int docker(const Call& call);

}  // namespace scoria::standin
