// Tokens that the API takes as "Authorization: Bearer ...": of one job, for its tasks, and of the whole account, for a service principal. They are
// signed by the server's key, so that none is stored.
// Form: "sct1." (a job's) or "sca1." (the account's), payload "." HMAC-SHA256 of the payload, both base64url; payload: "account|job number|expiry
// in seconds since 1970|job id", or "account|expiry|principal".
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

// What a service principal got for its secret.
struct AccountToken {
  std::string account;
  std::string principal;  // its client id
  WallTime expires;       // to the second
};
std::string make_account_token(std::string_view key, const AccountToken& token);
bool is_account_token(std::string_view token);

// Errors of both: denied with api_code AuthenticationFailed: not such a token, another account's, another key's, expired. Never says how it should be.
Result<TaskToken> check_task_token(std::string_view key, std::string_view account, std::string_view token,
                                   WallTime now);
// That the principal is still there is the caller's to see.
Result<AccountToken> check_account_token(std::string_view key, std::string_view account, std::string_view token,
                                         WallTime now);

}  // namespace scoria::auth
