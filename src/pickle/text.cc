#include "pickle/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <vector>

namespace scoria::pickle {
namespace {

constexpr std::size_t kMaxDigits = 4300;  // Python's limit for texts of integers
constexpr std::size_t kMaxIntegerBytes = 1786;

unsigned byte_at(std::string_view text, std::size_t i) { return static_cast<unsigned char>(text[i]); }

// The code point at `position`, which moves behind it; nothing where the bytes are not UTF-8.
std::optional<std::uint32_t> next_code_point(std::string_view text, std::size_t& position) {
  const unsigned first = byte_at(text, position);
  if (first < 0x80) {
    ++position;
    return first;
  }
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() - position < length) return std::nullopt;
  std::uint32_t code_point = first & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const unsigned next = byte_at(text, position + i);
    if ((next & 0xC0u) != 0x80) return std::nullopt;
    code_point = code_point << 6 | (next & 0x3Fu);
  }
  constexpr std::array<std::uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  if (code_point < kLeast[length] || code_point > 0x10FFFF) return std::nullopt;
  position += length;
  return code_point;
}

std::optional<std::uint32_t> hex(std::string_view digits, std::size_t count) {
  if (digits.size() < count) return std::nullopt;
  std::uint32_t value = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + count, value, 16);
  if (code != std::errc() || end != digits.data() + count) return std::nullopt;
  return value;
}

}  // namespace

void append_utf8(std::uint32_t code_point, std::string& out) {
  if (code_point > 0x10FFFF) code_point = 0xFFFD;
  const auto tail = [&](int shift) { out += static_cast<char>(0x80u | (code_point >> shift & 0x3Fu)); };
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += static_cast<char>(0xC0u | code_point >> 6);
    tail(0);
  } else if (code_point < 0x10000) {
    out += static_cast<char>(0xE0u | code_point >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0u | code_point >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    if (!next_code_point(text, i)) return false;
  }
  return true;
}

Result<std::string> to_latin1(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  for (std::size_t i = 0; i < utf8.size();) {
    const auto code_point = next_code_point(utf8, i);
    if (!code_point || *code_point > 0xFF) {
      return Error{Code::corrupt, "a text that stands for bytes holds a character beyond \\xff"};
    }
    out += static_cast<char>(*code_point);
  }
  return out;
}

std::string escaped(std::string_view text, std::size_t max_text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    if (out.size() >= max_text) return out + "...";
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\\') {
      out += "\\\\";
    } else if (byte < 0x20 || byte >= 0x7F) {
      out += "\\x";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15u];
    } else {
      out += c;
    }
  }
  return out;
}

std::string number_text(double x) {
  if (std::isnan(x)) return "nan";
  std::array<char, 32> buffer;
  const auto [end, code] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), x);
  return std::string(buffer.data(), code == std::errc() ? end : buffer.data());
}

std::string big_integer_text(std::string_view bytes) {
  if (bytes.empty()) return "0";
  if (bytes.size() > kMaxIntegerBytes) return "an integer of " + std::to_string(bytes.size()) + " bytes";
  const bool is_negative = (byte_at(bytes, bytes.size() - 1) & 0x80u) != 0;
  std::vector<std::uint32_t> limbs;  // base 10^9, lowest first
  for (std::size_t i = bytes.size(); i-- > 0;) {
    std::uint64_t carry = is_negative ? ~byte_at(bytes, i) & 0xFFu : byte_at(bytes, i);
    for (std::uint32_t& limb : limbs) {
      carry += static_cast<std::uint64_t>(limb) << 8;
      limb = static_cast<std::uint32_t>(carry % 1'000'000'000);
      carry /= 1'000'000'000;
    }
    if (carry != 0) limbs.push_back(static_cast<std::uint32_t>(carry));
  }
  if (is_negative) {  // -x = ~x + 1
    std::size_t i = 0;
    while (i < limbs.size() && ++limbs[i] == 1'000'000'000) limbs[i++] = 0;
    if (i == limbs.size()) limbs.push_back(1);
  }
  if (limbs.empty()) return "0";
  std::string text = (is_negative ? "-" : "") + std::to_string(limbs.back());
  for (std::size_t i = limbs.size() - 1; i-- > 0;) {
    const std::string part = std::to_string(limbs[i]);
    text.append(9 - part.size(), '0').append(part);
  }
  return text;
}

Result<std::string> big_integer_bytes(std::string_view digits) {
  const bool is_negative = digits.starts_with('-');
  if (is_negative || digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return Error{Code::corrupt, "'" + escaped(digits, 40) + "' stands where a whole number should be"};
  }
  if (digits.size() > kMaxDigits) {
    return Error{Code::too_large,
                 "a whole number of " + std::to_string(digits.size()) + " digits; at most 4300 are read"};
  }
  std::vector<std::uint32_t> words;  // base 2^32, lowest first
  for (const char digit : digits) {
    std::uint64_t carry = static_cast<std::uint64_t>(digit - '0');
    for (std::uint32_t& word : words) {
      carry += static_cast<std::uint64_t>(word) * 10;
      word = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    if (carry != 0) words.push_back(static_cast<std::uint32_t>(carry));
  }
  words.push_back(0);  // room for the sign
  std::string bytes;
  std::uint64_t carry = is_negative ? 1 : 0;
  for (const std::uint32_t word : words) {
    carry += is_negative ? ~word : word;
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(carry >> shift & 0xFFu);
    carry >>= 32;
  }
  // No more bytes than the sign needs, as Python writes them.
  while (bytes.size() > 1) {
    const unsigned last = byte_at(bytes, bytes.size() - 1);
    const bool next_is_negative = (byte_at(bytes, bytes.size() - 2) & 0x80u) != 0;
    if (!(last == 0 && !next_is_negative) && !(last == 0xFF && next_is_negative)) break;
    bytes.pop_back();
  }
  return bytes;
}

Result<std::string> raw_unicode_unescaped(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] != '\\' || i + 1 == line.size()) {
      append_utf8(byte_at(line, i++), out);
      continue;
    }
    const char next = line[i + 1];
    if (next != 'u' && next != 'U') {  // the backslash and what follows are themselves
      append_utf8('\\', out);
      append_utf8(byte_at(line, i + 1), out);
      i += 2;
      continue;
    }
    const std::size_t digits = next == 'u' ? 4 : 8;
    const auto code_point = hex(line.substr(i + 2), digits);
    if (!code_point || *code_point > 0x10FFFF) {
      return Error{Code::corrupt, "a text has a false escape: '" + escaped(line.substr(i, 10), 40) + "'"};
    }
    append_utf8(*code_point, out);
    i += 2 + digits;
  }
  return out;
}

Result<std::string> repr_unescaped(std::string_view line) {
  while (line.ends_with(' ') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.size() < 2 || line.front() != line.back() || (line.front() != '\'' && line.front() != '"')) {
    return Error{Code::corrupt, "a Python 2 text is not in quotes: " + escaped(line, 40)};
  }
  line = line.substr(1, line.size() - 2);
  constexpr std::string_view kLetters = "abfnrtv\\'\"";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\'\"";
  std::string out;
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] != '\\') {
      out += line[i++];
      continue;
    }
    if (i + 1 == line.size()) return Error{Code::corrupt, "a Python 2 text ends in a backslash"};
    const char next = line[i + 1];
    if (const std::size_t letter = kLetters.find(next); letter != std::string_view::npos) {
      out += kMeanings[letter];
      i += 2;
    } else if (next == 'x') {
      const auto value = hex(line.substr(i + 2), 2);
      if (!value)
        return Error{Code::corrupt, "a Python 2 text has a false escape: '" + escaped(line.substr(i, 4), 20) + "'"};
      out += static_cast<char>(*value);
      i += 4;
    } else if (next >= '0' && next <= '7') {
      unsigned value = 0;
      const std::size_t end = std::min(line.size(), i + 4);
      for (++i; i < end && line[i] >= '0' && line[i] <= '7'; ++i) {
        value = value * 8 + static_cast<unsigned>(line[i] - '0');
      }
      out += static_cast<char>(value);
    } else {  // unknown escapes stay as they are
      out += '\\';
      out += next;
      i += 2;
    }
  }
  return out;
}

}  // namespace scoria::pickle
