#include "base/checksum.h"

#include <libdeflate.h>

namespace scoria {

std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t before) {
  if (bytes.empty()) return before;  // libdeflate takes a null pointer for the wish to begin
  return libdeflate_crc32(before, bytes.data(), bytes.size());
}

}  // namespace scoria
