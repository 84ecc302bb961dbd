// A model that is read from its file and answered here, without R or Python.
// Threads: as ServiceVersion; immutable. Owns: the model.
#pragma once

#include <memory>
#include <string>

#include "base/executor.h"
#include "base/result.h"
#include "model/loaders.h"
#include "serve/service_version.h"

namespace scoria::serve {

class ServedModel final : public ServiceVersion {
 public:
  // Reads the model file; scores one row of missing values, so that the first request meets what is warm. Errors: the file's, naming it.
  static Result<std::shared_ptr<ServedModel>> open(const std::string& path, std::string service, std::string version);

  const char* kind() const override { return "model"; }
  const std::string& sha256() const override { return sha256_; }
  const model::Description& description() const override { return model_->description(); }
  const Schema* schema() const override { return &schema_; }

  // Large tables are shared among the executor's threads.
  Outcome score(const table::Table& rows, const model::Request& request, Executor& executor) const override;

 private:
  ServedModel(model::ModelPtr model, std::string sha256, std::string service, std::string version);

  model::ModelPtr model_;
  std::string sha256_;
  Schema schema_;
};

// What a scorer's error means to who sent the rows.
Problem problem_of(const Error& error);

}  // namespace scoria::serve
