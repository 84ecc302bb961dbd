// From a start order to the command that the keeper runs: folders, environment, resource files, secrets, image, program.
// Source: Azure Batch REST API, Task. Threads: const members may run concurrently, each call with a bench of its own.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "node/agent.h"
#include "node/file_cache.h"
#include "node/keeper_protocol.h"
#include "node/output_files.h"
#include "node/package_sets.h"
#include "node/task_folders.h"
#include "node/workers.h"
#include "spec/node_sync.h"

namespace scoria::node {

struct Launch {
  StartCommand command;
  std::string container;  // its name, where it runs in one
};

class Launcher {
 public:
  // Borrows: the cache.
  Launcher(const AgentConfig& config, FileCache& cache);

  // Whether launching waits for the network or for podman: then it is a worker's job.
  bool takes_long(const spec::StartOrder& order) const;

  // `bench` may be null where it takes not long.
  std::variant<Launch, spec::Failure> launch(const spec::StartOrder& order, Bench* bench,
                                             const std::atomic<bool>* is_cancelled) const;

  // Those of the pool's containerConfiguration, which the order holds. Nothing: they are here, or there is no podman to fetch them.
  std::optional<spec::Failure> fetch_images(const spec::StartOrder& order, Bench& bench,
                                            const std::atomic<bool>* is_cancelled) const;

  // Why podman could not run the task's container, where that is what an exit code means.
  std::optional<spec::Failure> container_refused(const spec::StartOrder& order, int exit_code) const;

  // Outputs of an attempt that ended.
  static bool has_outputs(const spec::StartOrder& order, bool has_succeeded);
  UploadResult upload(const spec::StartOrder& order, bool has_succeeded, Bench& bench,
                      const std::atomic<bool>* is_cancelled) const;

  // What the keeper keeps of an order for a later agent, and back. Holds no secret, and no token.
  static std::string note_of(const spec::StartOrder& order);
  static Result<spec::StartOrder> read_note(const std::string& note);

  const NodePlace& place() const { return place_; }
  std::string container_name(const spec::StartOrder& order) const;

 private:
  using Settings = std::vector<std::pair<std::string, std::string>>;
  std::optional<spec::Failure> prepare(const spec::StartOrder& order, Bench& bench, const Settings& settings,
                                       const std::atomic<bool>* is_cancelled) const;
  void set_limits(const spec::StartOrder& order, StartCommand& command) const;
  // Turns the task's own command into podman's that runs it.
  Status put_into_container(const spec::StartOrder& order, ContainerRun run, Bench& bench,
                            const std::atomic<bool>* is_cancelled, StartCommand& command) const;
  bool is_ours(const std::string& program) const;
  std::optional<spec::Failure> add_package_set(StartCommand& command, const std::atomic<bool>* is_cancelled) const;
  // Whether it is written for a node whose folder is at /mnt/batch/tasks, and no container brings that about (azure_root.h).
  bool wants_azure_root(const spec::StartOrder& order) const;

  const AgentConfig& config_;
  FileCache& cache_;
  NodePlace place_;
  std::unique_ptr<PackageSets> package_sets_;
};

// PT... of constraints.maxWallClockTime and retentionTime, in microseconds; nothing where it has none, or for ever.
std::optional<std::int64_t> constraint_us(const spec::StartOrder& order, const char* name);

}  // namespace scoria::node
