#include "pack/key.h"

#include <cstring>

#include "base/result.h"

namespace scoria::pack {
namespace {

__extension__ using Wide = unsigned __int128;

// Any odd numbers with half of their bits set would do.
constexpr std::uint64_t kStep = 0x9e37'79b9'7f4a'7c15;
constexpr std::uint64_t kLast = 0xd6e8'feb8'6659'fd93;

std::uint64_t folded(std::uint64_t a, std::uint64_t b) {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

void append_part(std::string& key, std::string_view part) {
  SCORIA_CHECK(part.size() <= kMostPartBytes);
  key.push_back(static_cast<char>(part.size() & 255));
  key.push_back(static_cast<char>(part.size() >> 8));
  key.append(part);
}

std::string key_bytes(std::span<const std::string> parts) {
  std::string key;
  for (const std::string& part : parts) append_part(key, part);
  return key;
}

std::vector<std::string> key_parts(std::string_view key, std::size_t count) {
  std::vector<std::string> parts;
  while (key.size() >= 2 && parts.size() < count) {
    const std::size_t size =
        static_cast<unsigned char>(key[0]) | static_cast<std::size_t>(static_cast<unsigned char>(key[1])) << 8;
    if (size > key.size() - 2) return {};
    parts.emplace_back(key.substr(2, size));
    key.remove_prefix(2 + size);
  }
  if (!key.empty() || parts.size() != count) return {};
  return parts;
}

std::uint64_t hash_key(std::string_view key) {
  std::uint64_t hash = key.size();
  while (key.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, key.data(), 8);
    hash = folded(hash ^ word, kStep) + hash;
    key.remove_prefix(8);
  }
  std::uint64_t word = 0;
  std::memcpy(&word, key.data(), key.size());
  hash = folded(hash ^ word, kStep) + hash;
  return folded(hash ^ kStep, kLast);
}

}  // namespace scoria::pack
