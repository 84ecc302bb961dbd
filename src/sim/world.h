// One simulated cluster, its clients and what goes wrong, from one seed: the same seed is the same run, event by event.
// A run is busy for a while, with faults; then they stop, and everything must come to its end. What broke a promise is told in words.
// Threads: one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/client.h"
#include "sim/disk.h"
#include "sim/history.h"
#include "sim/network.h"
#include "sim/node.h"
#include "sim/outputs.h"
#include "sim/processes.h"
#include "sim/provider.h"
#include "sim/random.h"
#include "sim/server.h"
#include "sim/timeline.h"

namespace scoria::sim {

// Faults of a run: each seed has some of them.
enum class Fault {
  kill_server,
  power_off_server,
  die_in_commit,
  failed_sync,
  full_disk,
  slow_disk,
  kill_agent,
  kill_keeper,
  pause_agent,
  power_off_node,
  lossy_network,
  cut_link,
  step_clock,
  refusing_provider,
  failing_files,
};
inline constexpr int kFaults = 15;

class World {
 public:
  struct Options {
    Duration busy = std::chrono::minutes(3);
    Duration calm = std::chrono::minutes(30);  // at most, until everything has ended
    std::optional<std::uint32_t> faults;       // a bit for each; none: by the seed
    bool tells = false;                        // what goes on, on standard error
  };
  struct Verdict {
    std::vector<std::string> broken;  // promises; empty: all were kept
    std::uint64_t steps = 0, tasks = 0, faults = 0;
    std::string digest;  // the same for the same seed
  };

  World(std::uint64_t seed, Options options);
  ~World();
  Verdict run();

 private:
  struct Machine {  // one that joined
    std::string name, token;
    MachineClock clock;
    std::unique_ptr<Node> node;
  };

  void set_up();
  void join(Machine& machine);
  void start_server();
  void server_ended();
  bool are_nodes_sound() const;
  bool has(Fault fault) const { return (faults_ >> static_cast<int>(fault) & 1) != 0; }
  void go_wrong();
  void do_wrong(Fault fault);
  void calm_down();
  bool is_over();
  void look();
  std::string digest();
  void tell(const std::string& what);
  void tell_nodes();
  void tell_runs();
  void broke(std::string what);
  std::vector<Node*> all_nodes();
  // A request of ours, asked until it is answered.
  void insist(Server::Change change);

  static constexpr const char* kServer = "server";  // its machine, in the network

  Options options_;
  Random random_;
  std::uint32_t faults_ = 0;
  Timeline timeline_;
  Network network_;
  Processes processes_;
  Outputs outputs_;
  Disk disk_;
  MachineClock server_clock_;
  History history_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Provider> provider_;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::uint64_t tokens_ = 0, faults_done_ = 0;
  bool is_calm_ = false, manages_pools_ = false;
  Duration schedules_ended_{0};
  int insisting_ = 0;
  std::vector<std::string> broken_;
};

}  // namespace scoria::sim
