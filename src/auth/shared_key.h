// SharedKey signatures of Azure Batch and Azure Storage: checked for a server, made for a client.
// Source: "Authenticate via Shared Key" of the Azure Batch REST API and of Azure Storage services. Threads: free functions.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "net/http.h"

namespace scoria::auth {

enum class Service { batch, blob };

struct AccountKey {
  std::string name;
  std::string key;  // the bytes, not their base64
};

// Checks the Authorization header "SharedKey account:signature" over what was on the wire. Every variant that real clients sign is tried
// (an empty or absent Content-Length, empty query parameters, both orders of x-ms-* headers). The request's date may be off by 15 minutes.
// Errors: denied with api_code AuthenticationFailed; the message says which part does not fit, and never the expected signature.
Status check_shared_key(Service service, const AccountKey& account, std::string_view method, std::string_view target,
                        const net::Headers& headers, WallTime now);

// The headers to add to a client's request: ocp-date or x-ms-date, Authorization. `headers` are the others; Content-Length must be among them
// where there is a body.
net::Headers sign(Service service, const AccountKey& account, std::string_view method, std::string_view target,
                  const net::Headers& headers, WallTime now);

std::string base64(std::string_view bytes);
std::string base64url(std::string_view bytes);  // RFC 4648 section 5, without padding
// Errors: invalid. Padding must be there and no other character.
Result<std::string> from_base64(std::string_view text);
Result<std::string> from_base64url(std::string_view text);
std::string hmac_sha256(std::string_view key, std::string_view text);
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace scoria::auth
