#include "table/number_format.h"

#include <charconv>
#include <cmath>
#include <cstring>

namespace scoria::table {
namespace {

constexpr double kExactWhole = 9007199254740992.0;  // 2^53

char* write_word(char* out, const char* word) {
  const std::size_t size = std::strlen(word);
  std::memcpy(out, word, size);
  return out + size;
}

}  // namespace

char* write_real(char* out, double value) {
  if (std::abs(value) < kExactWhole) {
    const auto whole = static_cast<std::int64_t>(value);
    if (static_cast<double>(whole) == value && (whole != 0 || !std::signbit(value))) {
      return std::to_chars(out, out + kNumberRoom, whole).ptr;
    }
  } else if (!std::isfinite(value)) {
    return write_word(out, std::isnan(value) ? "NaN" : value > 0 ? "Inf" : "-Inf");
  }
  return std::to_chars(out, out + kNumberRoom, value).ptr;
}

char* write_integer(char* out, std::int32_t value) { return std::to_chars(out, out + kNumberRoom, value).ptr; }

}  // namespace scoria::table
