// Reads Python's pickles (protocols 0 to 5) and joblib's files as inert data. Nothing is imported, looked up or called: what a
// file asks Python to build becomes a Value if it is on a list of what models hold, and an error that names it otherwise.
// Source: PEP 3154, PEP 574, the documentation of pickle, pickletools and joblib, and files that they wrote.
// Containers: none, zlib, gzip, bzip2, xz, lzma, lz4, zstd. docs/formats/pickle.md says what is understood and what refused.
// Threads: independent calls are independent.
#pragma once

#include <cstddef>
#include <span>

#include "base/byte_source.h"
#include "base/result.h"
#include "pickle/value.h"

namespace scoria::pickle {

struct ReadLimits {
  DecompressLimits decompress{};
  std::uint64_t max_values = 200'000'000;
  std::uint64_t max_bytes =
      32ull << 30;  // of values, tables and converted texts; the inflated stream itself not counted
};

// Errors: denied (the file asks to call or refers to something that is not on the list: which, and with what), corrupt (what is
// wrong, at which byte of the inflated stream), too_large (which limit), unsupported (extension codes, persistent ids,
// out-of-band buffers, arrays in other files, newer protocols), invalid (not a pickle at all).
Result<Document> read(std::span<const std::byte> bytes, const ReadLimits& limits = {});

// Whether the file looks like one, by the first bytes behind its compression. Protocols 0 and 1 have no magic number: a
// text can look like them.
bool is_pickle(std::span<const std::byte> bytes);

}  // namespace scoria::pickle
