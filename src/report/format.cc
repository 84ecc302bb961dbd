#include "report/format.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <utility>

namespace scoria::report {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

std::string printed(const char* format, int digits, double value) {
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), format, digits, value);
  return std::string(text.data(), static_cast<std::size_t>(length));
}

void strip_zeros(std::string& text) {
  if (text.find('.') == std::string::npos) return;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
}

// Digits with commas between thousands.
std::string grouped(std::string text) {
  const std::size_t first = text.front() == '-' ? 1 : 0;
  const std::size_t point = std::min(text.find('.'), text.size());
  for (std::size_t at = point; at > first + 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

// The length of the UTF-8 sequence at the front of `text`; 0 when there is none (overlong, surrogate, cut short).
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const auto continues = [&](std::size_t count) {
    if (text.size() < count) return false;
    for (std::size_t i = 1; i < count; ++i) {
      if ((byte(i) & 0xC0) != 0x80) return false;
    }
    return true;
  };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(2) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (!continues(3)) return 0;
    if (lead == 0xE0 && byte(1) < 0xA0) return 0;
    if (lead == 0xED && byte(1) > 0x9F) return 0;
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (!continues(4)) return 0;
    if (lead == 0xF0 && byte(1) < 0x90) return 0;
    if (lead == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

// Calls `put` with each whole character of `text`, mended as the header says.
template <typename Put>
void for_each_character(std::string_view text, Put put) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const auto lead = static_cast<std::uint8_t>(text.front());
    const bool is_control = length == 1 && (lead == 0x7F || (lead < 0x20 && lead != '\n' && lead != '\t'));
    if (length == 0 || is_control) {
      put(kReplacement);
      text.remove_prefix(1);
    } else {
      put(text.substr(0, length));
      text.remove_prefix(length);
    }
  }
}

}  // namespace

std::string plain_number(double value, int digits) {
  if (!std::isfinite(value)) return "-";
  if (value == 0) return "0";
  const double size = std::abs(value);
  if (size >= 1e15 || size < 1e-4) return printed("%.*g", digits, value);
  const int whole = static_cast<int>(std::floor(std::log10(size))) + 1;
  std::string text = printed("%.*f", std::max(0, digits - whole), value);
  strip_zeros(text);
  return text == "-0" ? "0" : text;
}

std::string exponent_number(double value) {
  std::string text = printed("%.*e", 2, value);
  const std::size_t exponent = text.find('e');
  if (exponent == std::string::npos) return "-";  // not finite
  std::string digits = text.substr(0, exponent);
  strip_zeros(digits);
  return digits + text.substr(exponent);
}

std::string grouped_number(double value, int digits) {
  std::string text = plain_number(value, digits);
  return text.find('e') == std::string::npos ? grouped(std::move(text)) : text;
}

int decimals_for(double largest, int digits) {
  if (!std::isfinite(largest) || largest == 0) return 0;
  return std::clamp(digits - 1 - static_cast<int>(std::floor(std::log10(std::abs(largest)))), 0, digits + 4);
}

std::string fixed_number(double value, int decimals) {
  if (!std::isfinite(value) || std::abs(value) >= 1e15) return plain_number(value);
  return grouped(printed("%.*f", decimals, value));
}

std::string grouped_count(std::size_t count) { return grouped(std::to_string(count)); }

std::string percent(double share) { return std::isfinite(share) ? printed("%.*f", 1, share * 100) + "%" : "-"; }

std::string html_escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for_each_character(text, [&](std::string_view character) {
    switch (character.front()) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += character;
    }
  });
  return out;
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for_each_character(text, [&](std::string_view character) {
    if (character == "\"" || character == "\\") {
      out += '\\';
      out += character;
    } else if (character == "\n") {
      out += "\\n";
    } else if (character == "\t") {
      out += "\\t";
    } else if (character == "<") {
      out += "\\u003c";
    } else if (character == ">") {
      out += "\\u003e";
    } else if (character == "&") {
      out += "\\u0026";
    } else if (character == "\xE2\x80\xA8") {
      out += "\\u2028";
    } else if (character == "\xE2\x80\xA9") {
      out += "\\u2029";
    } else {
      out += character;
    }
  });
  return out + '"';
}

}  // namespace scoria::report
