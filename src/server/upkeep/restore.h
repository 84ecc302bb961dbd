// Reads backups: looks one over, or makes a data folder of it. An archive is not believed: names, sizes and kinds of its members are
// checked before anything is written, and every sum before the folder counts as one.
// Form: docs/formats/backup.md. Threads: free functions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace scoria::server {

struct BackupFacts {
  int data_version = 0;
  std::string created, written_by;
  std::uint64_t files = 0, bytes = 0;
};

// Reads all of it. Errors: corrupt (damaged, cut short, not as its sums say), unsupported (of a newer program), not_found, unavailable.
Result<BackupFacts> verify_backup(const std::filesystem::path& archive);

// `folder` is made, or is empty. What fails leaves it as it was; while it goes on, and after a crash, no server starts on it.
// Numbers of jobs and attempts go on far behind those of the backup, so that nodes that have worked since say nothing of new ones.
// Errors: as verify_backup(); conflict (the folder is not empty), exhausted, denied.
Result<BackupFacts> restore_backup(const std::filesystem::path& archive, const std::filesystem::path& folder);

}  // namespace scoria::server
