// The models of a pack as the model library's, for what cannot be scored in place. Those that are kept as files are read once, as long as they
// fit.
// Threads: all members may be called from several threads.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "model/loaders.h"
#include "pack/pack.h"
#include "pack/schema.h"

namespace scoria::plan {

class PackModels {
 public:
  // As files; in memory a model is some times as large.
  static constexpr std::uint64_t kDefaultBytes = 512u << 20;

  PackModels(pack::PackPtr pack, std::vector<pack::Schema> schemas, std::uint64_t most_bytes = kDefaultBytes)
      : pack_(std::move(pack)), schemas_(std::move(schemas)), most_bytes_(most_bytes) {}

  // Errors: the pack's, and the loader's, naming pack and key.
  Result<model::ModelPtr> get(const pack::Record& record);

  const std::vector<pack::Schema>& schemas() const { return schemas_; }
  // "fleet.pack: 1, 5"
  std::string name(const pack::Record& record) const;

 private:
  struct Kept {
    model::ModelPtr model;
    std::uint64_t bytes = 0;
    std::list<const char*>::iterator used;
  };

  const pack::PackPtr pack_;
  const std::vector<pack::Schema> schemas_;
  const std::uint64_t most_bytes_;
  std::mutex kept_mutex_;
  std::map<const char*, Kept> kept_;  // guarded by kept_mutex_; by where the key lies
  std::list<const char*> used_;       // guarded by kept_mutex_; the latest first
  std::uint64_t bytes_ = 0;           // guarded by kept_mutex_
};

}  // namespace scoria::plan
