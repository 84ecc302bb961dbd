// What becomes of attempts: started, ended, refused, lost. Threads: State's owner.
#pragma once

#include "batch/state.h"

namespace scoria::batch {

// A new attempt on a node, numbered; it is told the node with the next orders. Start tasks: nodes.cc; all else: dispatch.cc, jobs.cc.
Attempt& new_attempt(State& state, Node& node, spec::RunKind kind, Job* job);
// Events of one node. An event of an attempt that is not the node's (any more) changes nothing: its outputs are discarded.
void take_events(State& state, Node& node, const std::vector<spec::Event>& events);
// The outputs of a task's attempt are visible: it completes.
void outputs_published(State& state, AttemptId attempt);
// Ends an attempt whose node will never report: lost, preempted, removed. The task is requeued (without using a retry), or fails past lost_limit.
void abandon(State& state, Node& node, AttemptId attempt, std::string_view why);
// Orders a node to stop an attempt.
void stop_attempt(State& state, Node& node, Attempt& attempt, std::string_view reason, Duration grace, bool requeue);

}  // namespace scoria::batch
