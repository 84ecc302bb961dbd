// A client that works on its own jobs and schedules, one request after another over the network, and asks again when it heard nothing.
// Threads: one. Borrows: all that it is given.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/history.h"
#include "sim/network.h"
#include "sim/random.h"
#include "sim/server.h"
#include "sim/timeline.h"

namespace scoria::sim {

class Client {
 public:
  struct Parts {
    Timeline& timeline;
    Network& network;
    Server& server;
    std::string server_machine;
    History& history;
    std::vector<std::string> pools;
  };
  // How much it asks for.
  struct Load {
    int jobs = 4, tasks_at_once = 8;
    Duration between = std::chrono::seconds(4);
    bool manages_pools = false;
    bool ends_tasks = false;  // of nodes that it takes away, and not only requeues
  };
  Client(Parts parts, std::string name, Random random, Load load);

  void start();
  // Asks for nothing new; what was not answered is asked again until it is.
  void stop() { is_stopping_ = true; }
  bool is_idle() const { return is_stopping_ && !is_waiting_ && endless_.empty(); }

 private:
  struct Job {
    std::string id;
    int tasks = 0;
    bool has_numbers = false;  // for ids, so that ranges can be depended upon
    bool is_disabled = false, uses_dependencies = false;
  };
  // Told once it is known what became of it; the answer is null where it was refused.
  using Then = std::function<void(const Operation& operation, const batch::Json& answer)>;
  void next();
  void next_later();
  void ask(Operation operation, batch::Work work, Server::Change change, Then then = nullptr);
  void send(std::size_t place, batch::Work work, Server::Change change, Then then);
  void heard(std::size_t place, std::optional<Result<batch::Json>> answer, batch::Work work, Server::Change change,
             Then then);

  void end_endless();
  static std::string task_id(const Job& job, std::int64_t number);
  void add_job();
  void add_tasks(Job& job);
  spec::Json task_body(Job& job, const std::string& id);
  void heard_of_tasks(std::size_t first, std::size_t count, const Operation& request, const batch::Json& codes);
  void change_task(const Job& job);
  void change_job(Job& job);
  void change_pool();
  void change_node(const std::string& pool);
  void add_schedule();
  void change_schedule();

  Parts parts_;
  std::string name_;
  Random random_;
  Load load_;
  std::vector<Job> jobs_;
  std::vector<std::string> deleted_;  // their ids may be used again
  int jobs_made_ = 0, schedules_made_ = 0;
  std::vector<std::string> schedules_;
  std::vector<std::pair<std::string, std::string>> endless_;  // job, task: run until we end them
  bool is_waiting_ = false, is_stopping_ = false;
};

}  // namespace scoria::sim
