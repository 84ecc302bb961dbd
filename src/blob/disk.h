// The calls to the file system that blobs are made of: descriptors, whole writes, copies within the kernel, flushed folders.
// Threads: free functions; a Descriptor is a plain value. Errors everywhere: exhausted with api_code InsufficientStorage (disk full, quota),
// not_found, denied, unavailable.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace scoria::blob {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  // As FilePart of an HTTP reply wants it.
  std::shared_ptr<const int> share() &&;

 private:
  int number_ = -1;
};

// Of errno.
Error disk_error(const std::filesystem::path& path, std::string_view doing);

Result<Descriptor> open_file(const std::filesystem::path& path, int flags, unsigned mode = 0600);
Status make_folder(const std::filesystem::path& path);  // no error where it is there
Status sync_folder(const std::filesystem::path& path);
// Flushes the file, and lets the page cache forget it: who reads it now reads the disk.
Status forget_cached(const std::filesystem::path& path);
Status rename_file(const std::filesystem::path& from, const std::filesystem::path& to);
Status write_at(int descriptor, std::uint64_t offset, std::string_view bytes, const std::filesystem::path& path);
Result<std::string> read_at(int descriptor, std::uint64_t offset, std::size_t size, const std::filesystem::path& path);
Status copy_range(int from, std::uint64_t from_offset, int to, std::uint64_t to_offset, std::uint64_t size,
                  const std::filesystem::path& path);

}  // namespace scoria::blob
