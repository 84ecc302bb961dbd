#include "serve/script/job_queue.h"

#include <algorithm>

#include "table/concatenate.h"

namespace scoria::serve::script {

bool JobQueue::push(JobPtr job) {
  if (jobs_.size() >= capacity_) return false;
  jobs_.push_back(std::move(job));
  return true;
}

void JobQueue::put_back(const std::vector<JobPtr>& jobs) { jobs_.insert(jobs_.begin(), jobs.begin(), jobs.end()); }

std::vector<JobPtr> JobQueue::take() {
  std::vector<JobPtr> taken;
  if (jobs_.empty()) return taken;
  taken.push_back(std::move(jobs_.front()));
  jobs_.pop_front();
  const auto* first = std::get_if<table::Table>(&taken.front()->question);
  if (first == nullptr || most_rows_ == 0) return taken;
  std::size_t rows = taken.front()->rows, most = taken.front()->most_together;
  while (!jobs_.empty()) {
    const Job& next = *jobs_.front();
    most = std::min(most, next.most_together);
    const auto* table = std::get_if<table::Table>(&next.question);
    if (taken.size() >= most || table == nullptr || rows + next.rows > most_rows_ || !has_same_columns(*first, *table))
      break;
    rows += next.rows;
    taken.push_back(std::move(jobs_.front()));
    jobs_.pop_front();
  }
  return taken;
}

std::vector<JobPtr> JobQueue::take_expired(Time now) {
  std::vector<JobPtr> expired;
  for (auto job = jobs_.begin(); job != jobs_.end();) {
    if ((*job)->deadline > now) {
      ++job;
      continue;
    }
    expired.push_back(std::move(*job));
    job = jobs_.erase(job);
  }
  return expired;
}

std::vector<JobPtr> JobQueue::take_all() {
  std::vector<JobPtr> all(std::make_move_iterator(jobs_.begin()), std::make_move_iterator(jobs_.end()));
  jobs_.clear();
  return all;
}

std::size_t JobQueue::calls() const {
  if (most_rows_ == 0) return jobs_.size();
  std::size_t rows = 0;
  for (const auto& job : jobs_) rows += std::max<std::size_t>(job->rows, 1);
  return (rows + most_rows_ - 1) / most_rows_;
}

std::optional<Time> JobQueue::oldest() const {
  if (jobs_.empty()) return {};
  return (*std::min_element(jobs_.begin(), jobs_.end(),
                            [](const auto& a, const auto& b) { return a->since < b->since; }))
      ->since;
}

std::optional<Time> JobQueue::next_deadline() const {
  if (jobs_.empty()) return {};
  return (*std::min_element(jobs_.begin(), jobs_.end(),
                            [](const auto& a, const auto& b) { return a->deadline < b->deadline; }))
      ->deadline;
}

std::optional<Time> JobQueue::first_deadline() const {
  if (jobs_.empty()) return {};
  return jobs_.front()->deadline;
}

JobPtr JobQueue::take_first() {
  JobPtr first = std::move(jobs_.front());
  jobs_.pop_front();
  return first;
}

bool has_same_columns(const table::Table& left, const table::Table& right) {
  if (left.names() != right.names()) return false;
  for (std::size_t i = 0; i < left.columns(); ++i) {
    const auto &one = *left.column(i), &other = *right.column(i);
    if (one.type() != other.type()) return false;
    if (one.type() == table::Type::factor && (&one.levels() != &other.levels() || one.ordered() != other.ordered()))
      return false;
  }
  return true;
}

table::Table join_rows(const std::vector<JobPtr>& jobs) {
  const auto& first = std::get<table::Table>(jobs.front()->question);
  if (jobs.size() == 1) return first;
  std::size_t rows = 0;
  for (const auto& job : jobs) rows += job->rows;
  table::Table joined(rows);
  joined.reserve(first.columns());
  std::vector<table::ColumnPtr> parts(jobs.size());
  for (std::size_t column = 0; column < first.columns(); ++column) {
    for (std::size_t i = 0; i < jobs.size(); ++i) parts[i] = std::get<table::Table>(jobs[i]->question).column(column);
    joined.add(first.names()[column], table::concatenate(parts));
  }
  return joined;
}

}  // namespace scoria::serve::script
