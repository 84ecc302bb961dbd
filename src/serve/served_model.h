// A version of a service: a model with what requests need of it. Several versions of one service live side by side; requests hold theirs while they run.
// Threads: immutable, but for its numbers, which are atomic. Owns: the model.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/executor.h"
#include "base/result.h"
#include "model/loaders.h"
#include "serve/file_state.h"
#include "serve/problem.h"
#include "serve/row_builder.h"
#include "serve/schema.h"
#include "serve/traffic.h"

namespace scoria::serve {

class ServedModel {
 public:
  // Reads the model file; scores one row of missing values, so that the first request meets what is warm. Errors: the file's, naming it.
  // `before`: the one whose place it takes, whose numbers go on.
  static Result<std::shared_ptr<const ServedModel>> open(const std::string& path, std::string service,
                                                         std::string version, const ServedModel* before = nullptr);

  const std::string& service() const { return service_; }
  const std::string& version() const { return version_; }
  const std::string& file() const { return file_; }
  const FileState& state() const { return state_; }  // of the file, before it was read
  const std::string& sha256() const { return sha256_; }
  const model::Description& description() const { return model_->description(); }
  const Schema& schema() const { return schema_; }
  Traffic& traffic() const { return *traffic_; }

  // False: `problem` says what the model refuses. Large tables are shared among the executor's threads.
  bool score(const table::Table& rows, const model::Request& request, Executor& executor, model::Prediction& prediction,
             Problem& problem) const;

 private:
  ServedModel(model::ModelPtr model, std::string path, std::string sha256, std::string service, std::string version);

  model::ModelPtr model_;
  std::string file_, sha256_, service_, version_;
  FileState state_;
  Schema schema_;
  std::shared_ptr<Traffic> traffic_ = std::make_shared<Traffic>();
};

using ServedModelPtr = std::shared_ptr<const ServedModel>;

}  // namespace scoria::serve
