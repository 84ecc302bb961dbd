// ISO 8601 times and durations as REST services write them: "2018-12-27T18:02:19.1234567Z", "PT5M", "P7D".
// Source: ISO 8601, RFC 3339; .NET's XmlConvert for "P10675199DT2H48M5.4775807S", its largest duration, which means "for ever".
// Threads: free functions.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace scoria {

inline constexpr Duration kForever = Duration::max();

// With seven digits of a second, as Azure writes them, and Z.
std::string format_time(WallTime time);
// "Thu, 27 Dec 2018 18:02:19 GMT" (RFC 9110 section 5.6.7): Last-Modified, Date.
std::string format_http_time(WallTime time);

// RFC 3339 with 0 to 9 digits of a second and Z or an offset; or RFC 9110's form. Errors: invalid, saying what was expected.
Result<WallTime> parse_time(std::string_view text);

// "PT1H30M", "P7D", "PT0S"; years and months are refused, as their length varies. kForever's text is .NET's largest duration.
std::string format_duration(Duration duration);
// Errors: invalid (text, negative). What is as long as .NET's largest duration or longer is kForever.
Result<Duration> parse_duration(std::string_view text);

}  // namespace scoria
