// Makes calls that write to files below a folder fail, for tests of whole processes: preloaded (LD_PRELOAD), ruled by a file that a test changes
// while they run (SCORIA_DISK_FAULTS names it; all processes share it; tests/e2e/disk_fault_test.py writes it).
//
//   8 rules of 512 bytes: u32 calls (bits of Call; 0: no rule), i32 error (errno), i32 pass (calls that succeed first), i32 fail (calls that
//   fail then; -1: all), u32 hits (counted here), i32 short_of (write() writes this many bytes of what it shall, and fails for the rest), a
//   path: what begins with it
//
// Threads: any; the counts are atomic. Owns: a mapping of the file.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

enum Call : std::uint32_t { kWrite = 1, kSync = 2, kTruncate = 4, kCreate = 8, kRename = 16 };

struct Rule {
  std::atomic<std::uint32_t> calls;
  std::int32_t error;
  std::atomic<std::int32_t> pass, fail;
  std::atomic<std::uint32_t> hits;
  std::int32_t short_of;
  char path[488];
};
static_assert(sizeof(Rule) == 512);
constexpr int kRules = 8;

Rule* rules() {
  static Rule* const mapped = []() -> Rule* {
    const char* name = std::getenv("SCORIA_DISK_FAULTS");
    if (name == nullptr) return nullptr;
    const int file = open(name, O_RDWR | O_CLOEXEC);
    if (file < 0) return nullptr;
    void* at = mmap(nullptr, sizeof(Rule) * kRules, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    return at == MAP_FAILED ? nullptr : static_cast<Rule*>(at);
  }();
  return mapped;
}

// The rule that makes this call fail; it is counted.
Rule* failing(std::uint32_t call, const char* path) {
  for (Rule* rule = rules(); rule != nullptr && rule != rules() + kRules; ++rule) {
    if ((rule->calls.load() & call) == 0 || std::strncmp(path, rule->path, std::strlen(rule->path)) != 0) continue;
    if (rule->pass.load() > 0 && rule->pass.fetch_sub(1) > 0) continue;
    std::int32_t left = rule->fail.load();
    while (left > 0 && !rule->fail.compare_exchange_weak(left, left - 1)) {
    }
    if (left == 0) continue;
    rule->hits.fetch_add(1);
    return rule;
  }
  return nullptr;
}

bool has_rules() {
  for (Rule* rule = rules(); rule != nullptr && rule != rules() + kRules; ++rule) {
    if (rule->calls.load() != 0) return true;
  }
  return false;
}

Rule* failing(std::uint32_t call, int file) {
  if (!has_rules()) return nullptr;
  char link[64], path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  if (size <= 0) return nullptr;
  path[size] = '\0';
  return failing(call, path);
}

// Of a file that need not be there.
Rule* failing_at(std::uint32_t call, int folder, const char* name) {
  if (!has_rules()) return nullptr;
  if (name[0] == '/') return failing(call, name);
  char link[64], path[8192];
  if (folder == AT_FDCWD) {
    std::snprintf(link, sizeof link, "/proc/self/cwd");
  } else {
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
  }
  const ssize_t size = readlink(link, path, 4095);
  if (size <= 0) return nullptr;
  std::snprintf(path + size, sizeof path - static_cast<std::size_t>(size), "/%s", name);
  return failing(call, path);
}

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

template <typename Result>
bool fails(const Rule* rule, Result& result) {
  if (rule == nullptr) return false;
  errno = rule->error;
  result = -1;
  return true;
}

}  // namespace

#define NEXT(name) static const auto real = next<decltype(&name)>(#name)

extern "C" {

ssize_t write(int file, const void* bytes, size_t size) {
  NEXT(write);
  const Rule* rule = failing(kWrite, file);
  if (rule != nullptr && rule->short_of > 0 && size > static_cast<size_t>(rule->short_of)) {
    return real(file, bytes, static_cast<size_t>(rule->short_of));
  }
  ssize_t failed;
  return fails(rule, failed) ? failed : real(file, bytes, size);
}

ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) {
  NEXT(pwrite);
  ssize_t failed;
  return fails(failing(kWrite, file), failed) ? failed : real(file, bytes, size, at);
}

ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t at) {
  NEXT(pwrite64);
  ssize_t failed;
  return fails(failing(kWrite, file), failed) ? failed : real(file, bytes, size, at);
}

ssize_t writev(int file, const iovec* parts, int count) {
  NEXT(writev);
  ssize_t failed;
  return fails(failing(kWrite, file), failed) ? failed : real(file, parts, count);
}

ssize_t copy_file_range(int from, off64_t* from_at, int to, off64_t* to_at, size_t size, unsigned flags) {
  NEXT(copy_file_range);
  ssize_t failed;
  return fails(failing(kWrite, to), failed) ? failed : real(from, from_at, to, to_at, size, flags);
}

ssize_t sendfile(int to, int from, off_t* at, size_t size) noexcept {
  NEXT(sendfile);
  ssize_t failed;
  return fails(failing(kWrite, to), failed) ? failed : real(to, from, at, size);
}

int fallocate(int file, int mode, off_t at, off_t size) {
  NEXT(fallocate);
  int failed;
  return fails(failing(kWrite, file), failed) ? failed : real(file, mode, at, size);
}

// This one answers with the error itself.
int posix_fallocate(int file, off_t at, off_t size) {
  NEXT(posix_fallocate);
  const Rule* rule = failing(kWrite, file);
  return rule != nullptr ? rule->error : real(file, at, size);
}

int posix_fallocate64(int file, off64_t at, off64_t size) {
  NEXT(posix_fallocate64);
  const Rule* rule = failing(kWrite, file);
  return rule != nullptr ? rule->error : real(file, at, size);
}

int fsync(int file) {
  NEXT(fsync);
  int failed;
  return fails(failing(kSync, file), failed) ? failed : real(file);
}

int fdatasync(int file) {
  NEXT(fdatasync);
  int failed;
  return fails(failing(kSync, file), failed) ? failed : real(file);
}

int ftruncate(int file, off_t size) noexcept {
  NEXT(ftruncate);
  int failed;
  return fails(failing(kTruncate, file), failed) ? failed : real(file, size);
}

int ftruncate64(int file, off64_t size) noexcept {
  NEXT(ftruncate64);
  int failed;
  return fails(failing(kTruncate, file), failed) ? failed : real(file, size);
}

int mkdir(const char* path, mode_t mode) noexcept {
  NEXT(mkdir);
  int failed;
  return fails(failing_at(kCreate, AT_FDCWD, path), failed) ? failed : real(path, mode);
}

int rename(const char* from, const char* to) noexcept {
  NEXT(rename);
  int failed;
  return fails(failing_at(kRename, AT_FDCWD, to), failed) ? failed : real(from, to);
}

// Only what makes a file fails: one that is there can be opened on the fullest disk.
#define OPEN_MODE(flags)                        \
  mode_t mode = 0;                              \
  if (((flags) & (O_CREAT | O_TMPFILE)) != 0) { \
    va_list more;                               \
    va_start(more, flags);                      \
    mode = va_arg(more, mode_t);                \
    va_end(more);                               \
  }

bool makes(int folder, const char* path, int flags) {
  return (flags & O_CREAT) != 0 && has_rules() && faccessat(folder, path, F_OK, 0) != 0;
}

int open(const char* path, int flags, ...) {
  NEXT(open);
  OPEN_MODE(flags)
  int failed;
  return makes(AT_FDCWD, path, flags) && fails(failing_at(kCreate, AT_FDCWD, path), failed) ? failed
                                                                                            : real(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  NEXT(open64);
  OPEN_MODE(flags)
  int failed;
  return makes(AT_FDCWD, path, flags) && fails(failing_at(kCreate, AT_FDCWD, path), failed) ? failed
                                                                                            : real(path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
  NEXT(openat);
  OPEN_MODE(flags)
  int failed;
  return makes(folder, path, flags) && fails(failing_at(kCreate, folder, path), failed)
             ? failed
             : real(folder, path, flags, mode);
}
}
