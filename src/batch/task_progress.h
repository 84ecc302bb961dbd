// Steps of a task's life that several files take. Threads: State's owner.
#pragma once

#include <string>
#include <string_view>

#include "batch/state.h"

namespace scoria::batch {

// To be written at the next flush().
void touch_task(State& state, Task& task);
void set_task_state(State& state, Task& task, TaskState to);
// Adds the task to its job's counts, or (by -1) takes it out.
void count_task(Task& task, int by);
// Active with nothing unmet: may be dispatched. Else it waits.
void place_in_queue(State& state, Task& task);
void take_from_queue(Task& task);

// Its outputs are visible, or never will be.
void end_publishing(State& state, Task& task);

// {"category", "code", "message", "details"}.
Json failure_info(std::string_view category, std::string_view code, std::string_view message,
                  Json details = Json::array());
// Of a task that was ended on somebody's behalf: code TaskEnded.
Json ended_failure(std::string_view message);

// Its last attempt is over and its outputs are where they belong: runs again where it may, else completes.
void conclude_task(State& state, Task& task);
// Leaves memory as completed; what depends on it goes on; its job's exit conditions act. `task` lives until flush().
void complete_task(State& state, Task& task);
// Active again without using a retry. `counts`: clients see it in requeueCount.
// Of a single-writer task that an attempt of may live on: it waits until that has ended by itself, `heard` being when its node was last heard.
void hold_back(const State& state, Task& task, SteadyTime heard);
// Those whose time has come. Called by tick().
void release_held_back(State& state);
void requeue_task(State& state, Task& task, bool counts);
// Whether its attempt goes on without it: the task is deleted or ended, and the node is told to stop.
void orphan_attempt(State& state, Task& task, std::string_view reason);
// Out of memory without a trace: deleted.
void drop_task(State& state, Task& task);
// Puts a task into memory: a new one, one of the store's, or one that was completed.
Task& insert_task(Job& job, std::unique_ptr<Task> task);

struct ExitAction {
  std::string job = "none";  // none, disable, terminate
  bool satisfies = false;    // what depends on the task
};
// What the exitConditions of the task's spec say of its end.
ExitAction exit_action(const Task& task);
// How to fill a Task from a row of the store. Errors: corrupt.
Status read_row(Task& task, const store::TaskRow& row);
// A row as it will be once all that is pending is stored.
Result<std::optional<store::TaskRow>> find_row(const State& state, const Job& job, std::string_view id);

}  // namespace scoria::batch
