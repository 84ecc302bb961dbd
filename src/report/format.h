// Numbers and foreign text as people and browsers read them.
// Threads: pure functions; they never look at the locale.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace scoria::report {

// `digits` significant digits, more where the whole part has more; no trailing zeros, no grouping: "6144", "0.025".
// Above 1e15 and below 1e-4 with an exponent. "-" where not finite.
std::string plain_number(double value, int digits = 4);
// Three significant digits and an exponent whatever the size: "4e-05", "1.25e+17".
std::string exponent_number(double value);
// As plain_number, with commas between thousands: "6,144", "12.35".
std::string grouped_number(double value, int digits = 4);
// A column of numbers alike: the decimals that give the largest of them `digits` significant digits, and a number with those.
int decimals_for(double largest, int digits = 4);
std::string fixed_number(double value, int decimals);
std::string grouped_count(std::size_t count);
// 0.1234 as "12.3%"; "-" where not finite.
std::string percent(double share);

// Text that stays text inside an element or a quoted attribute, of HTML and SVG. Bytes that are not UTF-8 and control
// characters become U+FFFD.
std::string html_escape(std::string_view text);
// A JSON string with its quotes, safe inside a <script> element too: <, >, & and U+2028/9 are written as \u escapes.
std::string json_string(std::string_view text);

}  // namespace scoria::report
