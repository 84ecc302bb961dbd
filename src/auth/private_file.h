// Small files that hold secrets: mode 0600, made whole, refused when others may read them; root's may have mode 0440. Threads: free functions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace scoria::auth {

inline constexpr std::uint64_t kMostPrivateBytes = 64u << 10;

// Errors: not_found; denied (no access, it is another user's, or its mode lets others in: says how to mend it); corrupt (larger than `max_bytes`).
Result<std::string> read_private_file(const std::filesystem::path& path, std::uint64_t max_bytes = kMostPrivateBytes);

// Makes the file with `bytes` unless it is there, and returns what it holds then: of several processes that try at once all get the same.
// Errors: denied, not_found (no such folder), exhausted, unavailable.
Result<std::string> ensure_private_file(const std::filesystem::path& path, std::string_view bytes);

// Puts a file with `bytes` into the place of one that may be there, whole or not at all, and on the disk when it returns.
// Errors: denied, not_found (no such folder), exhausted, unavailable.
Status replace_private_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace scoria::auth
