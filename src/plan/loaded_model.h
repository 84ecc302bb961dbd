// A model as it was read from its file.
// Threads: free function; what it gives is immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "model/loaders.h"
#include "plan/model_files.h"

namespace scoria::plan {

// A file as it was read: what provenance says of it.
struct FileFacts {
  std::string path;  // as the plan names it; of a URI without its secrets
  std::uint64_t bytes = 0;
  std::string sha256;
  bool operator==(const FileFacts&) const = default;
};

struct LoadedModel {
  model::ModelPtr model;
  FileFacts file;
};
using LoadedModelPtr = std::shared_ptr<const LoadedModel>;

// Null where there is no such file. Errors: ModelFiles::read()'s, the loader's, naming the path.
Result<LoadedModelPtr> load_model(const ModelFiles& files, const std::string& path);

}  // namespace scoria::plan
