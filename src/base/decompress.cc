#include <libdeflate.h>

#include <algorithm>
#include <memory>
#include <new>
#include <optional>
#include <string>

#include "base/codec.h"
#include "base/gzip.h"

namespace scoria {
namespace {

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* decompressor) const { libdeflate_free_decompressor(decompressor); }
};
struct FreeCompressor {
  void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
};

// A gzip member ends with its size modulo 2^32; libdeflate needs it beforehand and is about three times faster than
// zlib. nullopt: the size is not believable, or the bytes are not one whole member. The streaming path then says why.
std::optional<std::string> inflate_one_member(std::span<const std::byte> bytes, const DecompressLimits& limits) {
  constexpr std::size_t kSmallestMember = 18;
  if (bytes.size() < kSmallestMember) return std::nullopt;
  std::uint64_t size = 0;
  for (std::size_t i = 1; i <= 4; ++i) size = size << 8 | std::to_integer<std::uint64_t>(bytes[bytes.size() - i]);
  // A false size must not make us touch memory that the bytes cannot fill: beyond 64 MiB only common ratios are believed.
  const std::uint64_t ratio = std::min<std::uint64_t>(limits.max_ratio, size > (64ull << 20) ? 20 : 1032);
  if (size > limits.max_bytes || size / ratio > bytes.size()) return std::nullopt;

  const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor(libdeflate_alloc_decompressor());
  if (decompressor == nullptr) throw std::bad_alloc();
  std::string out(size, '\0');
  std::size_t consumed = 0;
  std::size_t produced = 0;
  const libdeflate_result code = libdeflate_gzip_decompress_ex(decompressor.get(), bytes.data(), bytes.size(),
                                                               out.data(), out.size(), &consumed, &produced);
  if (code != LIBDEFLATE_SUCCESS || consumed != bytes.size() || produced != out.size()) return std::nullopt;
  return out;
}

}  // namespace

Result<std::string> decompress(std::span<const std::byte> bytes, DecompressLimits limits) {
  return decompress(bytes, detect_compression(bytes), limits);
}

Result<std::string> decompress(std::span<const std::byte> bytes, Compression compression, DecompressLimits limits) {
  if (compression == Compression::none) {
    if (bytes.size() > limits.max_bytes) {
      return Error{Code::too_large, "data of " + std::to_string(bytes.size()) + " bytes is beyond the limit of " +
                                        std::to_string(limits.max_bytes) + " bytes"};
    }
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  limits.max_ratio = std::max<std::uint64_t>(limits.max_ratio, 1);
  if (compression == Compression::gzip) {
    if (auto out = inflate_one_member(bytes, limits)) return *std::move(out);
  }
  SCORIA_TRY(source, decompressing_source(memory_source(bytes), compression, limits));
  std::string out;
  std::size_t filled = 0;
  constexpr std::size_t kFirstGuess = 4;  // how much models usually grow
  out.resize(std::clamp<std::size_t>(bytes.size() * kFirstGuess, 4096, 16u << 20));
  for (;;) {
    if (filled == out.size()) out.resize(out.size() * 2);
    SCORIA_TRY(count, source->read(std::span(out).subspan(filled)));
    if (count == 0) break;
    filled += count;
  }
  out.resize(filled);
  return out;
}

std::string gzip(std::string_view bytes) {
  const std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor(libdeflate_alloc_compressor(6));
  if (compressor == nullptr) throw std::bad_alloc();
  std::string out(libdeflate_gzip_compress_bound(compressor.get(), bytes.size()), '\0');
  out.resize(libdeflate_gzip_compress(compressor.get(), bytes.data(), bytes.size(), out.data(), out.size()));
  SCORIA_CHECK(!out.empty());
  return out;
}

}  // namespace scoria
