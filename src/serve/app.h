// Services behind URLs: which model answers a path, in which protocol; health, metrics and documents beside them.
//
//   POST /score, /predict            of the only service, or the first; /services/NAME/score of each
//   POST /invocations, GET /ping     MLflow and SageMaker
//   POST /v2/models/NAME[/versions/V]/infer, GET /v2, /v2/health/live, /v2/models/NAME[/ready]
//   POST /api/NAME/VERSION, GET /api/NAME/VERSION/swagger.json
//   GET  /, /openapi.json, /livez, /readyz, /startupz, /health, /version, /metrics
//
// Threads: the handler's functions are called from several at once. Owns: the models.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/executor.h"
#include "net/http.h"
#include "serve/protocols.h"
#include "serve/served_model.h"

namespace scoria::serve {

struct AppLimits {
  std::uint64_t json_bytes = 6u << 20;
  std::uint64_t other_bytes = 64u << 20;  // CSV, binary tensors
};

class App final : public net::HttpHandler {
 public:
  App(std::vector<ServedModelPtr> models, Executor& executor, AppLimits limits = {});

  // In the place of the one with its service's name; requests that run keep theirs.
  void replace(const ServedModelPtr& model);
  void set_ready(bool is_ready) { is_ready_ = is_ready; }
  std::vector<ServedModelPtr> models() const;

  net::BodyPlan plan_body(const net::HttpRequest& head) override;
  void handle(net::HttpRequest request, net::Responder responder) override;
  net::HttpReply explain(int status, std::string_view why) override;

 private:
  struct Route;
  ServedModelPtr find(std::string_view service) const;
  net::HttpReply route(net::HttpRequest& request);
  net::HttpReply get(const std::vector<std::string>& path);
  net::HttpReply post(const std::vector<std::string>& path, net::HttpRequest& request, const Query& query);
  net::HttpReply get_inference(const std::vector<std::string>& path);
  net::HttpReply run(Protocol protocol, net::HttpReply (*answer)(Exchange&), const ServedModelPtr& model,
                     net::HttpRequest& request, const Query& query);
  std::string metrics() const;

  Executor& executor_;
  AppLimits limits_;
  mutable std::mutex models_mutex_;
  std::vector<ServedModelPtr> models_;  // guarded by models_mutex_; the first is the default
  std::atomic<bool> is_ready_{true};
};

}  // namespace scoria::serve
