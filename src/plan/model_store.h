// The models of a run, each read once as long as they fit.
// Threads: all members may be called from several threads; a model that two of them want is read by one.
#pragma once

#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/loaded_model.h"

namespace scoria::plan {

// What is kept of a model for the whole run, whether it stays in memory or not.
struct ModelFacts {
  FileFacts file;
  std::string title;
  std::vector<model::Feature> features;
  bool by_position = false;  // as Description's, like the next
  bool flags = false;
};
using ModelFactsPtr = std::shared_ptr<const ModelFacts>;

class ModelCache;

class ModelStore {
 public:
  // As files; in memory a model is some times as large. Many small models are the common case: hundreds of thousands fit.
  static constexpr std::uint64_t kDefaultBytes = 512u << 20;

  // Paths are relative to `folder`. When the files of the models in memory exceed `most_bytes`, those that were not asked for
  // the longest are let go, and read again when they are asked for.
  explicit ModelStore(std::filesystem::path folder, std::uint64_t most_bytes = kDefaultBytes)
      : files_(std::move(folder)), most_bytes_(most_bytes) {}
  // Of one of many runs: models come from `cache`, of the same folder, which is borrowed.
  ModelStore(std::filesystem::path folder, ModelCache& cache) : ModelStore(std::move(folder)) { cache_ = &cache; }

  // What is at a URI is read, as there is no cheaper way to know. Errors: of a URI, what facts() would say, but for not_found.
  Result<bool> exists(const std::string& path);
  // Errors: not_found, where there is no such file; the file's and the loader's, naming the path; the same again at every call.
  Result<ModelFactsPtr> facts(const std::string& path);
  // Errors: as of facts(); conflict, where the file is not the one that facts() told of.
  Result<LoadedModelPtr> get(const std::string& path);
  // The same, and null where there is no such file.
  Result<LoadedModelPtr> find(const std::string& path);

  // Reads those of the paths that are URIs, several at once, as waiting is most of their time; others are left to the calls above,
  // as is whatever goes wrong.
  void prefetch(const std::vector<std::string>& paths);

  std::uint64_t reads() const;  // how many files were read so far

 private:
  struct Entry {
    std::mutex mutex;
    bool is_known = false;   // guarded by mutex, as are is_absent, error and facts
    bool is_absent = false;  // the first read found no file
    Error error{};           // of the first read, where facts is null
    ModelFactsPtr facts;
    LoadedModelPtr model;                   // guarded by entries_mutex_; null: not in memory
    std::list<std::string>::iterator used;  // guarded by entries_mutex_; valid with model
  };

  Result<LoadedModelPtr> load(const std::string& path) const;
  Result<LoadedModelPtr> read(const std::string& path, Entry& entry);
  std::shared_ptr<Entry> entry_of(const std::string& path);
  LoadedModelPtr kept(Entry& entry);
  void keep(const std::string& path, Entry& entry, const LoadedModelPtr& model);

  ModelFiles files_;
  ModelCache* cache_ = nullptr;
  std::uint64_t most_bytes_;
  mutable std::mutex entries_mutex_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;  // guarded by entries_mutex_
  std::list<std::string> used_;                            // guarded by entries_mutex_; the latest first
  std::uint64_t bytes_ = 0;                                // guarded by entries_mutex_; of the models in memory
  std::uint64_t reads_ = 0;                                // guarded by entries_mutex_
};

}  // namespace scoria::plan
