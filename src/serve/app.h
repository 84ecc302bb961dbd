// Services behind URLs: which model answers a path, in which protocol; health, metrics and documents beside them.
//
//   POST /score, /predict            of the first service; /services/NAME/score of each
//   POST /invocations, GET /ping     MLflow and SageMaker
//   POST /v2/models/NAME[/versions/V]/infer, GET /v2, /v2/health/live, /v2/models/NAME[/ready]
//   POST /api/NAME/VERSION, GET /api/NAME/VERSION/swagger.json
//   any  /services/NAME/...          of a service that takes whole requests; of the first also what no other path is
//   GET  /, /openapi.json, /services, /livez, /readyz, /startupz, /health, /version, /metrics
//   with users: POST /login, ..., and each request is let in by its sender's rights (gate.h)
//
// Threads: the handler's functions are called from several at once. Borrows: catalog, executor, access and observer.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "access/access.h"
#include "base/executor.h"
#include "net/http.h"
#include "serve/catalog.h"
#include "serve/observer.h"
#include "serve/protocols.h"

namespace scoria::serve {

struct AppLimits {
  std::uint64_t json_bytes = 6u << 20;
  std::uint64_t other_bytes = 64u << 20;  // CSV, binary tensors
};

class App final : public net::HttpHandler {
 public:
  // `access`: null where all is open to everyone who reaches it. `observer`: null where nothing is kept of requests.
  App(Catalog& catalog, Executor& executor, AppLimits limits = {}, access::Access* access = nullptr,
      Observer* observer = nullptr);

  void set_ready(bool is_ready) { is_ready_ = is_ready; }

  net::BodyPlan plan_body(const net::HttpRequest& head) override;
  void handle(net::HttpRequest request, net::Responder responder) override;
  net::HttpReply explain(int status, std::string_view why) override;
  std::string metrics() const;  // Prometheus's text

 private:
  struct Call;
  void answer_admission(access::Admission admission, net::HttpRequest&& request, net::Responder&& responder,
                        NotePtr note);
  void serve_request(net::HttpRequest&& request, net::Responder&& responder, NotePtr note,
                     const access::CallerPtr& caller);
  // Of what is served, what the caller may read.
  static std::shared_ptr<const Catalog::Services> readable(std::shared_ptr<const Catalog::Services> all,
                                                           const Call& call);
  static bool take_body(Call& call);
  void route(Call& call);
  void get(Call& call);
  void get_inference(Call& call);
  void post(Call& call);
  // A request in a protocol's form, of a version by its names.
  void serve(Call& call, const Form& form, std::string_view service, std::string_view version);
  void score(Call& call, const Form& form, const ServiceVersionPtr& version);
  // The version that the request is for: by `version`, else by its X-Scoria-Version, else by weight. Null: there is none.
  ServiceVersionPtr wanted(const Call& call, std::string_view service, std::string_view version = {}) const;
  // To a version that takes requests as they are; `path` is below the service.
  void pass_on(Call& call, const ServiceVersionPtr& version, std::string path);
  // Whether the first service takes them, and so this one.
  bool pass_to_first(Call& call);
  // The gate's question once more, of the service that it came to: another may have the name since, where a password was waited for.
  bool admits(const Call& call, access::Action action, const std::string& service) const;

  Catalog& catalog_;
  Executor& executor_;
  AppLimits limits_;
  access::Access* access_;
  Observer* observer_;
  std::atomic<bool> is_ready_{true};
};

}  // namespace scoria::serve
