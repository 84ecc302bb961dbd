// What a keeper decides: which processes are whose, when they are asked to end and when they are killed, what is spooled before what.
// No clock, socket, signal or file in here: it asks its surroundings, which keeper.cc gives it on a machine, and the simulator (sim/) elsewhere.
// Threads: one owner. Borrows: the surroundings.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "node/keeper_protocol.h"
#include "node/spool.h"

namespace scoria::node {

class KeeperSurroundings {
 public:
  virtual ~KeeperSurroundings() = default;
  virtual std::int64_t steady_ms() const = 0;
  virtual std::int64_t wall_us() const = 0;

  struct Born {
    int pid = 0;
    std::int64_t born_ms = 0;  // as SpooledAttempt::born_ms
  };
  // A process group; its birth is in the spool before anything of it runs. Errors: with the api_code that clients see.
  virtual Result<Born> spawn(const StartCommand& command) = 0;
  // Hands it to a warm process, which says later that it has begun (begun()), or not (start_held()). False: there is none.
  virtual bool start_warm(const StartCommand& command) = 0;
  // What ends a container that a killed task left. Errors: unavailable.
  virtual Result<int> spawn_cleanup(const std::vector<std::string>& command) = 0;
  // Whole process groups; SIGKILL takes what left them, too.
  virtual void signal(int pid, int signal) = 0;
  // Its process has ended: the rest of its group, and what left it, goes, and so do its limits.
  virtual void clear_away(std::uint64_t attempt, int pid) = 0;
  // Of an earlier keeper: ended, if it is still the process that was born then.
  virtual void end_leftover(int pid, std::int64_t born_ms) = 0;

  // The spool. What is added is written at the next flush_spool().
  virtual void spool_intent(std::uint64_t attempt, const std::string& note) = 0;
  virtual void spool_ending(const Ending& ending) = 0;
  virtual void spool_forgotten(std::uint64_t attempt) = 0;
  virtual void flush_spool() = 0;

  // The agent, where there is one.
  virtual void tell_started(const StartedNotice& notice) = 0;
  virtual void tell_ended(const Ending& ending) = 0;
};

class KeeperMachine {
 public:
  KeeperMachine(KeeperSurroundings& surroundings, std::string boot_id)
      : around_(surroundings), boot_id_(std::move(boot_id)) {}

  // What an earlier keeper spooled: what it started and nobody saw end is ended, and reported as lost. `boot_id`: of one that went by itself with
  // nothing running: this one goes on as that.
  void take_over(std::map<std::uint64_t, SpooledAttempt> found, std::string boot_id = {});

  // For an agent that comes.
  KeeperState state() const;
  // What it says, several messages at once: their intents are one write.
  void take(const std::vector<Message>& messages);
  // A process group of ours ended: 128 + signal where one did it. False: it is none of ours.
  bool ended(int pid, int exit_code, bool was_signalled);
  // One that somebody else started for an attempt that is held: the warm scorer.
  void begun(const StartCommand& command, KeeperSurroundings::Born born);
  // An attempt that is held and has not begun is started here after all.
  void start_held(const StartCommand& command);

  // Everything ends, nothing begins any more.
  void end_all(std::int64_t grace_ms);
  void look_at_deadlines();
  std::optional<std::int64_t> next_deadline_ms() const;

  const std::map<std::uint64_t, SpooledAttempt>& held() const { return held_; }
  bool is_running(int pid) const { return running_.contains(pid); }
  std::size_t running() const { return running_.size(); }
  bool is_leaving() const { return is_leaving_; }

 private:
  // A process group that runs for an attempt.
  struct Running {
    std::uint64_t attempt = 0;
    int pid = 0;
    std::int64_t wall_deadline_ms = 0;  // steady; 0: none
    std::int64_t lease_until_ms = 0;    // steady; 0: it needs none
    std::int64_t wall_grace_ms = 0;
    std::int64_t kill_deadline_ms = 0;  // steady; 0: not asked to end
    std::string reason;
    std::vector<std::string> cleanup;
    std::optional<Ending> end_of;  // it is a cleanup: told once it is over
  };
  void start(const StartCommand& command);
  void kill_attempt(const KillCommand& command);
  void kill_group(Running& running, std::int64_t grace_ms, std::string reason);
  void forget(std::uint64_t attempt);
  void renew(std::int64_t lease_until_ms);
  bool clean_up(const std::vector<std::string>& command, Ending& ending);
  void finish(Ending ending);

  KeeperSurroundings& around_;
  std::string boot_id_;
  std::map<std::uint64_t, SpooledAttempt> held_;
  std::map<int, Running> running_;
  std::unordered_map<std::uint64_t, int> pids_;
  bool is_leaving_ = false;
};

}  // namespace scoria::node
