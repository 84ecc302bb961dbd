// What becomes of attempts: started, ended, refused, lost. Threads: State's owner.
#pragma once

#include "batch/state.h"

namespace scoria::batch {

// Reason of a stop that spares what has started.
inline constexpr std::string_view kTakeBack = "take_back";

// What makes a node ready, and is no job's.
inline bool is_start(spec::RunKind kind) { return kind == spec::RunKind::start_task || kind == spec::RunKind::images; }

// A new attempt on a node, numbered; it is told the node with the next orders. Start tasks: node_life.cc; all else: dispatch.cc,
// preparations.cc.
Attempt& new_attempt(State& state, Node& node, spec::RunKind kind, Job* job);
// Takes an attempt that is over from its node: its slots and devices are free.
void erase_attempt(State& state, Node& node, AttemptId attempt);
// Those that no attempt has. Counted anew, as after a restart two may have the same one: what a job that is being deleted ran is stored as if it still did.
void find_free_devices(Node& node);

// Events of one node. An event of an attempt that is not the node's (any more) changes nothing: its outputs are discarded.
void take_events(State& state, Node& node, const std::vector<spec::Event>& events);
// What the node's newest list of held attempts says without an event: what was stopped and is not held is over, what was held and is not
// any more is lost. After heard_from() and take_events() of a request that was the newest.
void compare_held(State& state, Node& node);
// The outputs of a task's attempt are visible: it completes.
void outputs_published(State& state, AttemptId attempt);
// Ends an attempt whose node will never report: lost, preempted, removed. The task is requeued (without using a retry), or fails past
// lost_limit.
void abandon(State& state, Node& node, AttemptId attempt, std::string_view why);
// Orders a node to stop an attempt. The attempt stays until the node says its end; one that it never heard of goes with settle().
void stop_attempt(State& state, Node& node, Attempt& attempt, std::string_view reason, Duration grace, bool requeue);
void end_stopped_untold(State& state);
// Puts the attempt of a stored row, where it has one, back on its node; without that node the task is requeued. Errors: corrupt.
Status load_attempt(State& state, Task& task, const store::TaskRow& row);
// Its maxWallClockTime is over.
void time_out(State& state, AttemptId attempt);

}  // namespace scoria::batch
