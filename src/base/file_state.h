// How a file stood when it was looked at, to tell whether it has been written anew. Threads: plain values.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>

namespace scoria {

struct FileState {
  std::int64_t size = -1;  // -1: there is none
  std::int64_t seconds = 0, nanoseconds = 0;
  std::uint64_t inode = 0;
  bool operator==(const FileState&) const = default;
};

inline FileState file_state(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ino};
}

}  // namespace scoria
