// Steps of a node's life that several files take. Threads: State's owner.
#pragma once

#include <string_view>

#include "batch/state.h"

namespace scoria::batch {

// Among the newest ten of its document.
void add_error(State& state, Node& node, std::string_view code, std::string_view message);
// It came up anew: what ran before is gone, and so is what preparation tasks made where that matters.
void booted(State& state, Node& node, bool is_reimaged);
// Heard of again. If it was lost, its attempts were given away, and what it still holds of them is stopped by its next orders.
void came_back(State& state, Node& node, bool is_other_keeper);
// It is up: its pool's images, its start task, or work.
void start_node(State& state, Node& node);
// Its images are there.
void run_start_task(State& state, Node& node);
// Tells the node to stop all that it runs. A start task is forgotten at once: nobody waits for its end.
void stop_all(State& state, Node& node, std::string_view reason, Duration grace, bool requeue);
void forget_start_task(State& state, Node& node);
// Gives its place away: state preempted.
void take_place(State& state, Node& node);

}  // namespace scoria::batch
