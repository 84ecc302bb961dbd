// Tar archives of plain files and folders: headers to write, and a strict reader.
// Source: POSIX.1-1988 ustar; sizes of 8 GiB and more in base 256, as GNU tar and libarchive read and write them.
// Threads: free functions; a TarReader one at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace scoria {

struct TarMember {
  std::string name;  // "state/state.sqlite"; a folder's ends with a slash
  bool is_folder = false;
  std::uint32_t mode = 0600;
  std::uint64_t size = 0;
  std::int64_t modified = 0;  // seconds since 1970
};

inline constexpr std::size_t kTarBlock = 512;

// Errors: invalid: a name that ustar cannot hold (255 bytes at most, parted at a slash).
Result<std::string> tar_header(const TarMember& member);
// Zeros behind so many bytes of content, and the archive's end.
std::string tar_padding(std::uint64_t size);
std::string tar_end();

// Reads an archive front to back. Only what tar_header() writes is accepted: anything else (links, devices, extensions) is an error.
class TarReader {
 public:
  // Errors: not_found, denied, unavailable.
  static Result<TarReader> open(const std::filesystem::path& path);
  TarReader(TarReader&& other) noexcept;
  TarReader& operator=(TarReader&&) = delete;
  ~TarReader();

  // The next member, whose content read() gives; what of the one before was not read is passed over. None: the archive's end.
  // Errors: corrupt (a damaged header or padding, a size beyond the file, an end without its mark, bytes behind it), unsupported, unavailable.
  Result<std::optional<TarMember>> next();
  // Up to `most` bytes; empty at the member's end. Errors: corrupt (the file is short), unavailable.
  Result<std::string> read(std::size_t most);

 private:
  TarReader(int descriptor, std::filesystem::path path, std::uint64_t size)
      : descriptor_(descriptor), path_(std::move(path)), size_(size) {}
  Result<std::string> bytes_at(std::uint64_t offset, std::size_t size) const;
  Error damaged(std::string_view what) const;

  int descriptor_ = -1;
  std::filesystem::path path_;
  std::uint64_t size_ = 0;  // of the file
  std::uint64_t at_ = 0;    // the next header
  std::uint64_t content_at_ = 0, content_left_ = 0;
  std::size_t padding_ = 0;  // before at_
};

}  // namespace scoria
