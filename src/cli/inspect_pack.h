// What a pack holds, and one model of it.
// Threads: one call at a time.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace scoria::cli {

// A line of what `inspect` prints.
std::string line(std::string name, const std::string& value);

// `key`: the values of the key columns of one model, with commas between them. The text to print, or JSON.
// Errors: the pack's; not_found, where it has no such model.
Result<std::string> inspect_pack(const std::string& path, const std::optional<std::string>& key, bool json);

}  // namespace scoria::cli
