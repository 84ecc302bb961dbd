// Many models as one service: a pack, or files by key ("models/model_{Device}_{Sensor}"). Each row names its model by the key columns.
// Threads: as ServiceVersion; each request has the set for itself while it is scored. Owns: the sets.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/model_cache.h"
#include "plan/model_set.h"
#include "serve/service_version.h"

namespace scoria::serve {

class SetVersion final : public ServiceVersion {
 public:
  // `features`: columns in the models' order, for models whose files keep no names. Errors: the pack's; invalid, of the path.
  static Result<std::shared_ptr<SetVersion>> open(const std::string& path, std::vector<std::string> features,
                                                  std::string service, std::string version);

  const char* kind() const override { return "set"; }
  const std::string& sha256() const override { return sha256_; }
  const model::Description& description() const override { return description_; }
  const Schema* schema() const override { return schema_ ? &*schema_ : nullptr; }

  // 400 for a key without a model.
  Outcome score(const table::Table& rows, const model::Request& request, Executor& executor) const override;

 private:
  SetVersion(std::string path, std::string service, std::string version)
      : ServiceVersion(std::move(service), std::move(version)), path_(std::move(path)) {}
  // Of a pack: what its first model says of its columns.
  Status describe_pack();
  Result<std::unique_ptr<plan::ModelSet>> borrow() const;
  void give_back(std::unique_ptr<plan::ModelSet> set) const;

  std::string path_, sha256_;
  bool is_pack_ = false;
  std::vector<std::string> keys_;
  plan::SetOptions options_;
  model::Description description_;
  std::optional<Schema> schema_;
  // Of models in files of their own: those stay from request to request, while what a set notes of a request's keys goes with it.
  mutable plan::ModelCache models_{""};
  // Of a pack, which is open as long as its set is.
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<plan::ModelSet>> idle_;  // guarded by mutex_
};

// Whether the path names a set: a pack's file, or one with {column} parts that is no file.
bool is_model_set(const std::string& path);

}  // namespace scoria::serve
