// Small files that hold secrets: mode 0600, made once and whole, refused when others may read them. Threads: free functions.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace scoria::auth {

// At most 64 KiB. Errors: not_found; denied (no access, or its mode lets others in: says how to mend it); corrupt (too large).
Result<std::string> read_private_file(const std::filesystem::path& path);

// Makes the file with `bytes` unless it is there, and returns what it holds then: of several processes that try at once all get the same.
// Errors: denied, not_found (no such folder), exhausted, unavailable.
Result<std::string> ensure_private_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace scoria::auth
