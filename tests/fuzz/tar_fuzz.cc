// Any bytes as an archive: read front to back in small pieces; it ends with the archive or with an error that names the file. The first byte says
// whether headers' sums are made to fit, so that lies get past them.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "base/tar.h"

namespace {

void sign(std::string& archive) {
  for (std::size_t at = 0; at + scoria::kTarBlock <= archive.size(); at += scoria::kTarBlock) {
    if (archive.compare(at + 257, 5, "ustar") != 0) continue;
    archive.replace(at + 148, 8, "        ");
    unsigned sum = 0;
    for (std::size_t i = 0; i < scoria::kTarBlock; ++i) sum += static_cast<unsigned char>(archive[at + i]);
    char text[8];
    std::snprintf(text, sizeof text, "%06o", sum);
    archive.replace(at + 148, 7, std::string(text, 7));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string archive(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 1) sign(archive);
  static const int file = memfd_create("fuzz", MFD_CLOEXEC);
  SCORIA_CHECK(ftruncate(file, 0) == 0);
  SCORIA_CHECK(pwrite(file, archive.data(), archive.size(), 0) == static_cast<ssize_t>(archive.size()));
  auto reader = scoria::TarReader::open("/proc/self/fd/" + std::to_string(file));
  if (!reader.ok()) return 0;
  std::uint64_t given = 0;
  for (;;) {
    const auto member = reader.value().next();
    if (!member.ok()) {
      SCORIA_CHECK(!member.error().message.empty());
      return 0;
    }
    if (!member.value()) return 0;
    SCORIA_CHECK(!member.value()->name.empty() && member.value()->size <= archive.size());
    const bool is_read = member.value()->name.size() % 2 == 0;
    for (std::uint64_t left = is_read ? member.value()->size : 0; left > 0;) {
      const auto piece = reader.value().read(100);
      if (!piece.ok()) return 0;
      SCORIA_CHECK(!piece.value().empty() && piece.value().size() <= left);
      left -= piece.value().size();
      given += piece.value().size();
    }
    SCORIA_CHECK(given <= archive.size());
  }
}
