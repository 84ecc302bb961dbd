// The batch state machine as one thing that takes inputs and gives groups: each group is what must be durable before anybody hears of it, what to
// do then, and whom to answer. One group is written at a time; meanwhile the next one gathers.
//
// Service (service.h) runs it on threads and the system's clock; the simulator (sim/) in one thread on a clock of its own.
// Threads: one owner. Borrows: the store, for reading.
#pragma once

#include <functional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "batch/state.h"
#include "batch/waiting_nodes.h"
#include "store/store.h"

namespace scoria::batch {

// Of a change, while the disk is full: what asks for new work is refused, what ends work or frees space is not.
enum class Work { more, less };

struct Group {
  store::Changes changes;
  Effects effects;
  // Each gets Ok once the group is durable; exhausted where it is not for want of space.
  std::vector<std::function<void(const Status&)>> answers;
  void clear();
};

enum class Outcome {
  durable,
  full,    // no room: nothing happened; refuse_full(), and try again later
  broken,  // what is on disk is unknown: the process must end, and a new start read it
};
// Makes a group's changes durable, once. The caller does the group's effects and answers, in that order, when they are.
Outcome commit_once(store::Store& store, Group& group);
void answer_all(Group& group, const Status& status);
// What is told while there is no room.
Error disk_full();
// Answers who waits for a group that finds no room, or gathers behind one: it may be written later, which nobody can wait for. Call it when new
// work is refused already.
void refuse_full(Group& group);

class Machine {
 public:
  Machine(const store::Store& reads, Settings settings) : state_(reads, std::move(settings)) {}

  // Reads what the store holds. Errors: corrupt (a document that cannot be read: which).
  Status load(Now now);

  // Inputs; each may change the state at once, and answers with its group.
  void change(Now now, const std::function<Result<Json>(State&)>& change, std::function<void(Result<Json>)> done);
  void sync(Now now, WaitingNodes::Request request);
  void ask_for_file(std::string_view pool, std::string_view node, spec::FileOrder order);
  // News of what effects asked for: outputs_published(), request_failed(), take_provider_status(), ...
  void hear(Now now, const std::function<void(State&)>& news);
  // What time brings; every 100 ms.
  void tick(Now now);

  // Takes what gathered. False: there is nothing to write, to do or to answer. Precondition: the last group taken is durable, and was told
  // to committed().
  bool take_group(Now now, Group& group);
  // The group's changes stay where they are until committed(): reads look there before the store.
  void committing(const store::Changes* changes);
  void committed();
  // Answers every node that waits, without orders: the server stops.
  void answer_waiting() { waiting_.answer_all(group_.answers); }
  // What gathered and will not be written, for its askers to be told.
  Group& gathering() { return group_; }

  const State& state() const { return state_; }

 private:
  State state_;
  WaitingNodes waiting_;
  Group group_;
};

}  // namespace scoria::batch
