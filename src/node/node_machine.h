// What a node decides: attempts from order to acknowledged end, what it tells the server and when, what it does about silence.
// No clock, thread, socket or file in here: it asks its surroundings, which NodeLoop gives it on a machine, and the simulator (sim/) elsewhere.
//
// Threads: one owner. Borrows: the configuration and the surroundings.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <variant>
#include <vector>

#include "base/result.h"
#include "node/agent.h"
#include "node/keeper_protocol.h"
#include "node/launch.h"
#include "spec/node_sync.h"

namespace scoria::node {

// Everything returns at once. What takes time is answered later, by the member function of NodeMachine that is named; never twice.
class NodeSurroundings {
 public:
  using Cancelled = std::shared_ptr<std::atomic<bool>>;
  virtual ~NodeSurroundings() = default;

  virtual std::int64_t steady_ms() const = 0;
  virtual std::int64_t wall_us() const = 0;
  virtual std::string random_id() = 0;

  // The keeper. What is ordered while it is not reached is dropped; it is told again, or learnt from its state.
  virtual bool has_keeper() const = 0;
  virtual void keeper_start(const StartCommand& command) = 0;
  virtual void keeper_kill(const KillCommand& command) = 0;
  virtual void keeper_forget(std::uint64_t attempt) = 0;
  virtual void keeper_renew(std::int64_t lease_until_ms) = 0;

  // The server. At most two exchanges are under way. -> answered()
  virtual int exchanges() const = 0;
  virtual void exchange(std::uint64_t id, std::string request, std::chrono::milliseconds timeout) = 0;

  // Files, containers, network.
  virtual bool takes_long(const spec::StartOrder& order) const = 0;
  virtual void launch(const spec::StartOrder& order, Cancelled cancelled) = 0;        // -> launched(), perhaps at once
  virtual void fetch_images(const spec::StartOrder& order, Cancelled cancelled) = 0;  // -> images_fetched()
  virtual void upload(const spec::StartOrder& order, bool has_succeeded, Cancelled cancelled) = 0;  // -> uploaded()
  // The container that the order runs in, by name; empty: it runs in none.
  virtual std::string container_of(const spec::StartOrder& order) const = 0;
  // Why podman could not run the task's container, where that is what an exit code means.
  virtual std::optional<spec::Failure> container_refused(const spec::StartOrder& order, int exit_code) const = 0;
  // Of an attempt whose keeper did not see its end.
  virtual void remove_container(const std::string& name) = 0;
  virtual void answer_file(const spec::FileOrder& order) = 0;
  virtual void keep_directory(const std::string& directory, std::int64_t until_us) = 0;
  virtual bool keeps_directories() const = 0;
  virtual void remove_directory(const std::string& directory) = 0;
};

class NodeMachine {
 public:
  NodeMachine(const AgentConfig& config, NodeSurroundings& surroundings);

  // Anew for the server: what it knew of this node's attempts counts no more. At the start, and after a reboot.
  void begin_session();

  // What is to be done now; after every batch of news, and at next_at_ms().
  void move_on();
  // Steady time at which it has to move on without news; none: no such time.
  std::optional<std::int64_t> next_at_ms() const;

  // News.
  void keeper_state(const KeeperState& state);
  void started(const StartedNotice& notice);
  void ended(const Ending& ending);
  void answered(std::uint64_t id, Result<std::string> text);
  void launched(std::uint64_t attempt, std::variant<Launch, spec::Failure> result);
  void images_fetched(std::uint64_t attempt, std::optional<spec::Failure> failure);
  void uploaded(std::uint64_t attempt, UploadResult result);
  void sampled(const spec::NodeSample& sample);
  void trouble(std::string text);  // "disk_full"; empty: none

  // An order that can be followed now, as nothing is held any more; told once. The caller then lets the keeper leave, and for a reboot calls
  // forget_keeper().
  std::optional<spec::NodeOrder> due_order();
  // The keeper is gone, and everything with it: the node starts anew.
  void forget_keeper();

  bool is_directory_in_use(const std::string& directory) const;

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
    std::string boot_id;  // what they say
    std::optional<spec::NodeSample> sample;
    std::vector<std::string> removed;
    std::int64_t at_ms = 0;
  };

  // The exchange (node_exchange.cc)
  void send_when_due();
  std::int64_t gather_ms() const;
  void send();
  spec::NodeFacts facts() const;
  void on_failure(const Sent& sent, const Error& error);
  // Of an answer that another has overtaken stops alone are followed: a job's name may be another job's by now.
  struct Permits {
    bool may_start = false, may_remove = false;
  };
  void take_reply(const spec::SyncReply& reply, Permits permits);
  void tell(spec::Event event);
  void acknowledge(const std::vector<std::uint64_t>& events);
  bool is_fenced() const;
  std::int64_t lease_until_ms() const;
  bool holds_leases() const;
  void renew_leases();

  // Attempts (node_attempts.cc)
  static spec::Phase phase_of(Attempt::Stage stage);
  void take_start(const spec::StartOrder& order);
  void take_stop(const spec::StopOrder& stop);
  void start_queued();
  bool has_room(const spec::StartOrder& order) const;
  void begin(Attempt& attempt);
  void give_to_keeper(Attempt& attempt, Launch launch);
  void take_kept(const KeptAttempt& kept);
  void upload(Attempt& attempt);
  void unpark();
  void end(Attempt& attempt, std::optional<spec::Failure> failure, bool has_outputs);
  void end_unrun(Attempt& attempt, std::optional<spec::Failure> failure);
  void is_over(std::uint64_t attempt);
  void drop_all();
  Attempt* find(std::uint64_t attempt, Attempt::Stage stage);

  const AgentConfig& config_;
  NodeSurroundings& around_;

  std::string boot_id_;  // the keeper's
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
  std::set<std::string> removed_;  // directories that the server does not know to be gone
  std::uint64_t next_sent_ = 1, newest_answered_ = 0;
  bool has_news_ = false;
  bool facts_are_known_ = false;
  std::optional<spec::NodeSample> sample_;
  std::string trouble_;
  spec::NodeOrder order_ = spec::NodeOrder::none;
  int refusals_ = 0;
  std::int64_t pause_ms_ = 0, next_send_ms_ = 0, last_sent_ms_ = 0, last_heard_ms_ = 0;
};

}  // namespace scoria::node
