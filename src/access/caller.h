// Who a request is from, once its credential was found good. Threads: immutable, but for what counts.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "access/roles.h"
#include "access/throttle.h"

namespace scoria::access {

struct Caller {
  enum class Kind : std::uint8_t { user, key, foreign };  // foreign: of an identity provider
  Kind kind = Kind::user;
  std::string name;  // "ann", "key:ID", "SUBJECT of ISSUER"; a user's has no spaces
  Rights rights;
  std::shared_ptr<Bucket> limit;                       // of requests; null: none
  std::shared_ptr<const std::atomic<bool>> is_live;    // of the login's session; null: there is none
  std::shared_ptr<std::atomic<std::int64_t>> used_at;  // of a key: seconds since 1970; null: not counted

  bool may(Action action, std::string_view service) const { return rights.may(action, service); }
};
using CallerPtr = std::shared_ptr<const Caller>;

}  // namespace scoria::access
