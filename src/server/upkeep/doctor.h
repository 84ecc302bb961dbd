// Looks a data folder over while no server runs on it: version, permissions, state, blobs, certificates, disk, and what crashes left.
// Changes nothing, but what is asked for: leftovers that surely nobody needs are removed.
// Threads: a free function.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace scoria::server {

struct Finding {
  enum class Level : std::uint8_t {
    problem,   // data is damaged or exposed, or a server will not start: a person must act
    warning,   // goes on as it is; look at it
    leftover,  // of a crash: takes room, and does no harm
  };
  Level level = Level::problem;
  std::string where;  // a path in the folder, or a document
  std::string what;
  std::string advice;
  bool is_repaired = false;
};

struct Diagnosis {
  int version = 0;
  std::uint64_t documents = 0, jobs = 0, tasks = 0, containers = 0, blobs = 0, blob_bytes = 0, free_bytes = 0;
  std::vector<Finding> findings;

  // Without problems. Warnings and leftovers are no problems.
  bool is_sound() const;
};

struct DoctorOptions {
  bool reads_blobs = true;  // all of their bytes, against their MD5
  bool repairs = false;     // removes leftovers
};

// Errors: not_found (nothing of a server is in it), conflict (a server runs on it: which process), denied, unavailable.
Result<Diagnosis> examine(const std::filesystem::path& data, const Clock& clock, const DoctorOptions& options);

std::string diagnosis_json(const Diagnosis& diagnosis);
std::string diagnosis_text(const Diagnosis& diagnosis);

}  // namespace scoria::server
