// The part of Azure Blob storage's REST API that Azure Batch's clients use, over a blob::BlobStore: docs/blob-api.md says which.
// Source: Azure Storage services REST API, Blob service. Threads: as net::HttpHandler; what waited for a password is done on threads of its own, so that
// copies of gigabytes hold up nobody's login. Borrows: store, clock and users.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "access/access.h"
#include "access/work_pool.h"
#include "auth/shared_key.h"
#include "base/clock.h"
#include "blob/blob_store.h"
#include "net/http.h"
#include "server/blob/access.h"

namespace scoria::server {

class BlobSurface final : public net::HttpHandler {
 public:
  // Path style where the host is none of "account.blob.*": the first segment is then the account.
  BlobSurface(blob::BlobStore& store, auth::AccountKey account, const Clock& clock, access::Access* users = nullptr,
              access::ProxyRules proxies = {});
  net::BodyPlan plan_body(const net::HttpRequest& head) override;
  void handle(net::HttpRequest request, net::Responder responder) override;
  net::HttpReply explain(int status, std::string_view why) override;
  // What waited for a password and has begun is waited for; what has not, and what comes later, is answered 503. From one thread.
  void stop() { after_password_.stop(); }

 private:
  struct Waiting;
  // `user`: of a request with a user's credential.
  void finish(net::HttpRequest request, net::Responder responder, const std::optional<access::Identified>& user);
  net::HttpReply answer(net::HttpRequest& request, const std::optional<access::Identified>& user);
  Result<storage::Access> authorize(const storage::StorageRequest& request,
                                    const std::optional<access::Identified>& user) const;

  blob::BlobStore& store_;
  auth::AccountKey account_;
  const Clock& clock_;
  access::Access* users_;
  access::ProxyRules proxies_;
  access::WorkPool after_password_;  // last: its threads use all of the above
};

}  // namespace scoria::server
