// A member that no archive of ours has. Threads: free function.
#pragma once

#include <cstdio>
#include <string>

#include "base/tar.h"

namespace scoria {

// The header of a symbolic link, with the checksum that belongs to it.
inline std::string tar_link_header_for_tests(const std::string& name, const std::string& target) {
  constexpr std::size_t kChecksum = 148, kType = 156, kLink = 157;
  std::string header = tar_header({.name = name}).value();
  header[kType] = '2';
  header.replace(kLink, target.size(), target);
  header.replace(kChecksum, 8, "        ");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  char text[8];
  std::snprintf(text, sizeof text, "%06o", sum);
  header.replace(kChecksum, 7, std::string(text, 7));
  return header;
}

}  // namespace scoria
