// The agent on a machine: what NodeMachine decides, done with sockets, files, threads and the system's clocks.
// Threads: run() is the owner's thread; others come in through the mailbox. Owns: everything below it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "node/agent.h"
#include "node/keeper_client.h"
#include "node/launch.h"
#include "node/mailbox.h"
#include "node/node_files.h"
#include "node/node_machine.h"
#include "node/node_sample.h"
#include "node/sync_lines.h"
#include "node/task_shelf.h"
#include "node/workers.h"

namespace scoria::node {

class NodeLoop final : private NodeSurroundings {
 public:
  NodeLoop(AgentConfig config, const LinkFactory& links, std::function<Bench()> make_bench, NodeFiles files,
           TaskShelf shelf, std::unique_ptr<FileCache> cache);
  Result<AgentEnd> run(const std::stop_token& stop);

 private:
  // The loop (node_loop.cc)
  int next_timeout() const;
  void on_timers();
  void reach_keeper();
  void lose_keeper();
  void watch_keeper();
  void read_keeper();
  void let_keeper_leave();
  void follow_order();
  void reimage();

  // What the machine asks for (node_surroundings.cc)
  std::int64_t steady_ms() const override;
  std::int64_t wall_us() const override;
  std::string random_id() override;
  // One that has not said what it holds may be another than before: what it were given now would be forgotten by its state.
  bool has_keeper() const override { return keeper_.has_value() && keeper_has_told_; }
  void keeper_start(const StartCommand& command) override;
  void keeper_kill(const KillCommand& command) override;
  void keeper_forget(std::uint64_t attempt) override;
  void keeper_renew(std::int64_t lease_until_ms) override;
  int exchanges() const override { return lines_->in_flight(); }
  void exchange(std::uint64_t id, std::string request, std::chrono::milliseconds timeout) override;
  bool takes_long(const spec::StartOrder& order) const override;
  void launch(const spec::StartOrder& order, Cancelled cancelled) override;
  void fetch_images(const spec::StartOrder& order, Cancelled cancelled) override;
  void upload(const spec::StartOrder& order, bool has_succeeded, Cancelled cancelled) override;
  std::string container_of(const spec::StartOrder& order) const override;
  std::optional<spec::Failure> container_refused(const spec::StartOrder& order, int exit_code) const override;
  void remove_container(const std::string& name) override;
  void answer_file(const spec::FileOrder& order) override;
  void keep_directory(const std::string& directory, std::int64_t until_us) override;
  bool keeps_directories() const override { return shelf_.has_any(); }
  void remove_directory(const std::string& directory) override;

  AgentConfig config_;
  KeeperConfig keeper_config_;
  Mailbox mailbox_;
  NodeFiles files_;
  TaskShelf shelf_;
  std::unique_ptr<FileCache> cache_;
  Launcher launcher_;
  Sampler sampler_;
  Descriptor epoll_;

  std::optional<KeeperClient> keeper_;
  bool keeper_has_told_ = false;  // its state
  bool keeper_is_watched_for_room_ = false;
  std::int64_t next_keeper_try_ms_ = 0;
  std::int64_t next_sample_ms_ = 0, next_disk_ms_ = 0, next_sweep_ms_ = 0;
  bool is_disk_full_ = false;
  std::optional<AgentEnd> outcome_;
  NodeMachine machine_;

  std::unique_ptr<Workers> workers_;  // these two last: their threads use the above
  std::unique_ptr<SyncLines> lines_;
};

}  // namespace scoria::node
