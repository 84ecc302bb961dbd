#include "cli/client/waiting.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "cli/client/view.h"
#include "cli/progress.h"

namespace scoria::cli {

bool sleep_unless_stopped(const Context& context, int milliseconds) {
  std::mutex mutex;
  std::condition_variable_any condition;
  std::unique_lock lock(mutex);
  return !condition.wait_for(lock, context.stop, std::chrono::milliseconds(milliseconds),
                             [&context] { return context.stop.stop_requested(); });
}

Result<Json> wait_for_tasks(Connection& server, const std::string& job, const Context& context) {
  Progress progress("tasks", context.is_terminal);
  // Short at first, as small jobs end soon; two questions a second is often enough for the rest.
  for (int pause = 20;; pause = std::min(pause * 2, 500)) {
    SCORIA_TRY(answer, server.get(path_of({"jobs", job, "taskcounts"})));
    const Json& counts = answer["taskCounts"];
    const auto done = counts.value("completed", std::uint64_t{0});
    const std::uint64_t open = counts.value("active", std::uint64_t{0}) + counts.value("running", std::uint64_t{0});
    progress.update(done, done + open);
    if (open == 0) return counts;
    if (!sleep_unless_stopped(context, pause)) return Error{Code::unavailable, "stopped; job '" + job + "' goes on"};
  }
}

}  // namespace scoria::cli
