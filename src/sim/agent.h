// An agent as a process of a simulated machine: node::NodeMachine with exchanges over our network, launches and uploads that take time and fail.
// Threads: one. Borrows: all that it is given.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "node/node_machine.h"
#include "sim/keeper.h"
#include "sim/network.h"
#include "sim/outputs.h"
#include "sim/random.h"
#include "sim/server.h"
#include "sim/timeline.h"

namespace scoria::sim {

class Agent final : private node::NodeSurroundings {
 public:
  struct Place {
    std::string machine;  // its name in the network
    std::string pool, node, token;
    int slots = 1;
    std::vector<int> devices;
  };
  struct Parts {
    Timeline& timeline;
    Network& network;
    Outputs& outputs;
    Server& server;
    std::string server_machine;
    const MachineClock& clock;
  };
  struct Faults {
    double slow_launch = 0.1, failed_launch = 0, failed_upload = 0;
  };
  // Its keeper; null: there is none. A missing one is started, if so wished.
  using FindKeeper = std::function<Keeper*(bool may_start)>;

  Agent(Parts parts, const Place& place, const Faults& faults, Random random, FindKeeper find_keeper);

  void pause(Duration how_long) { life_.pause(how_long); }
  // Its keeper died: the socket is closed.
  void lose_keeper();
  // It was told to leave, and its keeper has.
  bool has_left() const { return has_left_; }

 private:
  std::int64_t steady_ms() const override;
  std::int64_t wall_us() const override;
  std::string random_id() override { return std::to_string(random_.next()); }
  bool has_keeper() const override { return keeper_ != nullptr && keeper_has_told_; }
  void keeper_start(const node::StartCommand& command) override;
  void keeper_kill(const node::KillCommand& command) override;
  void keeper_forget(std::uint64_t attempt) override;
  void keeper_renew(std::int64_t lease_until_ms) override;
  int exchanges() const override { return exchanges_; }
  void exchange(std::uint64_t id, std::string request, std::chrono::milliseconds timeout) override;
  bool takes_long(const spec::StartOrder& order) const override { return order.attempt % 4 == 0; }
  void launch(const spec::StartOrder& order, Cancelled cancelled) override;
  void fetch_images(const spec::StartOrder& order, Cancelled cancelled) override;
  void upload(const spec::StartOrder& order, bool has_succeeded, Cancelled cancelled) override;
  std::string container_of(const spec::StartOrder&) const override { return {}; }
  std::optional<spec::Failure> container_refused(const spec::StartOrder&, int) const override { return std::nullopt; }
  void remove_container(const std::string&) override {}
  void answer_file(const spec::FileOrder&) override {}
  void keep_directory(const std::string&, std::int64_t) override {}
  bool keeps_directories() const override { return false; }
  void remove_directory(const std::string&) override {}

  void reach_keeper();
  void hear_keeper(const node::Message& message);
  void to_keeper(node::Message message);
  void try_upload(const spec::StartOrder& order, int tries, Cancelled cancelled);
  void move_on();
  void follow_order();
  void wait_for_keeper_to_leave();
  void sample();

  Parts parts_;
  Place place_;
  const Faults& faults_;
  Random random_;
  FindKeeper find_keeper_;
  node::AgentConfig config_;
  Life life_;
  Keeper* keeper_ = nullptr;
  bool keeper_has_told_ = false;  // as NodeLoop: orders before it are for the keeper before
  std::uint64_t connection_ = 0;  // grows: what came over an older one is not heard
  int exchanges_ = 0;
  std::optional<std::int64_t> planned_ms_;
  std::optional<spec::NodeOrder> leaving_for_;  // waits until the keeper has left
  bool has_left_ = false;
  node::NodeMachine machine_;
};

}  // namespace scoria::sim
