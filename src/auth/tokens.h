// Random tokens, of which a server keeps only hashes; and the account's file. Threads: free functions.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "auth/shared_key.h"
#include "base/result.h"

namespace scoria::auth {

std::string random_token();                      // 32 random bytes, base64url
std::string hash_token(std::string_view token);  // SHA-256, hexadecimal

// The account of a data folder (account.json, mode 0600): made when missing, name "scoria" or `name`; one that is there keeps its name.
// Errors: denied (others may read it), corrupt, unavailable, invalid (a name that is not 3 to 24 lower-case letters and digits).
Result<AccountKey> ensure_account(const std::filesystem::path& folder, std::string_view name);
Result<AccountKey> read_account(const std::filesystem::path& folder);

}  // namespace scoria::auth
