// Models for many runs of one plan, as behind a URL: those that were read stay, while they fit. What is not there, or cannot be read, is not kept: the next
// run looks again, and the names of requests' keys cost nothing once they are answered.
// A file that changes is not seen while its model is kept.
// Threads: find() may be called from several; a model that two of them want at once is read by one. Owns: the models, together with who uses them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "plan/loaded_model.h"

namespace scoria::plan {

struct ModelCacheLimits {
  std::uint64_t bytes = 512u << 20;  // of files; in memory a model is some times as large
  std::size_t models = 4096;
};

class ModelCache {
 public:
  // Paths are relative to `folder`. Beyond the limits, those that were not asked for the longest are let go; the last one stays, however large.
  explicit ModelCache(std::filesystem::path folder, ModelCacheLimits limits = {})
      : files_(std::move(folder)), limits_(limits) {}

  // Null where there is no such file. Errors: load_model()'s.
  Result<LoadedModelPtr> find(const std::string& path);

  std::size_t names() const;  // that something is kept for

 private:
  struct Slot {
    std::mutex reading;
    std::optional<Result<LoadedModelPtr>> read;  // guarded by reading
    LoadedModelPtr model;                        // guarded by slots_mutex_; null: not read, or not to be kept
    std::list<std::string>::iterator used;       // guarded by slots_mutex_; valid with model
  };
  using SlotPtr = std::shared_ptr<Slot>;

  void keep(const std::string& path, const SlotPtr& slot, const LoadedModelPtr& model);
  void forget(const std::string& path, const SlotPtr& slot);

  const ModelFiles files_;
  const ModelCacheLimits limits_;
  mutable std::mutex slots_mutex_;                  // after a slot's reading, never before
  std::unordered_map<std::string, SlotPtr> slots_;  // guarded by slots_mutex_, as is all that follows
  std::list<std::string> used_;                     // those with a model, the latest first
  std::uint64_t bytes_ = 0;                         // of their files
};

}  // namespace scoria::plan
