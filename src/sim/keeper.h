// A keeper as a process of a simulated machine: node::KeeperMachine with a spool, processes and a socket of ours.
// Its spool outlives it: what was flushed is read by the next one.
// Threads: one. Borrows: all that it is given.
#pragma once

#include <csignal>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "node/keeper_machine.h"
#include "sim/processes.h"
#include "sim/random.h"
#include "sim/timeline.h"

namespace scoria::sim {

using Spool = std::map<std::uint64_t, node::SpooledAttempt>;

class Keeper final : private node::KeeperSurroundings {
 public:
  struct Place {
    std::string machine, pool, node;
  };
  Keeper(Timeline& timeline, Processes& processes, const MachineClock& clock, Place place, Spool& spool,
         std::string boot_id);
  // Killed: its processes run on, and nobody hears of their ends.
  ~Keeper() override;

  // An agent came: it hears the state, then all news, until another one comes.
  void connect(std::function<void(node::Message)> to_agent);
  void disconnect() { to_agent_ = nullptr; }
  void take(node::Message message);
  // Told to leave, and nothing runs any more.
  bool has_left() const { return machine_.is_leaving() && machine_.running() == 0; }
  bool is_empty() const { return machine_.held().empty(); }

 private:
  std::int64_t steady_ms() const override;
  std::int64_t wall_us() const override;
  Result<Born> spawn(const node::StartCommand& command) override;
  bool start_warm(const node::StartCommand&) override { return false; }
  Result<int> spawn_cleanup(const std::vector<std::string>&) override {
    return Error{Code::unsupported, "there are no containers here"};
  }
  void signal(int pid, int signal) override { processes_.signal(pid, signal); }
  void clear_away(std::uint64_t, int) override {}
  void end_leftover(int pid, std::int64_t) override { processes_.signal(pid, SIGKILL); }
  void spool_intent(std::uint64_t attempt, const std::string& note) override;
  void spool_ending(const node::Ending& ending) override;
  void spool_forgotten(std::uint64_t attempt) override;
  void flush_spool() override;
  void tell_started(const node::StartedNotice& notice) override;
  void tell_ended(const node::Ending& ending) override;

  void move_on();
  void tell(node::Message message);

  Processes& processes_;
  const MachineClock& clock_;
  Place place_;
  Spool& spool_;
  std::vector<std::function<void()>> unflushed_;  // records, in order
  std::function<void(node::Message)> to_agent_;
  std::vector<int> children_;
  std::set<int> leased_;
  Life life_;
  node::KeeperMachine machine_;
};

}  // namespace scoria::sim
