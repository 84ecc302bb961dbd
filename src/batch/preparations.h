// Job preparation and release tasks: once per job and node, before the first task and after the last.
// Source: Azure Batch REST API, JobPreparationTask, JobReleaseTask. Threads: State's owner.
#pragma once

#include "batch/state.h"

namespace scoria::batch {

enum class Gate {
  open,    // tasks of the job may start
  closed,  // the preparation runs, or has not
  barred,  // it failed: no task of the job comes here
};
Gate gate_of(const Job& job, const Node& node);
// Starts the job's preparation on a node where it neither ran nor runs.
void prepare(State& state, Job& job, Node& node);
// Started and ended; an attempt that ended is the node's no more.
void preparation_event(State& state, Node& node, const Attempt& attempt, const spec::Event& event);
// What it made is gone with its node's disk, or must be made anew: it runs again there before the next task.
void preparation_undone(State& state, Job& job, Node& node);
// Its node will never say.
void preparation_lost(State& state, Node& node, const Attempt& attempt);
// Starts the release tasks of a job whose tasks are over where its preparation ran. True: none is left to wait for.
bool release_everywhere(State& state, Job& job);
// Forgets what nodes know of a job that is over.
void forget_preparations(State& state, Job& job);
// Erases the documents of a job that is deleted.
void erase_preparations(State& state, Job& job);
Status load_preparation(State& state, const store::Document& document);

}  // namespace scoria::batch
