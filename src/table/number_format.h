// Numbers to text, in the shortest form that reads back to the same bits.
// Threads: pure functions. They allocate nothing.
#pragma once

#include <cstdint>

namespace scoria::table {

// Room for any number written here.
inline constexpr std::size_t kNumberRoom = 32;

// Writes `value` at `out` (kNumberRoom bytes) and returns the end. Whole numbers below 2^53 have neither point nor
// exponent (100000, not 1e+05); "NaN", "Inf" and "-Inf" as R writes them. A missing value is the caller's affair.
char* write_real(char* out, double value);
char* write_integer(char* out, std::int32_t value);

}  // namespace scoria::table
