// Looks a store's folder over while nobody has it open: journals, the files they name, and what belongs to nothing. Changes nothing.
// Threads: a free function.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace scoria::blob {

struct CheckFinding {
  enum class Kind : std::uint8_t {
    damage,    // bytes are missing or wrong
    leftover,  // of a crash or an interruption: may be removed
    doubt,     // a person may want to know
  };
  Kind kind = Kind::damage;
  std::filesystem::path path;
  std::string what;
};

struct CheckReport {
  std::vector<CheckFinding> findings;
  std::uint64_t containers = 0, blobs = 0, bytes = 0;
};

struct CheckOptions {
  WallTime now;
  bool reads_bytes = true;  // compares each blob with its MD5, where it has one
  // Whether staged outputs are of an attempt that is not over.
  std::function<bool(std::uint64_t attempt)> is_attempt;
};

// Errors: unavailable, denied (a folder cannot be listed). What is wrong with a single container is a finding.
Result<CheckReport> check_folder(const std::filesystem::path& folder, const CheckOptions& options);

}  // namespace scoria::blob
