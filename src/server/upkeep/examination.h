// A doctor's round through a data folder, part by part. For doctor.cc and its parts only. Threads: one at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "server/upkeep/doctor.h"

namespace scoria::server {

class Examination {
 public:
  Examination(std::filesystem::path data, WallTime now, const DoctorOptions& options)
      : data_(std::move(data)), now_(now), options_(options) {}

  void version();
  void permissions();
  void account();
  void state();  // examination_state.cc
  void blobs();  // after state(): which staged outputs belong to an attempt
  void certificates();
  void disk();
  void leftovers();

  Diagnosis diagnosis;

 private:
  void problem(std::string where, std::string what, std::string advice);
  void warning(std::string where, std::string what, std::string advice);
  // Removed where that was asked for.
  void leftover(const std::filesystem::path& path, std::string what);
  std::string relative(const std::filesystem::path& path) const;

  std::filesystem::path data_;
  WallTime now_;
  const DoctorOptions& options_;
  std::set<std::uint64_t> attempts_;
  bool knows_attempts_ = false;
};

}  // namespace scoria::server
