// A checksum against damage: CRC-32 as gzip and PNG have it (polynomial 0xEDB88320). No protection against a forger.
// Threads: free function.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace scoria {

// Of `bytes` that follow others whose checksum is `before`; 0: of nothing.
std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t before = 0);

}  // namespace scoria
