// Sets of public keys as identity providers publish them, and as we do. Source: RFC 7517. Threads: free functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/jwt.h"
#include "base/result.h"

namespace scoria::auth {

// Those of its keys that sign tokens by ES256 or RS256; others (of encryption, of other algorithms, broken ones) are passed over.
// One without an id gets its thumbprint. Errors: corrupt (no such JSON, more than 256 KiB or 100 keys).
Result<std::vector<JwtKey>> read_jwks(std::string_view text);

// {"keys": [{"kty", ..., "kid", "use": "sig", "alg"}]}
std::string write_jwks(const std::vector<JwtKey>& keys);

}  // namespace scoria::auth
