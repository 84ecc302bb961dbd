// What runs on this machine, as /proc tells it. Source: proc(5). Threads: free functions.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scoria::node {

// When a process was started, in milliseconds of CLOCK_BOOTTIME; nothing where there is none of this id (any more).
std::optional<std::int64_t> process_born_ms(pid_t pid);

std::vector<pid_t> all_processes();
// Of this process itself; falls back to nothing where the kernel does not list them.
std::vector<pid_t> own_children();

// Whether its environment, as it was when it became its program, holds all of these "NAME=value".
bool environment_holds(pid_t pid, const std::vector<std::string>& settings);

}  // namespace scoria::node
