// Hashes of people's passwords: made as argon2id, and checked as argon2id or, where they were brought along (htpasswd -B), as bcrypt.
// Source: RFC 9106 by libsodium's crypto_pwhash_str (interactive limits: 64 MiB, some 60 ms of a core, on purpose); bcrypt ($2a$, $2b$, $2y$) by
// crypt(3) of libxcrypt. Threads: free functions, slow ones: not for a thread that serves requests.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace scoria::auth {

inline constexpr std::size_t kMostPasswordBytes = 1024;

// Errors: invalid (empty, longer than 1024 bytes, a NUL), exhausted (no memory).
Result<std::string> hash_password(std::string_view password);

// False also for a hash that is no known one (see check_password_hash()).
bool is_password(std::string_view hash, std::string_view password);

bool is_argon2(std::string_view hash);

// As long as is_password() of a right name takes, for a name that there is not: who asks learns nothing from the time.
void waste_password_time(std::string_view password);

// Errors: unsupported: another kind of hash (MD5, SHA-1 and DES of htpasswd), or one that would take seconds or gigabytes to check.
Status check_password_hash(std::string_view hash);

}  // namespace scoria::auth
