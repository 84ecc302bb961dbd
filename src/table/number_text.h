// Text to numbers and logicals, as R reads them but always correctly rounded (R's own reader is up to 1 ulp off).
// Source: the exact fast path of Clinger, "How to read floating point numbers accurately" (PLDI 1990): a mantissa below
// 2^53 and a power of ten up to 22 are both exact doubles, so one multiplication or division rounds once. The rest goes
// to std::from_chars.
// Threads: pure functions. They never look at the locale.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace scoria::table {

// Decimal or hexadecimal number with an optional sign, NaN, Inf or infinity in any case; blanks around it are allowed.
// Too large gives an infinity and too small a zero, as strtod does. nullopt when the text is anything else.
std::optional<double> parse_real(std::string_view text);

// A whole decimal number from -2147483647 to 2147483647 (R's range), with an optional sign; blanks around it are allowed.
std::optional<std::int32_t> parse_integer(std::string_view text);

// TRUE, True, true, T, FALSE, False, false, F.
std::optional<bool> parse_logical(std::string_view text);

// Nothing but spaces and tabs.
bool is_blank(std::string_view text);

}  // namespace scoria::table
