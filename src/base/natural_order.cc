#include "base/natural_order.h"

#include <algorithm>

namespace scoria {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The digits at `at` without leading zeros; moves behind them.
std::string_view digits(std::string_view text, std::size_t& at) {
  while (at < text.size() && text[at] == '0') ++at;
  const std::size_t begin = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  return text.substr(begin, at - begin);
}

}  // namespace

bool is_naturally_before(std::string_view a, std::string_view b) {
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      const std::string_view x = digits(a, i);
      const std::string_view y = digits(b, j);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
      continue;
    }
    if (a[i] != b[j]) return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]);
    ++i;
    ++j;
  }
  const bool has_a_ended = i == a.size();
  const bool has_b_ended = j == b.size();
  if (has_a_ended != has_b_ended) return has_a_ended;
  return a < b;  // leading zeros
}

bool is_naturally_before(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return is_naturally_before(std::string_view(x), std::string_view(y));
  });
}

}  // namespace scoria
