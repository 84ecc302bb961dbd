// Secrets of the account: sealed in the store, opened only for a node that runs a task which names one ("secret:NAME").
// Threads: all functions may be called from several threads at once. Borrows: the store.
#pragma once

#include <string>
#include <string_view>

#include "auth/seal.h"
#include "base/clock.h"
#include "base/result.h"
#include "spec/json.h"
#include "store/store.h"

namespace scoria::server {

class Secrets {
 public:
  static constexpr std::size_t kMostBytes = 64u << 10;

  Secrets(const store::Store& store, auth::Sealer sealer) : store_(store), sealer_(std::move(sealer)) {}

  // 1 to 64 letters, digits, '-', '_'. Errors: invalid.
  static Status check_name(std::string_view name);
  // What the store keeps.
  store::Document sealed(std::string_view name, std::string_view secret, WallTime now) const;
  // [{"name", "lastModified"}], never the secrets.
  Result<spec::Json> list() const;
  // Errors: not_found, corrupt.
  Result<std::string> open(std::string_view name) const;

 private:
  const store::Store& store_;
  auth::Sealer sealer_;
};

}  // namespace scoria::server
