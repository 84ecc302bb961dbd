#include "model/kernel_machine/r_svm_names.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>

namespace scoria::model::kernel_machine {
namespace {

constexpr std::string_view kReserved[] = {
    "if",   "else", "repeat", "while", "function", "for", "next",        "break",    "TRUE",          "FALSE",
    "NULL", "Inf",  "NaN",    "NA",    "in",       "...", "NA_integer_", "NA_real_", "NA_character_", "NA_complex_"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t bytes = 1;
};

// A byte that begins no sequence stands for itself, which no letter is.
CodePoint code_point(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  if (bytes == 1 || bytes > text.size()) return {lead, 1};
  std::uint32_t value = lead & (0xFFu >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) value = value << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  return {value, bytes};
}

bool is_letter(std::uint32_t value) {
  if (value < 0xC0) return value == 0xAA || value == 0xB5 || value == 0xBA;
  if (value == 0xD7 || value == 0xF7) return false;
  const bool is_sign = (value >= 0x2000 && value < 0x2C00) || (value >= 0x3000 && value < 0x3005) ||
                       (value >= 0x3008 && value < 0x3021) || (value >= 0xE000 && value < 0xF900) || value >= 0x1F000;
  return !is_sign;
}

}  // namespace

std::string valid_name(std::string_view name) {
  const bool begins_with_dot = !name.empty() && name[0] == '.' && (name.size() < 2 || !is_digit(name[1]));
  const bool begins_well =
      !name.empty() && (is_letter(name[0]) || begins_with_dot ||
                        (static_cast<unsigned char>(name[0]) >= 0x80 && is_letter(code_point(name).value)));
  std::string valid = begins_well ? "" : "X";
  while (!name.empty()) {
    const char c = name[0];
    std::size_t bytes = 1;
    if (static_cast<unsigned char>(c) < 0x80) {
      valid += is_letter(c) || is_digit(c) || c == '_' || c == '.' ? c : '.';
    } else {
      const CodePoint point = code_point(name);
      bytes = point.bytes;
      valid += bytes > 1 && is_letter(point.value) ? name.substr(0, bytes) : std::string_view(".");
    }
    name.remove_prefix(bytes);
  }
  if (std::find(std::begin(kReserved), std::end(kReserved), valid) != std::end(kReserved)) valid += ".";
  return valid;
}

std::vector<std::string> valid_distinct_names(std::span<const std::string> names) {
  std::vector<std::string> valid;
  std::set<std::string> taken;
  std::vector<std::size_t> again;
  for (const std::string& name : names) {
    valid.push_back(valid_name(name));
    if (!taken.insert(valid.back()).second) again.push_back(valid.size() - 1);
  }
  std::map<std::string, std::size_t> next;
  for (const std::size_t i : again) {
    std::size_t& number = next.emplace(valid[i], 1).first->second;
    std::string distinct;
    do distinct = valid[i] + "." + std::to_string(number++);
    while (!taken.insert(distinct).second);
    valid[i] = std::move(distinct);
  }
  return valid;
}

std::string unquoted(std::string_view name) {
  if (name.size() >= 2 && name.front() == '`' && name.back() == '`') name = name.substr(1, name.size() - 2);
  return std::string(name);
}

}  // namespace scoria::model::kernel_machine
