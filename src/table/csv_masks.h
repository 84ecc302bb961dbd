// Where the bytes that matter stand in 64 bytes of CSV text, as bit masks: one bit per byte.
// Source: Langdale & Lemire, "Parsing gigabytes of JSON per second" (VLDB Journal 28, 2019), section 3.
// Threads: pure functions.
#pragma once

#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace scoria::table {

struct CsvMasks {
  std::uint64_t separators = 0;
  std::uint64_t newlines = 0;
  std::uint64_t quotes = 0;
  std::uint64_t returns = 0;
  std::uint64_t zeros = 0;
  bool non_ascii = false;
};

// By a plain loop.
inline CsvMasks csv_masks_portable(const char* bytes, char separator) {
  CsvMasks masks;
  for (unsigned i = 0; i < 64; ++i) {
    const char c = bytes[i];
    masks.separators |= static_cast<std::uint64_t>(c == separator) << i;
    masks.newlines |= static_cast<std::uint64_t>(c == '\n') << i;
    masks.quotes |= static_cast<std::uint64_t>(c == '"') << i;
    masks.returns |= static_cast<std::uint64_t>(c == '\r') << i;
    masks.zeros |= static_cast<std::uint64_t>(c == '\0') << i;
    masks.non_ascii |= static_cast<unsigned char>(c) >= 0x80;
  }
  return masks;
}

#if defined(__SSE2__)

struct Bytes64 {
  __m128i part[4];

  std::uint64_t equal_to(char c) const {
    const __m128i wanted = _mm_set1_epi8(c);
    std::uint64_t mask = 0;
    for (int i = 0; i < 4; ++i) {
      const int found = _mm_movemask_epi8(_mm_cmpeq_epi8(part[i], wanted));
      mask |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(found)) << (16 * i);
    }
    return mask;
  }
};

// The same, as fast as this build can.
inline CsvMasks csv_masks(const char* bytes, char separator) {
  Bytes64 block;
  for (int i = 0; i < 4; ++i) block.part[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + 16 * i));
  CsvMasks masks;
  masks.separators = block.equal_to(separator);
  masks.newlines = block.equal_to('\n');
  // Quotes, carriage returns and NUL bytes are rare: one test for all three.
  __m128i rare = _mm_setzero_si128();
  __m128i all = _mm_setzero_si128();
  for (const __m128i& part : block.part) {
    all = _mm_or_si128(all, part);
    const __m128i quote_or_return =
        _mm_or_si128(_mm_cmpeq_epi8(part, _mm_set1_epi8('"')), _mm_cmpeq_epi8(part, _mm_set1_epi8('\r')));
    rare = _mm_or_si128(rare, _mm_or_si128(quote_or_return, _mm_cmpeq_epi8(part, _mm_setzero_si128())));
  }
  masks.non_ascii = _mm_movemask_epi8(all) != 0;
  if (_mm_movemask_epi8(rare) != 0) {
    masks.quotes = block.equal_to('"');
    masks.returns = block.equal_to('\r');
    masks.zeros = block.equal_to('\0');
  }
  return masks;
}

#else

inline CsvMasks csv_masks(const char* bytes, char separator) { return csv_masks_portable(bytes, separator); }

#endif

}  // namespace scoria::table
