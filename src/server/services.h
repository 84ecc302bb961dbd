// Services of a server: models and scripts behind URLs, deployed, weighed against each other and taken away while they answer. What answers is
// src/serve; here is how versions come to it and stay over a restart.
//
// A deployment: files are copied from blobs or URLs and checked against their SHA-256, the version is opened and warmed up, answers its sample rows,
// lies durably in the folder, stands in the catalog, and only then gets requests. Whatever fails before leaves all as it was.
// Threads: as Call; deployments are done one after the other on a thread of their own. Borrows: blobs and executor. Owns: the catalog.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

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
  // `access`: who may ask; null: everybody. Errors: denied, unavailable: the folder.
  static Result<std::unique_ptr<Services>> open(const std::filesystem::path& folder, blob::BlobStore& blobs,
                                                Executor& executor, const Clock& clock, access::Access* access);

  serve::App& app() { return app_; }
  serve::Catalog& catalog() { return catalog_; }
  // Once what was deployed before the start answers, or has failed to.
  bool is_ready() const { return is_ready_; }
  void stop() { worker_.stop(); }

  using Done = std::function<void(Result<Json>)>;
  // `request`: {"files": [{"path", "blob": "container/name" or "url", "sha256"}], "model", "script", "sample", "expected", "weight", ...}.
  void deploy(std::string service, std::string version, Json request, Done done);
  void set_weights(std::string service, serve::Weights weights, Done done);
  void roll_back(std::string service, Done done);
  // Without a version: all of the service.
  void remove(std::string service, std::string version, Done done);
  // {"name", "versions": [{"version", "weight", "kind", "title", "sha256", "requests", "deployed", "error"}]}. Errors: not_found.
  Result<Json> show(const std::string& service) const;
  Json list() const;

 private:
  Services(serve::ServiceFolder folder, blob::BlobStore& blobs, Executor& executor, const Clock& clock,
           access::Access* access);
  void load();
  Result<Json> deploy_now(const std::string& service, const std::string& version, const Json& request);
  Result<Json> fetch(const Json& files, const std::filesystem::path& folder) const;
  Status copy_blob(const std::string& place, const std::filesystem::path& file) const;
  Status weigh(const std::string& service, const serve::Weights& weights);

  const serve::ServiceFolder folder_;
  blob::BlobStore& blobs_;
  Executor& executor_;
  const Clock& clock_;
  serve::Catalog catalog_;
  serve::App app_;
  std::atomic<bool> is_ready_ = false;
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
}  // namespace services

}  // namespace scoria::server
