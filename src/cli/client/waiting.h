// Waiting for tasks, with progress for a person who watches. Threads: one call at a time.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/client/connection.h"
#include "cli/context.h"

namespace scoria::cli {

// Waits until a job has no task that is not completed. Its task counts: active, running, completed, succeeded, failed.
// Errors: the server's; unavailable, when stopped by Ctrl-C.
Result<Json> wait_for_tasks(Connection& server, const std::string& job, const Context& context);

// Sleeps; false when Ctrl-C came.
bool sleep_unless_stopped(const Context& context, int milliseconds);

}  // namespace scoria::cli
