// Compressed bytes for tests, made by the formats' own libraries. Test programs only: link bz2, lzma, zstd, lz4 and z, those that are used.
#pragma once

#include <bzlib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <string>
#include <string_view>

#include "base/gzip.h"
#include "base/result.h"

namespace scoria {

inline std::string bzip2_for_tests(std::string_view bytes) {
  std::string out(bytes.size() + bytes.size() / 100 + 700, '\0');
  auto size = static_cast<unsigned>(out.size());
  BZ2_bzBuffToBuffCompress(out.data(), &size, const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()), 9,
                           0, 0);
  out.resize(size);
  return out;
}

inline std::string lzma_for_tests(std::string_view bytes, bool xz) {
  lzma_stream stream = LZMA_STREAM_INIT;
  lzma_options_lzma options{};
  lzma_lzma_preset(&options, 6);
  SCORIA_CHECK((xz ? lzma_easy_encoder(&stream, 6, LZMA_CHECK_CRC64) : lzma_alone_encoder(&stream, &options)) ==
               LZMA_OK);
  std::string out(bytes.size() + bytes.size() / 3 + 1000, '\0');
  stream.next_in = reinterpret_cast<const std::uint8_t*>(bytes.data());
  stream.avail_in = bytes.size();
  stream.next_out = reinterpret_cast<std::uint8_t*>(out.data());
  stream.avail_out = out.size();
  while (lzma_code(&stream, LZMA_FINISH) == LZMA_OK) {
  }
  out.resize(out.size() - stream.avail_out);
  lzma_end(&stream);
  return out;
}

inline std::string zstd_for_tests(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3));
  return out;
}

inline std::string lz4_for_tests(std::string_view bytes) {
  std::string out(LZ4F_compressFrameBound(bytes.size(), nullptr), '\0');
  out.resize(LZ4F_compressFrame(out.data(), out.size(), bytes.data(), bytes.size(), nullptr));
  return out;
}

inline std::string zlib_for_tests(std::string_view bytes, int level = 3) {
  uLongf size = compressBound(bytes.size());
  std::string out(size, '\0');
  SCORIA_CHECK(compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
                         bytes.size(), level) == Z_OK);
  out.resize(size);
  return out;
}

}  // namespace scoria
