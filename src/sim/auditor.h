// Whether a run kept what docs/promises.md promises. audit() knows what clients saw, which processes ran, which outputs readers saw, and what the
// store holds at the end: nothing of how the server came to it.
// Threads: none needed. What is broken is told in words; empty: nothing.
#pragma once

#include <string>
#include <vector>

#include "batch/state.h"
#include "sim/history.h"
#include "sim/outputs.h"
#include "sim/processes.h"
#include "sim/server.h"
#include "store/store.h"

namespace scoria::sim {

struct Evidence {
  const History& history;
  const std::vector<ProcessRun>& runs;
  const Outputs& outputs;
  const store::Store& store;
  const std::vector<Server::Tick>& ticks;
  Duration calm{0};              // no fault from then on
  Duration schedules_ended{0};   // when the last schedules were, at the end
  bool are_nodes_sound = false;  // nothing happened to nodes, their network, or their files
};

std::vector<std::string> audit(const Evidence& evidence);
// Schedules, by the arithmetic of audit_schedules.cc: whether the jobs were made that their tables and the server's clock say. Part of audit().
std::vector<std::string> audit_schedules(const Evidence& evidence);

// At any moment: slots, devices and quotas are not oversold, counts are those of what is there.
std::vector<std::string> check_state(const batch::State& state);
// Once faults stopped: what has not ended, and is not held up by what failed.
std::vector<std::string> unfinished(const batch::State& state);

}  // namespace scoria::sim
