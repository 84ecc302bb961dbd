// Jobs that wait for a worker: how many may, which are dropped because their deadline passed, and which go to one worker together.
// Threads: one user at a time, who says what time it is. Owns: the jobs that wait.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "serve/script/script_worker.h"

namespace scoria::serve::script {

struct Job {
  Question question;
  std::size_t rows = 0;  // of a table
  Time since, deadline;
  std::function<void(Outcome)> done;  // called once
  // How many jobs may share a call with it: halved each time that such a call fails, so that a poisonous one ends up alone.
  std::size_t most_together = std::numeric_limits<std::size_t>::max();
  std::atomic<bool> is_answered{false};
};
using JobPtr = std::shared_ptr<Job>;

class JobQueue {
 public:
  // `most_rows`: of one call; 0: each job is a call of its own.
  JobQueue(std::size_t capacity, std::size_t most_rows) : capacity_(capacity), most_rows_(most_rows) {}

  // False: it is full.
  bool push(JobPtr job);
  // In front of all others, in their order, although it may be full: they were in it before.
  void put_back(const std::vector<JobPtr>& jobs);
  // The next call's jobs; none: nobody waits. Call take_expired() before.
  std::vector<JobPtr> take();
  // Jobs whose deadline has passed: they are not to be started.
  std::vector<JobPtr> take_expired(Time now);
  std::vector<JobPtr> take_all();

  std::size_t size() const { return jobs_.size(); }
  std::size_t calls() const;  // that those who wait make, at least
  std::optional<Time> oldest() const;
  std::optional<Time> next_deadline() const;
  // Of the job whose turn is next, and that job by itself. Precondition of the second: there is one.
  std::optional<Time> first_deadline() const;
  JobPtr take_first();

 private:
  std::size_t capacity_, most_rows_;
  std::deque<JobPtr> jobs_;
};

// Whether two tables have the same columns, so that their rows can be one table.
bool has_same_columns(const table::Table& left, const table::Table& right);
// The rows of all jobs below each other. Preconditions: tables with the same columns.
table::Table join_rows(const std::vector<JobPtr>& jobs);

}  // namespace scoria::serve::script
