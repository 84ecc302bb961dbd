// Text to UTF-8, by R's rules.
#include <array>
#include <cstdint>

#include "rdata/value.h"

namespace scoria::rdata {
namespace {

// What R calls latin1 is Windows-1252 (sysutils.c), on every platform: 0x80 to 0x9F are these; 0 is not assigned.
constexpr std::array<std::uint16_t, 32> kWindows1252 = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                                        0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
                                                        0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                                        0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

bool is_latin1_name(std::string_view encoding) {
  for (const std::string_view name : {"latin1", "ISO-8859-1", "ISO8859-1", "ISO_8859-1", "CP1252", "WINDOWS-1252"}) {
    if (encoding == name) return true;
  }
  return false;
}

void append_escaped(std::string& out, unsigned char byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += '<';
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15u];
  out += '>';
}

void append_code_point(std::string& out, std::uint32_t code) {  // of the basic plane
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3Fu));
  } else {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3Fu));
    out += static_cast<char>(0x80 | (code & 0x3Fu));
  }
}

// The length of the valid UTF-8 sequence at the start of `text`, 0 if it is not valid (Unicode, table 3-7).
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                             : first >= 0xE0 && first <= 0xEF ? 3
                             : first >= 0xF0 && first <= 0xF4 ? 4
                                                              : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0u) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) || (first == 0xF0 && second < 0x90) ||
      (first == 0xF4 && second > 0x8F)) {
    return 0;
  }
  return length;
}

}  // namespace

std::string utf8(const Text& text, std::string_view native_encoding) {
  const bool latin1 =
      text.encoding == Encoding::latin1 || (text.encoding == Encoding::native && is_latin1_name(native_encoding));
  std::string out;
  out.reserve(text.bytes.size());
  for (std::size_t i = 0; i < text.bytes.size();) {
    const auto byte = static_cast<unsigned char>(text.bytes[i]);
    if (byte < 0x80) {
      out += text.bytes[i++];
    } else if (latin1) {
      const std::uint32_t code = byte < 0xA0 ? kWindows1252[byte - 0x80] : byte;
      if (code == 0) {
        append_escaped(out, byte);
      } else {
        append_code_point(out, code);
      }
      ++i;
    } else if (const std::size_t length = text.encoding == Encoding::bytes ? 0 : sequence_length(text.bytes.substr(i));
               length > 0) {
      out.append(text.bytes, i, length);
      i += length;
    } else {
      append_escaped(out, byte);
      ++i;
    }
  }
  return out;
}

}  // namespace scoria::rdata
