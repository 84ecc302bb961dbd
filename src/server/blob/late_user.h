// A user whose password is checked while the body of an upload comes: the check takes a tenth of a second, and a body's place must be known at once.
// Threads: any number at once. Shared by the upload and the check.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "access/access.h"
#include "net/http.h"

namespace scoria::server::storage {

class LateUser {
 public:
  static std::shared_ptr<LateUser> begin(access::Access& users, const net::HttpRequest& head);

  std::optional<access::Identified> known() const;
  // Calls `then` once it is known, or that it cannot be (Reason::failed): now, or from the thread that finds out. Once.
  void when_known(std::function<void(access::Identified)> then);

 private:
  LateUser() = default;
  void tell(access::Identified user);

  mutable std::mutex mutex_;
  std::optional<access::Identified> user_;        // guarded by mutex_
  std::function<void(access::Identified)> then_;  // guarded by mutex_
};

}  // namespace scoria::server::storage
