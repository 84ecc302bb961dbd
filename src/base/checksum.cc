#include "base/checksum.h"

#include <libdeflate.h>

namespace scoria {

std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t before) {
  return libdeflate_crc32(before, bytes.data(), bytes.size());
}

}  // namespace scoria
