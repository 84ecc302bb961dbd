// Jobs with what they are told, once the pool's lock is gone: what their callers do then is foreign. Each job is answered once, whoever is first.
// Threads: one user. Owns: what has not been called back.
#pragma once

#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "serve/script/job_queue.h"
#include "serve/script/script_worker.h"

namespace scoria::serve::script {

class AnsweredJobs {
 public:
  void add(const JobPtr& job, Outcome outcome) {
    all_.emplace_back(job, std::move(outcome));
    if (job->is_answered.exchange(true)) all_.pop_back();
  }
  bool is_empty() const { return all_.empty(); }
  void call() noexcept {
    for (auto& [job, outcome] : all_) {
      try {
        // What it owns goes with it, here, and not wherever the last who knows the job forgets it.
        const auto done = std::move(job->done);
        done(std::move(outcome));
      } catch (const std::exception& exception) {
        log::error("script_answer_lost", {{"error", exception.what()}});
      }
    }
    all_.clear();
  }

 private:
  std::vector<std::pair<JobPtr, Outcome>> all_;
};

// `where` it was: "while it waited for a worker".
inline Failure deadline_passed(const char* where) {
  return {.status = 504, .code = "deadline", .message = std::string("the request's deadline passed ") + where};
}

inline Failure stopped() {
  return {.status = 503, .code = "stopped", .message = "the service is stopping", .retry_after_s = 1};
}

}  // namespace scoria::serve::script
