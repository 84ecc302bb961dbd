// Text forms within pickles and for people.
// Threads: free functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace scoria::pickle {

// A surrogate becomes three bytes, as Python's 'surrogatepass' does; what is no code point becomes U+FFFD.
void append_utf8(std::uint32_t code_point, std::string& out);

// Whether Python would decode the bytes as UTF-8 with 'surrogatepass'.
bool is_utf8(std::string_view text);

// Code points below 256 as one byte each. Errors: corrupt, naming the one that is not.
Result<std::string> to_latin1(std::string_view utf8);

// Printable ASCII as it is, the rest as \n, \t, \xHH; cut after about `max_text` bytes with "...".
std::string escaped(std::string_view text, std::size_t max_text);

// Shortest digits that read back as the same number; "nan", "inf", "-inf", as Python prints them.
std::string number_text(double x);

// Two's complement, lowest byte first, to decimal digits and back. Beyond 4300 digits (Python's own limit): "an integer of N bytes".
std::string big_integer_text(std::string_view bytes);
// Errors: corrupt: not a decimal number; too_large: more than 4300 digits.
Result<std::string> big_integer_bytes(std::string_view digits);

// Protocol 0: \uXXXX and \UXXXXXXXX in latin-1, to UTF-8. Errors: corrupt.
Result<std::string> raw_unicode_unescaped(std::string_view line);
// Protocol 0: Python 2's repr() of a str, quotes included. Errors: corrupt.
Result<std::string> repr_unescaped(std::string_view line);

}  // namespace scoria::pickle
