// A plan as a service: the request's rows stand for the plan's first table of features; its other tables, its models and all that it does with them are
// as in `scoria run`.
// Models are read once, and kept as long as they fit (plan/model_cache.h); tables are read for each request.
// Threads: as ServiceVersion; each request is a run of its own, in a folder of its own. Owns: the plan and its models.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "plan/model_cache.h"
#include "plan/plan.h"
#include "serve/service_version.h"

namespace scoria::serve {

class PlanVersion final : public ServiceVersion {
 public:
  // Errors: the plan's; unsupported: one with partitions or split outputs, which have no single answer.
  static Result<std::shared_ptr<PlanVersion>> open(const std::string& path, std::string service, std::string version);

  const char* kind() const override { return "plan"; }
  const std::string& sha256() const override { return sha256_; }
  const model::Description& description() const override { return description_; }
  const Schema* schema() const override { return nullptr; }

  Outcome score(const table::Table& rows, const model::Request& request, Executor& executor) const override;

 private:
  PlanVersion(plan::Plan plan, std::string sha256, std::string service, std::string version);

  plan::Plan plan_;
  std::string sha256_;
  model::Description description_;
  mutable plan::ModelCache models_;
};

}  // namespace scoria::serve
