// The processes of a node that the program starts itself: keeper, warm scorer, agent; and those that stand before or in for a task's
// own programs. They are no commands for people, and begin before anything of the program that has threads. Threads: called first thing in main().
#pragma once

#include <functional>
#include <optional>
#include <stop_token>

namespace scoria::cli {

// The exit code where argv says `scoria keeper`, `warm-scorer`, `azure-root` or `stand-in`; nothing for any other command. `entry` is what a task of
// the warm scorer runs as: the whole command line.
std::optional<int> run_threadless_process(int argc, char** argv, std::function<int(int argc, char** argv)> entry);

// The exit code where argv says `scoria agent FILE` (server/agent_file.h).
std::optional<int> run_agent_process(int argc, char** argv, const std::stop_token& stop);

}  // namespace scoria::cli
