// What the program is when it is started for warm work: processes that must not have threads. Each returns its exit code, or does not return.
// Threads: call before one exists.
#pragma once

#include <optional>

namespace scoria::worker {

// `scoria call-r`, `call-py` (a script as Rscript or python3 would run it), `worker-template` (becomes R or Python for a keeper) and `workers serve`.
// Nothing: the arguments are none of these.
std::optional<int> run_worker_process(int argc, char** argv);

}  // namespace scoria::worker
