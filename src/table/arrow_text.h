// Dates, times and decimals of Arrow as text, in the form that a CSV file has them.
// Source: arrow.apache.org/docs/format/CDataInterface.html (units), the proleptic Gregorian calendar of std::chrono.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace scoria::table {

// "2020-01-05", of days since 1970-01-01. False, and `out` is as it was, outside the years 0 to 9999.
bool append_date(std::int64_t days, std::string& out);

// "10:00:00" and, where there is one, a fraction without trailing zeros. `per_second` is 1, 1000, ... 10^9. False unless within a day.
bool append_time(std::int64_t ticks, std::int64_t per_second, std::string& out);

// "2020-01-05 10:00:00.25", of ticks since 1970-01-01.
bool append_timestamp(std::int64_t ticks, std::int64_t per_second, std::string& out);

// A 16-bit float, exactly.
double half_to_double(std::uint16_t bits);

// The double nearest to value * 10^-scale, `value` being the `bytes` (4, 8 or 16) at `little_endian` in two's complement. nullopt for a
// number without a fraction (scale <= 0) that is beyond 2^53.
std::optional<double> decimal_to_double(const void* little_endian, int bytes, int scale);

}  // namespace scoria::table
