#include <algorithm>

#include "store/store.h"

namespace scoria::store {
namespace {

void append_lower(std::string& out, std::string_view text) {
  for (const char c : text) out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string document_key(Kind kind, std::string_view parent, std::string_view id) {
  std::string key;
  key.reserve(2 + parent.size() + id.size());
  key += static_cast<char>(kind);
  append_lower(key, parent);
  key += '\n';  // in no id
  append_lower(key, id);
  return key;
}

}  // namespace

Changes::DocumentChange& Changes::document(Kind kind, std::string parent, std::string id) {
  const auto [at, is_new] = document_index_.try_emplace(document_key(kind, parent, id), documents_.size());
  if (is_new) documents_.push_back({kind, std::move(parent), std::move(id), std::nullopt});
  return documents_[at->second];
}

Changes::TaskChange& Changes::task(std::uint64_t job, std::uint64_t number) {
  const auto [at, is_new] = task_index_.try_emplace({job, number}, tasks_.size());
  if (is_new) tasks_.push_back({.job = job, .number = number});
  return tasks_[at->second];
}

void Changes::put(Document put) {
  DocumentChange& change = document(put.kind, std::move(put.parent), put.id);
  change.id = std::move(put.id);  // its case may be another
  change.text = std::move(put.text);
}

void Changes::erase(Kind kind, std::string parent, std::string id) {
  document(kind, std::move(parent), std::move(id)).text.reset();
}

void Changes::add_task(TaskRow row) {
  TaskChange& change = task(row.job, row.number);
  change.is_added = true;
  change.is_erased = false;
  change.id = std::move(row.id);
  change.state = row.state;
  change.info = std::move(row.info);
  change.spec = std::move(row.spec);
}

void Changes::update_task(std::uint64_t job, std::uint64_t number, TaskState state, std::string info) {
  TaskChange& change = task(job, number);
  change.state = state;
  change.info = std::move(info);
}

void Changes::update_task_spec(std::uint64_t job, std::uint64_t number, std::string spec) {
  task(job, number).spec = std::move(spec);
}

void Changes::erase_task(std::uint64_t job, std::uint64_t number) {
  TaskChange& change = task(job, number);
  change = {.job = job, .number = number, .is_erased = true};
}

void Changes::erase_tasks(std::uint64_t job) {
  std::erase_if(tasks_, [job](const TaskChange& change) { return change.job == job; });
  task_index_.clear();
  for (std::size_t i = 0; i < tasks_.size(); ++i) task_index_.emplace(TaskKey{tasks_[i].job, tasks_[i].number}, i);
  erased_jobs_.push_back(job);
}

bool Changes::empty() const { return documents_.empty() && tasks_.empty() && erased_jobs_.empty(); }

void Changes::clear() {
  documents_.clear();
  document_index_.clear();
  tasks_.clear();
  task_index_.clear();
  erased_jobs_.clear();
}

const std::optional<std::string>* Changes::find(Kind kind, std::string_view parent, std::string_view id) const {
  if (documents_.empty()) return nullptr;
  const auto at = document_index_.find(document_key(kind, parent, id));
  return at == document_index_.end() ? nullptr : &documents_[at->second].text;
}

void Changes::overlay(std::uint64_t job, std::uint64_t number, std::optional<TaskRow>& row) const {
  if (std::ranges::find(erased_jobs_, job) != erased_jobs_.end()) row.reset();
  const auto at = task_index_.find({job, number});
  if (at == task_index_.end()) return;
  const TaskChange& change = tasks_[at->second];
  if (change.is_erased) return row.reset();
  if (change.is_added) row = TaskRow{.job = job, .number = number, .id = change.id};
  if (!row) return;
  if (change.state) {
    row->state = *change.state;
    row->info = change.info;
  }
  if (change.spec) row->spec = *change.spec;
}

}  // namespace scoria::store
