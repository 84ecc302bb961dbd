// The audit log of an access folder: who logged in, who did not, and what was changed, a line of JSON each. Never a secret.
//   {"time":"2026-11-30T05:00:00.0000000Z","event":"login_failed","user":"ann","peer":"10.0.0.7"}
// audit.log begins anew at 16 MiB; five old ones are kept (audit.log.1 is the youngest). Threads and processes: any number at once.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace scoria::access {

inline constexpr const char* kAuditFile = "audit.log";

using AuditFields = std::vector<std::pair<std::string_view, std::string>>;

// A line that cannot be written stands in the program's own log, as where the folder is mounted read-only.
void write_audit(const std::filesystem::path& folder, std::string_view event, const AuditFields& fields, WallTime now);

}  // namespace scoria::access
