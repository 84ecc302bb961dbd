// The agent's one state and its owner: attempts from order to acknowledged end, the exchange with the server, the keeper's news.
// Threads: run() is the owner's thread; others come in through the mailbox. Owns: everything below it.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "node/agent.h"
#include "node/keeper_client.h"
#include "node/launch.h"
#include "node/mailbox.h"
#include "node/node_files.h"
#include "node/node_sample.h"
#include "node/sync_lines.h"
#include "node/task_shelf.h"
#include "node/workers.h"
#include "spec/node_sync.h"

namespace scoria::node {

class NodeLoop {
 public:
  NodeLoop(AgentConfig config, LinkFactory links, std::function<Bench()> make_bench, NodeFiles files, TaskShelf shelf,
           std::unique_ptr<FileCache> cache);
  Result<AgentEnd> run(std::stop_token stop);

 private:
  struct Attempt {
    enum class Stage {
      queued,
      preparing,
      running,
      uploading,
      parked,
      ended
    };  // parked: its outputs wait for the fence
    spec::StartOrder order;
    Stage stage = Stage::queued;
    std::optional<StartCommand> command;  // sent, and not yet begun: sent again should the keeper not know it
    bool is_kept = false;                 // the keeper has it
    std::string container;
    std::optional<spec::StopOrder> stop;
    std::optional<Ending> ending;
    std::shared_ptr<std::atomic<bool>> is_cancelled = std::make_shared<std::atomic<bool>>(false);
  };
  struct PendingEvent {
    std::uint64_t id = 0;
    spec::Event event;
  };
  struct Sent {
    std::string session;
    std::vector<std::uint64_t> events;
    bool has_facts = false;
    std::optional<spec::NodeSample> sample;
    std::int64_t at_ms = 0;
  };

  // The loop (node_loop.cc)
  int next_timeout() const;
  void on_timers();
  void begin_session();
  void reach_keeper();
  void lose_keeper();
  void watch_keeper();
  void read_keeper();
  void take_state(const KeeperState& state);
  void follow_order();

  // The exchange (node_exchange.cc)
  void send_when_due();
  std::int64_t gather_ms() const;
  void send();
  spec::NodeFacts facts() const;
  void on_answer(std::uint64_t id, Result<std::string> text);
  void on_failure(const Sent& sent, const Error& error);
  void take_reply(const spec::SyncReply& reply);
  void tell(spec::Event event);
  void acknowledge(const std::vector<std::uint64_t>& events);
  void answer_file(const spec::FileOrder& order);
  bool is_fenced() const;

  // Attempts (node_attempts.cc)
  static spec::Phase phase_of(Attempt::Stage stage);
  void take_start(const spec::StartOrder& order);
  void take_stop(const spec::StopOrder& stop);
  void start_queued();
  void begin(Attempt& attempt);
  void launched(std::uint64_t id, std::variant<Launch, spec::Failure> result);
  void give_to_keeper(Attempt& attempt, Launch launch);
  void on_started(const StartedNotice& notice);
  void on_ended(const Ending& ending);
  void upload(Attempt& attempt);
  void unpark();
  void end(Attempt& attempt, std::optional<spec::Failure> failure, bool has_outputs);
  void end_unrun(Attempt& attempt, std::optional<spec::Failure> failure);
  void drop_all();
  void remove_left_container(const std::string& name);
  bool is_directory_in_use(const std::string& directory) const;

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
  std::string boot_id_;
  bool keeper_is_watched_for_room_ = false;
  std::int64_t next_keeper_try_ms_ = 0;

  std::map<std::uint64_t, Attempt> attempts_;
  std::deque<std::uint64_t> queue_;
  int slots_used_ = 0;
  std::unordered_set<std::uint64_t> done_;  // acknowledged: a late order of one of them is not followed
  std::deque<std::uint64_t> done_order_;

  std::string session_;
  std::uint64_t sequence_ = 0;
  std::deque<PendingEvent> events_;
  std::uint64_t next_event_ = 1;
  std::map<std::uint64_t, Sent> sent_;
  std::uint64_t next_sent_ = 1;
  bool has_news_ = false;
  bool facts_are_known_ = false;
  std::optional<spec::NodeSample> sample_;
  std::string trouble_;
  spec::NodeOrder order_ = spec::NodeOrder::none;
  int refusals_ = 0;
  std::int64_t pause_ms_ = 0, next_send_ms_ = 0, last_sent_ms_ = 0, last_heard_ms_ = 0;
  std::int64_t next_sample_ms_ = 0, next_disk_ms_ = 0, next_sweep_ms_ = 0;
  std::optional<AgentEnd> outcome_;

  std::unique_ptr<Workers> workers_;  // these two last: their threads use the above
  std::unique_ptr<SyncLines> lines_;
};

}  // namespace scoria::node
