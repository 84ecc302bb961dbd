// Keys as bytes: for each part the length of its text, two bytes, and the text. Parts keep apart whatever they hold.
// Threads: free functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scoria::pack {

inline constexpr std::size_t kMostPartBytes = 4096;  // a file's name has 255
inline constexpr std::size_t kMostParts = 15;        // so that a key's length fits its field

// Precondition: part.size() <= kMostPartBytes.
void append_part(std::string& key, std::string_view part);

std::string key_bytes(std::span<const std::string> parts);

// The parts; empty where the bytes are no key of `count` parts.
std::vector<std::string> key_parts(std::string_view key, std::size_t count);

// What the index of a pack is by: docs/formats/pack.md gives it in words.
std::uint64_t hash_key(std::string_view key);

}  // namespace scoria::pack
