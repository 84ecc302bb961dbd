#include "blob/names.h"

#include <algorithm>
#include <string>

namespace scoria::blob {
namespace {

constexpr std::size_t kMaxBlobName = 1024;  // characters
constexpr std::size_t kMaxBlockId = 64;     // bytes, of which an id is the base64

Error bad_name(std::string message) { return Error{Code::invalid, std::move(message), "InvalidResourceName"}; }

bool is_lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

Status check_container_name(std::string_view name) {
  if (name == "$root" || name == "$web" || name == "$logs") return Ok{};
  const bool fits = name.size() >= 3 && name.size() <= 63 && is_lower_alnum(name.front()) &&
                    is_lower_alnum(name.back()) && name.find("--") == std::string_view::npos &&
                    std::all_of(name.begin(), name.end(), [](char c) { return is_lower_alnum(c) || c == '-'; });
  if (fits) return Ok{};
  if (name.size() < 3 || name.size() > 63) {
    return Error{Code::invalid, "a container name must have 3 to 63 characters, not " + std::to_string(name.size()),
                 "OutOfRangeInput"};
  }
  return bad_name("the container name '" + std::string(name.substr(0, 80)) +
                  "' must be 3 to 63 lower-case letters, digits and single hyphens between them");
}

bool is_utf8(std::string_view text, std::size_t& characters) {
  characters = 0;
  for (std::size_t i = 0; i < text.size(); ++characters) {
    const auto first = static_cast<unsigned char>(text[i]);
    std::size_t size = 1;
    if (first >= 0xC2 && first <= 0xDF) size = 2;
    if (first >= 0xE0 && first <= 0xEF) size = 3;
    if (first >= 0xF0 && first <= 0xF4) size = 4;
    if ((first >= 0x80 && size == 1) || text.size() - i < size) return false;
    for (std::size_t k = 1; k < size; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    }
    const auto second = size > 1 ? static_cast<unsigned char>(text[i + 1]) : 0u;
    if (first == 0xE0 && second < 0xA0) return false;  // overlong
    if (first == 0xED && second > 0x9F) return false;  // surrogates
    if (first == 0xF0 && second < 0x90) return false;  // overlong
    if (first == 0xF4 && second > 0x8F) return false;  // beyond U+10FFFF
    i += size;
  }
  return true;
}

Status check_blob_name(std::string_view name) {
  std::size_t characters = 0;
  if (name.size() > 4 * kMaxBlobName || !is_utf8(name, characters)) {
    return bad_name("a blob name must be UTF-8 of at most 1024 characters");
  }
  if (characters < 1 || characters > kMaxBlobName) return bad_name("a blob name must have 1 to 1024 characters");
  return Ok{};
}

Status check_block_id(std::string_view id) {
  const auto is_digit = [](char c) {
    return is_lower_alnum(c) || (c >= 'A' && c <= 'Z') || c == '+' || c == '/' || c == '=';
  };
  const bool is_base64 = !id.empty() && id.size() % 4 == 0 && std::all_of(id.begin(), id.end(), is_digit);
  const std::size_t padding = id.ends_with("==") ? 2 : id.ends_with('=') ? 1 : 0;
  if (is_base64 && id.size() / 4 * 3 - padding <= kMaxBlockId) return Ok{};
  return Error{Code::invalid, "a block id must be the base64 of 1 to 64 bytes", "InvalidQueryParameterValue"};
}

}  // namespace scoria::blob
