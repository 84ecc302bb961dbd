// A Store in memory, which can be told to fail: for tests of what stands above it.
// Threads: as Store, commit() apart: one thread at a time for everything. Outlives what uses it: a restart is another user.
#pragma once

#include <map>

#include "store/store.h"

namespace scoria::store {

class MemoryStore final : public Store {
 public:
  // The next commits fail so, until it is taken back.
  std::optional<Error> failure;
  std::uint64_t commits = 0;

  Status commit(const Changes& changes) override {
    if (failure) return *failure;
    ++commits;
    for (const std::uint64_t job : changes.erased_jobs()) {
      tasks_.erase(tasks_.lower_bound({job, 0}), tasks_.lower_bound({job + 1, 0}));
    }
    for (const Changes::DocumentChange& change : changes.documents()) {
      const DocumentKey key{change.kind, lower(change.parent), lower(change.id)};
      if (change.text) {
        documents_[key] = {change.kind, change.parent, change.id, *change.text};
      } else {
        documents_.erase(key);
      }
    }
    for (const Changes::TaskChange& change : changes.tasks()) {
      const std::pair key{change.job, change.number};
      if (change.is_erased) {
        tasks_.erase(key);
        continue;
      }
      SCORIA_CHECK(change.is_added != tasks_.contains(key));
      TaskRow& row = tasks_[key];
      if (change.is_added) row = {.job = change.job, .number = change.number, .id = change.id};
      if (change.state) {
        row.state = *change.state;
        row.info = change.info;
      }
      if (change.spec) row.spec = *change.spec;
    }
    return Ok{};
  }

  Result<std::optional<Document>> get(Kind kind, std::string_view parent, std::string_view id) const override {
    const auto at = documents_.find({kind, lower(parent), lower(id)});
    if (at == documents_.end()) return std::optional<Document>();
    return std::optional<Document>(at->second);
  }

  Result<std::vector<Document>> list(Kind kind, std::optional<std::string_view> parent, std::string_view after,
                                     std::size_t limit) const override {
    const std::size_t cut = after.find('\n');
    const std::string after_parent = parent ? lower(*parent) : lower(after.substr(0, cut));
    const std::string after_id = parent                          ? lower(after)
                                 : cut == std::string_view::npos ? std::string()
                                                                 : lower(after.substr(cut + 1));
    std::vector<Document> found;
    for (auto at = documents_.upper_bound({kind, after_parent, after_id});
         at != documents_.end() && at->first.kind == kind && found.size() < limit; ++at) {
      if (parent && at->first.parent != after_parent) break;
      found.push_back(at->second);
    }
    return found;
  }

  Result<std::optional<TaskRow>> task(std::uint64_t job, std::string_view id) const override {
    const std::string wanted = lower(id);
    for (auto at = tasks_.lower_bound({job, 0}); at != tasks_.end() && at->first.first == job; ++at) {
      if (lower(at->second.id) == wanted) return std::optional<TaskRow>(at->second);
    }
    return std::optional<TaskRow>();
  }

  Result<std::vector<TaskRow>> tasks(std::uint64_t job, std::uint64_t after, std::size_t limit,
                                     std::optional<TaskState> state) const override {
    std::vector<TaskRow> found;
    for (auto at = tasks_.upper_bound({job, after}); at != tasks_.end() && at->first.first == job; ++at) {
      if (found.size() == limit) break;
      if (!state || at->second.state == *state) found.push_back(at->second);
    }
    return found;
  }

  Status each_open_task(const std::function<Status(TaskRow)>& visit) const override {
    for (const auto& [key, row] : tasks_) {
      if (row.state != TaskState::completed) SCORIA_TRY_STATUS(visit(row));
    }
    return Ok{};
  }

  Status each_completed_task(std::uint64_t job, const std::function<Status(const TaskRow&)>& visit) const override {
    for (auto at = tasks_.lower_bound({job, 0}); at != tasks_.end() && at->first.first == job; ++at) {
      if (at->second.state == TaskState::completed) SCORIA_TRY_STATUS(visit(at->second));
    }
    return Ok{};
  }

  std::filesystem::path folder() const override { return "memory"; }

 private:
  struct DocumentKey {
    Kind kind;
    std::string parent, id;
    auto operator<=>(const DocumentKey&) const = default;
  };
  static std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
  }

  std::map<DocumentKey, Document> documents_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, TaskRow> tasks_;
};

}  // namespace scoria::store
