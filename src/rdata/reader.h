// Reads R's serialization format: .rds, .RData and the bytes of serialize(). Never evaluates, calls or looks up anything.
// Source: R Internals, section "Serialization Formats"; R sources src/main/serialize.c and altclasses.c for what it writes.
// Formats: XDR, native-endian and ascii (decimal and hexadecimal), versions 2 and 3; gzip, bzip2, xz, lzma, zstd, none.
// ALTREP forms become the plain vectors they stand for; byte code is walked over and kept as its constants.
// Threads: independent calls are independent.
#pragma once

#include <cstddef>
#include <span>

#include "base/byte_source.h"
#include "base/result.h"
#include "rdata/value.h"

namespace scoria::rdata {

struct ReadLimits {
  DecompressLimits decompress{};
  std::size_t max_depth = 10'000;  // nesting of items; data is below 20, formula calls may nest deeper
  std::uint64_t max_values = 200'000'000;
  std::uint64_t max_bytes = 32ull << 30;  // of all vectors together, after expansion of ALTREP sequences
};

// Errors: corrupt (what is wrong, at which byte of the inflated stream), too_large (which limit), unsupported (a persistent
// reference, an unknown ALTREP class, a memory-mapped vector, an unknown type code), invalid (not an R file at all).
Result<Document> read(std::span<const std::byte> bytes, const ReadLimits& limits = {});

}  // namespace scoria::rdata
