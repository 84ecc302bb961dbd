// How much memory of a process is resident, for limits and lists. Threads: free function.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <string>

namespace scoria::worker {

// 0: there is no such process.
inline std::uint64_t resident_bytes(pid_t pid) {
  FILE* file = fopen(("/proc/" + std::to_string(pid) + "/statm").c_str(), "re");
  if (file == nullptr) return 0;
  unsigned long long all = 0, resident = 0;
  const int count = fscanf(file, "%llu %llu", &all, &resident);
  (void)fclose(file);
  return count == 2 ? resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace scoria::worker
