// The version of a data folder as a whole: written in DATA/version.json, and the steps that lead from one to the next.
//
//   1   no version.json; state/state.sqlite of version 1; blobs of SCBLOB1
//   2   version.json; state/state.sqlite of version 2 (the same tables); blobs of SCBLOB1
//
// A step may be cut off anywhere: each can be repeated, and the new number is written when all of it is on disk.
// Form: docs/formats/data-folder.md. Threads: free functions; the caller holds the folder's lock.
#pragma once

#include <filesystem>
#include <optional>

#include "base/result.h"

namespace scoria::server {

inline constexpr int kNewestDataVersion = 2;

// None: nothing of a server is in the folder yet. Errors: corrupt (a version.json that says no version; a restore that was cut off),
// denied, unavailable.
Result<std::optional<int>> read_data_version(const std::filesystem::path& folder);

// What stands in version.json, for folders that are made or restored.
std::string data_version_text(int version);

// Brings a folder of any older version, or an empty one, to the newest. Errors: unsupported (a newer one: names both, and what to do);
// those of read_data_version() and of the steps.
Status migrate_data_folder(const std::filesystem::path& folder);

// While it is there, a restore into the folder is under way or was cut off.
inline constexpr const char* kRestoreMark = "restore.incomplete";

}  // namespace scoria::server
