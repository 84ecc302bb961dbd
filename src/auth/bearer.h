// Tokens for one job, which its tasks use on the API as "Authorization: Bearer ...": signed by the server's key, so that nothing is stored.
// Form: "sct1." payload "." HMAC-SHA256 of the payload, both base64url; payload: "account|job number|expiry in seconds since 1970|job id".
// Threads: free functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace scoria::auth {

struct TaskToken {
  std::string account;
  std::uint64_t job = 0;  // the job's own number: a later job under the same id is another
  std::string job_id;
  WallTime expires;  // to the second
};

// `key`: 32 or more random bytes that leave the server never (seal.h makes and keeps them).
std::string make_task_token(std::string_view key, const TaskToken& token);

// Errors: denied with api_code AuthenticationFailed: not such a token, another account's, another key's, expired. Never says how it should be.
Result<TaskToken> check_task_token(std::string_view key, std::string_view account, std::string_view token,
                                   WallTime now);

}  // namespace scoria::auth
