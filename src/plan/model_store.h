// The models of a run, each read once.
// Threads: get() may be called from several threads; a model that two of them want is read by one.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/loaders.h"

namespace scoria::plan {

// A file as it was read: what provenance says of it.
struct FileFacts {
  std::string path;  // as the plan names it
  std::uint64_t bytes = 0;
  std::string sha256;
  bool operator==(const FileFacts&) const = default;
};

struct LoadedModel {
  model::ModelPtr model;
  FileFacts file;
};
using LoadedModelPtr = std::shared_ptr<const LoadedModel>;

class ModelStore {
 public:
  // Paths are relative to `folder`.
  explicit ModelStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Errors: the file's and the loader's, naming the path; the same again at every call.
  Result<LoadedModelPtr> get(const std::string& path);

 private:
  struct Entry {
    std::once_flag once;
    std::unique_ptr<Result<LoadedModelPtr>> result;
  };

  std::filesystem::path folder_;
  std::mutex entries_mutex_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;  // guarded by entries_mutex_
};

}  // namespace scoria::plan
