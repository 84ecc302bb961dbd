// The server as a process of a simulated machine: the real batch::Machine and the real store, on a disk, a clock and a network of ours.
// What batch::Service does with threads happens here as events: one group is committed at a time, and takes a while.
// Threads: one. Borrows: all that it is given.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "batch/machine.h"
#include "pool/provider.h"
#include "sim/disk.h"
#include "sim/outputs.h"
#include "sim/random.h"
#include "sim/sqlite_disk.h"
#include "sim/timeline.h"

namespace scoria::sim {

class Server {
 public:
  struct Faults {
    double dies_in_commit = 0;  // probability that the process dies within one
    double slow_commit = 0;     // that one takes up to two seconds
  };
  using Change = std::function<Result<batch::Json>(batch::State&)>;
  using Answer = std::function<void(Result<batch::Json>)>;
  using SyncAnswer = std::function<void(Result<std::string>)>;

  Server(Timeline& timeline, Random random, Disk& disk, const MachineClock& clock, Outputs& outputs,
         batch::Settings settings);

  Faults& faults() { return faults_; }
  bool is_up() const { return machine_ != nullptr; }
  // Errors: what the store or the stored state say; the world takes them for a broken promise.
  Status start();
  void kill();
  // Its end, however it came: for who starts it again.
  void set_providers(std::map<std::string, pool::Provider*> providers) { providers_ = std::move(providers); }
  void on_end(std::function<void()> told) { told_of_end_ = std::move(told); }

  // Requests that arrived. A server that is down answers nothing; one that dies meanwhile neither.
  void change(Change change, batch::Work work, Answer answer);
  void sync(std::string pool, std::string node, std::string token_hash, std::string text, SyncAnswer answer);
  // Every moment at which it looked at the clock for what is due, over all its lives: what schedules are judged by.
  struct Tick {
    Duration at;
    WallTime wall;
    int life;
  };
  const std::vector<Tick>& ticks() const { return ticks_; }
  // The machine as it stands, for looking at it without changing anything. Precondition: is_up().
  const batch::State& state() const { return machine_->state(); }
  const store::Store& store() const { return *store_; }

 private:
  void tick();
  void ask_providers();
  void turn();
  void commit();
  void committed();
  void act(batch::Effects effects);
  void publish(spec::AttemptId attempt);
  void hear(std::function<void(batch::State&)> news);

  Timeline& timeline_;
  Random random_;
  Disk& disk_;
  const MachineClock& clock_;
  Outputs& outputs_;
  std::map<std::string, pool::Provider*> providers_;
  batch::Settings settings_;
  Faults faults_;
  std::function<void()> told_of_end_;

  std::vector<Tick> ticks_;
  int lives_ = 0;

  Life life_;
  // Of one life, in the order of their making.
  std::unique_ptr<Disk::Process> process_;
  std::unique_ptr<SqliteDisk> sqlite_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<batch::Machine> machine_;
  batch::Group group_;
  bool is_committing_ = false, is_full_ = false, is_turn_planned_ = false;
};

}  // namespace scoria::sim
