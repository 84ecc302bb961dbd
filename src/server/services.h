// Services of a server: models and scripts behind URLs, deployed, weighed against each other and taken away while they answer. What answers is
// src/serve; here is how versions come to it and stay over a restart.
//
// A deployment: files are copied from blobs or URLs and checked against their SHA-256, the version is opened and warmed up, answers its sample rows,
// lies durably in the folder, stands in the catalog, and only then gets requests. Whatever fails before leaves all as it was. An exception (no memory, a
// bug) is the error of the version or change that met it, and no other's.
// Threads: as Call; deployments are done one after the other on a thread of their own. Borrows: all that open() is given. Owns: the catalog.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/executor.h"
#include "batch/worker_thread.h"
#include "blob/blob_store.h"
#include "serve/app.h"
#include "serve/catalog.h"
#include "serve/service_folder.h"
#include "server/call.h"

namespace scoria::server {

class Services {
 public:
  // `access`: who may ask; null: everybody. `observer`: what is kept of requests; null: nothing. Errors: denied, unavailable: the folder.
  static Result<std::unique_ptr<Services>> open(const std::filesystem::path& folder, blob::BlobStore& blobs,
                                                Executor& executor, const Clock& clock, access::Access* access,
                                                serve::Observer* observer);

  serve::App& app() { return app_; }
  serve::Catalog& catalog() { return catalog_; }
  // Once what was deployed before the start answers, or has failed to.
  bool is_ready() const { return is_ready_; }
  void stop() { worker_.stop(); }
  // After stop(), when requests have had their time: ends what runs still.
  void close();

  using Done = std::function<void(Result<Json>)>;
  struct Deployment {
    std::string service, version;
    Json
        request;  // {"files": [{"path", "blob": "container/name" or "url", "sha256"}], "model", "script", "sample", "expected", "weight", ...}
    // By who may deploy this service and has no right to the account: R and Python run as the server's own user, and the server reads blobs and URLs
    // that others may not. So there may be no script, and files come from below "services/SERVICE/" alone.
    bool is_by_grant = false;
    std::vector<std::pair<std::string, std::string>> texts = {};  // files that came with the request: name, content
  };
  void deploy(Deployment deployment, Done done);
  void set_weights(std::string service, serve::Weights weights, Done done);
  void roll_back(std::string service, Done done);
  // Without a version: all of the service.
  void remove(std::string service, std::string version, Done done);
  // {"name", "versions": [{"version", "weight", "kind", "title", "description", "sha256", "requests", "deployed", "files"}]}; a version
  // that failed to load has "version", "weight": 0, "kind": "none" and "error". Errors: not_found.
  Result<Json> show(const std::string& service) const;
  // Whether the folder has it, loaded or not. Precondition: a service's name.
  bool is_stored(const std::string& service) const;
  // Of services for which `may_see` says yes.
  Json list(const std::function<bool(const std::string& service)>& may_see) const;

 private:
  Services(std::filesystem::path path, serve::ServiceFolder folder, blob::BlobStore& blobs, Executor& executor,
           const Clock& clock, access::Access* access, serve::Observer* observer);
  void load();
  void load_all();
  void note_failed(const std::string& service, const std::string& version, const Error& why);
  // By service and version: why it is stored and did not load.
  using Failed = std::map<std::pair<std::string, std::string>, std::string>;
  Failed failed() const;
  void post(Done done, std::function<Result<Json>()> change);
  Result<serve::ServiceVersionPtr> open_and_store(const std::filesystem::path& scratch, const std::string& service,
                                                  const std::string& version, const Json& manifest);
  Result<Json> deploy_now(const Deployment& deployment);
  Result<Json> weigh_now(const std::string& service, const serve::Weights& weights);
  Result<Json> remove_now(const std::string& service, const std::string& version);
  Result<Json> fetch(const Json& files, const std::filesystem::path& folder) const;
  Status copy_blob(const std::string& place, const std::filesystem::path& file) const;
  Status weigh(const std::string& service, const serve::Weights& weights);

  const std::filesystem::path path_;
  const serve::ServiceFolder folder_;
  blob::BlobStore& blobs_;
  Executor& executor_;
  const Clock& clock_;
  serve::Catalog catalog_;
  serve::App app_;
  std::atomic<bool> is_ready_ = false;
  mutable std::mutex failed_mutex_;
  Failed failed_;               // guarded by failed_mutex_
  batch::WorkerThread worker_;  // last: it uses all of the above
};

// Handlers, below /scoria/v1.
namespace services {
void list(CallPtr call);
void show(CallPtr call);
void deploy(CallPtr call);
void set_traffic(CallPtr call);
void roll_back(CallPtr call);
void remove_version(CallPtr call);
void remove(CallPtr call);

// What other ways to change services share with these.

// Errors: invalid: a name that no service and no version has.
Status check_arguments(const Call& call);
// Of a change by who may not make it: a line in the audit log.
void note_refusal(const Call& call);
struct Change {
  std::string_view event;  // of the audit log
  access::AuditFields fields = {};
};
// Notes the change, made or not, in the audit log; then answers its error, or calls `then`.
Services::Done answered(const CallPtr& call, Change change, std::function<void(const Json& made)> then);
}  // namespace services

}  // namespace scoria::server
