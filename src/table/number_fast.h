// The common numbers of a CSV file, read without a branch per digit: up to 16 digits with at most one point and a minus.
// What these decline, number_text.h reads; where they answer, they answer the same.
// Threads: pure functions.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace scoria::table {

// How many bytes before the end of a number must be readable for fast_real() and fast_integer().
inline constexpr std::size_t kFastNumberReach = 17;

inline constexpr std::array<double, 23> kPowersOfTen = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                        1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                        1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// mantissa * 10^scale where that takes a single rounding, else nullopt.
inline std::optional<double> scale_exactly(std::uint64_t mantissa, std::int64_t scale) {
  if (mantissa > (1ull << 53) || scale < -22 || scale > 22) return std::nullopt;
  const auto value = static_cast<double>(static_cast<std::int64_t>(mantissa));
  return scale < 0 ? value / kPowersOfTen[static_cast<std::size_t>(-scale)]
                   : value * kPowersOfTen[static_cast<std::size_t>(scale)];
}

// [begin, end) as -?[0-9]+ of at most 8 digits into `out`; false when it is anything else.
inline bool fast_integer(const char* begin, const char* end, std::int32_t& out) {
  static_assert(std::endian::native == std::endian::little, "the first digit is the lowest byte");
  const bool negative = begin < end && *begin == '-';
  const auto length = static_cast<std::size_t>(end - begin) - (negative ? 1 : 0);
  if (length - 1 >= 8) return false;
  std::uint64_t digits;
  std::memcpy(&digits, end - 8, 8);
  digits ^= 0x3030303030303030ull;
  digits &= ~0ull << (8 * (8 - length));
  if ((((digits + 0x7676767676767676ull) | digits) & 0x8080808080808080ull) != 0) return false;
  digits = (digits * 10 + (digits >> 8)) & 0x00FF00FF00FF00FFull;
  digits = (digits * 100 + (digits >> 16)) & 0x0000FFFF0000FFFFull;
  digits = (digits * 10000 + (digits >> 32)) & 0xFFFFFFFFull;
  const auto value = static_cast<std::int32_t>(digits);
  out = negative ? -value : value;
  return true;
}

// The same by plain loops, for other machines and as the measure of the vector form.
inline bool fast_real_portable(const char* begin, const char* end, double& out) {
  const bool negative = begin < end && *begin == '-';
  if (negative) ++begin;
  if (end - begin < 1 || end - begin > 16) return false;
  std::uint64_t mantissa = 0;
  const char* point = nullptr;
  for (const char* at = begin; at != end; ++at) {
    const auto digit = static_cast<unsigned char>(*at - '0');
    if (digit <= 9) {
      mantissa = mantissa * 10 + digit;
    } else if (*at == '.' && point == nullptr) {
      point = at;
    } else {
      return false;
    }
  }
  if ((point != nullptr && end - begin == 1) || mantissa > (1ull << 53)) return false;
  const auto scale = static_cast<std::size_t>(point == nullptr ? 0 : end - point - 1);
  const double value = static_cast<double>(static_cast<std::int64_t>(mantissa)) / kPowersOfTen[scale];
  out = negative ? -value : value;
  return true;
}

#if defined(__SSE2__)

// 16 zero bytes, then 16 of ones: loading at offset 16 - i gives ones from lane i on.
alignas(16) inline constexpr std::array<std::uint8_t, 48> kLaneMasks = [] {
  std::array<std::uint8_t, 48> masks{};
  for (std::size_t i = 16; i < 48; ++i) masks[i] = 0xFF;
  return masks;
}();

inline __m128i lanes_from(unsigned lane) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(kLaneMasks.data() + 16 - lane));
}

// [begin, end) as -?[0-9]*.?[0-9]* with 1 to 16 characters after the sign into `out`; false when it is anything else.
inline bool fast_real(const char* begin, const char* end, double& out) {
  const bool negative = begin < end && *begin == '-';
  const auto length = static_cast<std::size_t>(end - begin) - (negative ? 1 : 0);
  if (length - 1 >= 16) return false;
  const __m128i zero = _mm_set1_epi8('0');
  const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(end - 16));
  const __m128i digits = _mm_sub_epi8(text, zero);
  const __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits);
  const unsigned lanes = (0xFFFFu << (16 - length)) & 0xFFFFu;
  const unsigned others = ~static_cast<unsigned>(_mm_movemask_epi8(is_digit)) & lanes;
  const unsigned points = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(text, _mm_set1_epi8('.')))) & lanes;
  if (others != points || (points & (points - 1)) != 0 || points == lanes) return false;
  // Digits before the point move one lane up, over it: they are taken from a load that starts one byte earlier.
  const unsigned after_point = points == 0 ? 0 : static_cast<unsigned>(std::countr_zero(points)) + 1;
  const unsigned count = static_cast<unsigned>(length) - (points == 0 ? 0 : 1);
  const __m128i moved = _mm_sub_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(end - 17)), zero);
  const __m128i stay = lanes_from(after_point);
  __m128i value = _mm_or_si128(_mm_and_si128(stay, digits), _mm_andnot_si128(stay, moved));
  value = _mm_and_si128(value, lanes_from(16 - count));
  // Pairs of digits, then fours, then eights.
  const __m128i tens = _mm_mullo_epi16(_mm_and_si128(value, _mm_set1_epi16(0xFF)), _mm_set1_epi16(10));
  value = _mm_add_epi16(tens, _mm_srli_epi16(value, 8));
  value = _mm_madd_epi16(value, _mm_set1_epi32((1 << 16) | 100));
  value = _mm_packs_epi32(value, value);
  value = _mm_madd_epi16(value, _mm_set1_epi32((1 << 16) | 10000));
  const auto eights = static_cast<std::uint64_t>(_mm_cvtsi128_si64(value));
  const std::uint64_t mantissa = (eights & 0xFFFFFFFFull) * 100000000ull + (eights >> 32);
  if (mantissa > (1ull << 53)) return false;
  const unsigned decimals = points == 0 ? 0 : 16 - after_point;
  const double magnitude = static_cast<double>(static_cast<std::int64_t>(mantissa)) / kPowersOfTen[decimals];
  out = negative ? -magnitude : magnitude;
  return true;
}

#else

inline bool fast_real(const char* begin, const char* end, double& out) { return fast_real_portable(begin, end, out); }

#endif

}  // namespace scoria::table
