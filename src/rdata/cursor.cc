#include "rdata/cursor.h"

#include <charconv>

#include "base/na.h"

namespace scoria::rdata {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_octal(char c) { return c >= '0' && c <= '7'; }

std::string quoted(std::string_view word) {
  constexpr std::size_t kShown = 30;
  std::string out = "'";
  for (const char c : word.substr(0, kShown)) out += c > ' ' && c < 0x7F ? c : '?';
  return out += word.size() > kShown ? "...'" : "'";
}

// Whether a number that no double can hold is too small rather than too large.
bool is_tiny(std::string_view number, bool hexadecimal) {
  const std::size_t exponent = number.find_first_of(hexadecimal ? "pP" : "eE");
  if (exponent != std::string_view::npos) return number.substr(exponent + 1).starts_with('-');
  return number.starts_with("0.");
}

// Copies `count` words of `Word` from the unaligned `from`, turning each around.
template <typename Word, typename Swap>
void copy_swapped(const char* from, void* to, std::size_t count, Swap swap) {
  auto* out = static_cast<char*>(to);
  for (std::size_t i = 0; i < count; ++i) {
    Word word;
    std::memcpy(&word, from + i * sizeof word, sizeof word);
    word = swap(word);
    std::memcpy(out + i * sizeof word, &word, sizeof word);
  }
}

}  // namespace

bool Cursor::fail_at(std::size_t position, Code code, std::string_view what) {
  if (error_.has_value()) return false;
  const std::string place = "at byte " + std::to_string(position) + ": ";
  const char* subject = code == Code::corrupt ? "R data is damaged " : "R data ";
  error_ = Error{code, subject + place + std::string(what)};
  return false;
}

bool Cursor::integers(std::span<std::int32_t> out) {
  if (format_ == Format::ascii) {
    for (std::int32_t& value : out) {
      if (!ascii_integer(value)) return false;
    }
    return true;
  }
  if (left() / sizeof(std::int32_t) < out.size()) return fail_early();
  if (swap_) {
    copy_swapped<std::uint32_t>(at_, out.data(), out.size(), [](std::uint32_t x) { return __builtin_bswap32(x); });
  } else if (!out.empty()) {
    std::memcpy(out.data(), at_, out.size_bytes());
  }
  at_ += out.size_bytes();
  return true;
}

bool Cursor::reals(std::span<double> out) {
  if (format_ == Format::ascii) {
    for (double& value : out) {
      if (!ascii_real(value)) return false;
    }
    return true;
  }
  if (left() / sizeof(double) < out.size()) return fail_early();
  if (swap_) {
    copy_swapped<std::uint64_t>(at_, out.data(), out.size(), [](std::uint64_t x) { return __builtin_bswap64(x); });
  } else if (!out.empty()) {
    std::memcpy(out.data(), at_, out.size_bytes());
  }
  at_ += out.size_bytes();
  return true;
}

bool Cursor::bytes(std::span<std::byte> out) {
  if (format_ == Format::ascii) {
    for (std::byte& value : out) {
      const std::string_view hex = word();
      unsigned number = 0;
      const auto [end, code] = std::from_chars(hex.data(), hex.data() + hex.size(), number, 16);
      if (code != std::errc() || end != hex.data() + hex.size() || number > 0xFF) {
        return hex.empty() ? fail_early() : fail(Code::corrupt, quoted(hex) + " is not a byte in hexadecimal");
      }
      value = static_cast<std::byte>(number);
    }
    return true;
  }
  if (left() < out.size()) return fail_early();
  if (!out.empty()) std::memcpy(out.data(), at_, out.size());
  at_ += out.size();
  return true;
}

bool Cursor::text(std::size_t length, Arena& arena, std::string_view& out) {
  if (left() < length) return fail_early();
  if (format_ != Format::ascii) {
    out = arena.copy({at_, length});
    at_ += length;
    return true;
  }
  // The writer escapes white space, so what precedes the first other character is the line end.
  if (length > 0) skip_white_space();
  if (left() < length) return fail_early();
  const std::span<char> characters = arena.make_array<char>(length);
  for (char& c : characters) {
    if (!ascii_character(c)) return false;
  }
  out = {characters.data(), length};
  return true;
}

bool Cursor::skip(std::string_view expected) {
  if (std::string_view(at_, left()).substr(0, expected.size()) != expected) return false;
  at_ += expected.size();
  return true;
}

void Cursor::skip_white_space() {
  while (at_ < end_ && is_space(*at_)) ++at_;
}

std::string_view Cursor::word() {
  skip_white_space();
  const char* first = at_;
  while (at_ < end_ && !is_space(*at_)) ++at_;
  return {first, static_cast<std::size_t>(at_ - first)};
}

bool Cursor::ascii_integer(std::int32_t& out) {
  const std::string_view number = word();
  if (number.empty()) return fail_early();
  if (number == "NA") {
    out = kNaInt;
    return true;
  }
  const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), out);
  if (code == std::errc() && end == number.data() + number.size()) return true;
  return fail(Code::corrupt, quoted(number) + " is not an integer");
}

bool Cursor::ascii_real(double& out) {
  std::string_view number = word();
  if (number.empty()) return fail_early();
  if (number == "NA") {
    out = na_real();
  } else if (number == "NaN") {
    out = std::numeric_limits<double>::quiet_NaN();
  } else if (number == "Inf") {
    out = std::numeric_limits<double>::infinity();
  } else if (number == "-Inf") {
    out = -std::numeric_limits<double>::infinity();
  } else {
    const std::string_view whole = number;
    const bool negative = number.starts_with('-');
    if (negative) number.remove_prefix(1);
    const bool hexadecimal = number.starts_with("0x") || number.starts_with("0X");
    if (hexadecimal) number.remove_prefix(2);
    const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), out,
                                             hexadecimal ? std::chars_format::hex : std::chars_format::general);
    const bool starts_well = !number.empty() && number.front() != '-';
    const bool out_of_range = code == std::errc::result_out_of_range;
    if (!starts_well || (code != std::errc() && !out_of_range) || end != number.data() + number.size()) {
      return fail(Code::corrupt, quoted(whole) + " is not a double");
    }
    // As R's sscanf: the largest double, written with 16 digits, comes back as infinity.
    if (out_of_range) out = is_tiny(number, hexadecimal) ? 0.0 : std::numeric_limits<double>::infinity();
    if (negative) out = -out;
  }
  return true;
}

bool Cursor::ascii_character(char& out) {
  if (at_ == end_) return fail_early();
  out = *at_++;
  if (out != '\\') return true;
  if (at_ == end_) return fail_early();
  const char escaped = *at_++;
  switch (escaped) {
    case 'n': out = '\n'; return true;
    case 't': out = '\t'; return true;
    case 'v': out = '\v'; return true;
    case 'b': out = '\b'; return true;
    case 'r': out = '\r'; return true;
    case 'f': out = '\f'; return true;
    case 'a': out = '\a'; return true;
    default: break;
  }
  if (!is_octal(escaped)) {
    out = escaped;  // \\ \' \" \?, and as R any other
    return true;
  }
  unsigned value = static_cast<unsigned>(escaped - '0');
  for (int digits = 1; digits < 3 && at_ < end_ && is_octal(*at_); ++digits) {
    value = value * 8 + static_cast<unsigned>(*at_++ - '0');
  }
  out = static_cast<char>(value);
  return true;
}

}  // namespace scoria::rdata
