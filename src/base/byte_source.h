// Bytes that arrive piece by piece: files, pipes, and decompressed views of them.
// Threads: one reader at a time.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"

namespace scoria {

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // Fills a part of `into` (never empty) and returns how many bytes; 0 means the end.
  // Errors: unavailable (I/O), corrupt (compressed stream), too_large (see DecompressLimits).
  virtual Result<std::size_t> read(std::span<char> into) = 0;
};

// Bounds on what a compressed stream may grow to, so that a small file cannot fill the memory.
struct DecompressLimits {
  std::uint64_t max_bytes = 64ull << 30;
  std::uint64_t max_ratio = 2000;  // deflate cannot exceed 1032; xz and zstd can, and no model does
};

enum class Compression : std::uint8_t { none, gzip, bzip2, xz, lzma, zstd, lz4, zlib };

// By the first bytes of a file; `none` when nothing is recognised. Never `zlib`: its two bytes may begin a text ('x^2,y'), so
// whoever expects it asks looks_like_zlib() and tries.
Compression detect_compression(std::span<const std::byte> head);

bool looks_like_zlib(std::span<const std::byte> head);

// Opens a file, or standard input for "-", and decompresses it by its first bytes.
Result<std::unique_ptr<ByteSource>> open_source(const std::filesystem::path& path, DecompressLimits limits = {});

// The same, and nothing is decompressed.
Result<std::unique_ptr<ByteSource>> open_plain_source(const std::filesystem::path& path);

// What `plain` gives, decompressed by its first bytes; `name` is for messages.
Result<std::unique_ptr<ByteSource>> decompressed(std::unique_ptr<ByteSource> plain, const std::string& name,
                                                 DecompressLimits limits = {});

// Reads from memory; borrows `bytes` for its own life.
std::unique_ptr<ByteSource> memory_source(std::span<const std::byte> bytes);

// Decompresses whole bytes in memory (by their magic; uncompressed bytes are copied).
// Errors: corrupt, naming the format and what is wrong; too_large.
Result<std::string> decompress(std::span<const std::byte> bytes, DecompressLimits limits = {});
Result<std::string> decompress(std::span<const std::byte> bytes, Compression compression, DecompressLimits limits);

}  // namespace scoria
