#include "serve/script_version.h"

#include "base/file.h"
#include "net/sha256.h"

namespace scoria::serve {

ScriptVersion::ScriptVersion(std::shared_ptr<script::ScriptService> script, std::string sha256,
                             std::chrono::milliseconds patience, std::string service, std::string version)
    : ServiceVersion(std::move(service), std::move(version)),
      script_(std::move(script)),
      sha256_(std::move(sha256)),
      patience_(patience) {
  if (script_->description() != nullptr) description_ = *script_->description();
  const auto& plan = script_->plan();
  const std::string file = plan.script.empty() ? plan.model : plan.script;
  description_.family = name_of(plan.form);
  description_.title = std::string(name_of(plan.form)) + ": " + file.substr(file.rfind('/') + 1);
  description_.types = {"predict"};
}

Result<std::shared_ptr<ScriptVersion>> ScriptVersion::open(script::ScriptOptions options, std::string service,
                                                           std::string version) {
  const auto patience = options.timeout;
  const std::string file = options.wish.script.empty() ? options.wish.model : options.wish.script;
  SCORIA_TRY(bytes, FileBytes::open(file));
  std::string sum = net::sha256(bytes.text());
  SCORIA_TRY(script, script::ScriptService::open(std::move(options)));
  return std::shared_ptr<ScriptVersion>(
      new ScriptVersion(std::move(script), std::move(sum), patience, std::move(service), std::move(version)));
}

void ScriptVersion::score_later(table::Table rows, model::Request, Deadline deadline, Done done) const {
  script_->score(std::move(rows), deadline, [done = std::move(done)](script::ScoredRows scored) {
    if (scored.problem)
      return done({.predictions = {}, .problem = std::move(*scored.problem), .retry_after_s = scored.retry_after_s});
    done({.is_scored = true, .predictions = std::move(scored.rows), .problem = {}});
  });
}

void ScriptVersion::answer_whole(net::HttpRequest request, std::string path, Deadline deadline, Answered done) const {
  script_->answer(std::move(request), std::move(path), deadline, std::move(done));
}

std::string ScriptVersion::own_metrics() const {
  std::string labels = metric_labels(service(), version());
  labels = labels.substr(1, labels.size() - 2);
  return script_->metrics(labels);
}

script::ScriptOptions script_options(const VersionSpec& spec) {
  script::ScriptOptions options = script::options_of(spec.scripts);
  options.wish.script = spec.script;
  options.wish.model = spec.model;
  options.sample = spec.sample;
  options.has_own_environment = false;  // it is the server's
  return options;
}

}  // namespace scoria::serve
