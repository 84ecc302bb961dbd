// Streaming decompressors behind one face: gzip, zlib, bzip2, xz, lzma-alone, zstd and lz4 frames.
// Threads: one user at a time. Owns: the library's state.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/byte_source.h"
#include "base/result.h"

namespace scoria {

class Codec {
 public:
  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    bool member_ended = false;  // gzip, bzip2, zstd and lz4 files may hold several members, one after the other
  };

  virtual ~Codec() = default;

  // Consumes from `in` and fills `out` (never empty). No progress means: more input is needed.
  // `in_is_last`: nothing comes after `in`. Errors: corrupt; too_large (the format asks for too big a window).
  virtual Result<Step> step(std::span<const char> in, std::span<char> out, bool in_is_last) = 0;

  // Makes ready for a following member; called after member_ended only.
  virtual Status restart() = 0;
};

// `compression` is not `none`. Errors: exhausted (no memory).
Result<std::unique_ptr<Codec>> make_codec(Compression compression);

// "gzip", "bzip2", ...
std::string_view compression_name(Compression compression);

// Decompresses what `upstream` gives and holds it to `limits`. Owns its upstream. Members after the first are read on;
// zero padding after the last is skipped; anything else there is corrupt.
Result<std::unique_ptr<ByteSource>> decompressing_source(std::unique_ptr<ByteSource> upstream, Compression compression,
                                                         DecompressLimits limits);

}  // namespace scoria
