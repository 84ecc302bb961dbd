// A script behind a URL as a version of a service: what serve/script does, in the form in which an App asks.
// Threads: as ServiceVersion. Owns: the script's pool of workers.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "serve/script/script_service.h"
#include "serve/service_version.h"
#include "serve/version_spec.h"

namespace scoria::serve {

class ScriptVersion final : public ServiceVersion {
 public:
  // When its least number of workers is ready. Errors: as script::ScriptService::open().
  static Result<std::shared_ptr<ScriptVersion>> open(script::ScriptOptions options, std::string service,
                                                     std::string version);

  const char* kind() const override { return script::name_of(script_->plan().form); }
  const std::string& sha256() const override { return sha256_; }
  const model::Description& description() const override { return description_; }
  const Schema* schema() const override { return script_->schema(); }
  bool takes_rows() const override { return script_->takes_rows(); }
  bool is_immediate() const override { return false; }
  void score_later(table::Table rows, model::Request request, Deadline deadline, Done done) const override;
  void answer_whole(net::HttpRequest request, std::string path, Deadline deadline, Answered done) const override;
  void stop() const override { script_->stop(); }
  std::chrono::milliseconds patience() const override { return patience_; }
  std::string own_metrics() const override;

 private:
  ScriptVersion(std::shared_ptr<script::ScriptService> script, std::string sha256, std::chrono::milliseconds patience,
                std::string service, std::string version);

  std::shared_ptr<script::ScriptService> script_;
  std::string sha256_;
  std::chrono::milliseconds patience_;
  model::Description description_;
};

// A deployed version's script and how it is run. Precondition: it has a script or a runtime.
script::ScriptOptions script_options(const VersionSpec& spec);

}  // namespace scoria::serve
