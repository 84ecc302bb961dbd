// A file of records that only grows: each a JSON text and, behind it, bytes. A record is there whole or not at all.
//
// Form: the eight bytes "SCBLOB1\n", then records: text size, payload size, CRC-32 of both sizes, text and payload (three little-endian
// 32-bit numbers), text, payload. A record that a crash cut short ends the file at open; what was cut off is kept beside it where it is
// more than one torn record can be. docs/formats/blob-store.md.
// Threads: append() by one at a time; sync(), read() and the descriptor by several. Owns: the file's descriptor, kept open for readers
// of a replaced journal by shared ownership.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "blob/disk.h"

namespace scoria::blob {

class Journal {
 public:
  struct Record {
    std::string_view text;
    std::uint64_t payload_at = 0;  // offset in the file
    std::uint32_t payload_size = 0;
    std::uint64_t size = 0;  // of the whole record in the file
  };
  using Visit = std::function<Status(const Record&)>;

  // Calls `visit` with every record, in order, and changes nothing. Errors: not_found, corrupt (no journal), visit's.
  struct Extent {
    std::uint64_t whole = 0;  // where the last whole record ends
    std::uint64_t size = 0;   // of the file: more than that is a record that was cut short
  };
  static Result<Extent> scan(const std::filesystem::path& path, const Visit& visit);

  // A new, empty file, in place of one that is there; not flushed yet.
  static Result<std::shared_ptr<Journal>> create(const std::filesystem::path& path);
  // scan(), and what is behind the last whole record is cut off. Errors: as scan().
  static Result<std::shared_ptr<Journal>> open(const std::filesystem::path& path, const Visit& visit);

  // At the end of the file, not yet flushed. Errors: exhausted (nothing was added), unavailable.
  Result<Record> append(std::string_view text, std::string_view payload);
  // Returns when everything that was appended before the call is on disk. Several callers share one flush. An error is for good: what is on
  // disk is then unknown, and every later append() and sync() fails.
  Status sync();
  Result<std::string> read(std::uint64_t offset, std::size_t size) const;

  std::uint64_t size() const;
  std::shared_ptr<const int> descriptor() const { return descriptor_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  Journal(std::filesystem::path path, std::shared_ptr<const int> descriptor, std::uint64_t size)
      : path_(std::move(path)), descriptor_(std::move(descriptor)), size_(size) {}

  const std::filesystem::path path_;
  const std::shared_ptr<const int> descriptor_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable flushed_;
  std::uint64_t size_ = 0;
  std::uint64_t synced_ = 0;
  bool is_syncing_ = false;
  bool is_broken_ = false;
};

}  // namespace scoria::blob
