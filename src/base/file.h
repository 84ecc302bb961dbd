// Whole files in and out: reading through a memory map, writing whole or not at all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"

namespace scoria {

// The bytes of a file, mapped read-only; pipes and other unmappable files are read into memory instead.
// Threads: immutable. Owns: the mapping. A file that another process shortens while mapped raises SIGBUS.
class FileBytes {
 public:
  // Errors: not_found, denied, unavailable (I/O), each naming the path.
  static Result<FileBytes> open(const std::filesystem::path& path);

  std::span<const std::byte> bytes() const;
  std::string_view text() const;

 private:
  struct Mapping;
  explicit FileBytes(std::shared_ptr<const Mapping> mapping) : mapping_(std::move(mapping)) {}
  std::shared_ptr<const Mapping> mapping_;
};

// A file that appears under its name only once commit() has flushed it to disk; dropped unseen otherwise.
// It is written beside its target as ".NAME.tmp-PID-N" and renamed over it.
class AtomicFile {
 public:
  // Errors: not_found (no such folder), denied, unavailable.
  static Result<AtomicFile> create(const std::filesystem::path& target);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  // Errors: exhausted (disk full), unavailable.
  Status write(std::string_view bytes);
  Status commit();

 private:
  AtomicFile(int descriptor, std::filesystem::path temporary, std::filesystem::path target)
      : descriptor_(descriptor), temporary_(std::move(temporary)), target_(std::move(target)) {}

  int descriptor_ = -1;
  std::filesystem::path temporary_;
  std::filesystem::path target_;
};

// AtomicFile in one call.
Status write_file(const std::filesystem::path& target, std::string_view bytes);

}  // namespace scoria
