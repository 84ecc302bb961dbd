#include "worker/kit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <span>
#include <string_view>

#include "base/checksum.h"
#include "base/file.h"
#include "node/task_folders.h"

// The files' bytes, from KIT_SHIM and beside this one.
#define CARRY(symbol, file)                                                                                   \
  asm(".section .rodata\n.global " #symbol "Begin\n" #symbol "Begin:\n.incbin \"" file "\"\n.global " #symbol \
      "End\n" #symbol "End:\n.byte 0\n.previous\n")
CARRY(kKitShim, KIT_SHIM);
CARRY(kKitR, KIT_SOURCE "/template.R");
CARRY(kKitPython, KIT_SOURCE "/template.py");
CARRY(kKitPackages, KIT_SOURCE "/package_set.R");
#undef CARRY
extern "C" {
extern const char kKitShimBegin[], kKitShimEnd[];
extern const char kKitRBegin[], kKitREnd[];
extern const char kKitPythonBegin[], kKitPythonEnd[];
extern const char kKitPackagesBegin[], kKitPackagesEnd[];
}

namespace scoria::worker {
namespace {

namespace fs = std::filesystem;

struct Carried {
  const char* name;
  std::string_view bytes;
};

std::string_view between(const char* begin, const char* end) { return {begin, static_cast<std::size_t>(end - begin)}; }

std::vector<Carried> carried() {
  return {{"libscoria_worker.so", between(kKitShimBegin, kKitShimEnd)},
          {"template.R", between(kKitRBegin, kKitREnd)},
          {"template.py", between(kKitPythonBegin, kKitPythonEnd)},
          {"package_set.R", between(kKitPackagesBegin, kKitPackagesEnd)}};
}

Error failed(const char* what, const fs::path& path) {
  return {errno == EACCES || errno == EPERM ? Code::denied : Code::unavailable,
          "'" + path.string() + "' cannot be " + what + ": " + strerror(errno)};
}

bool may_hold_code(const fs::path& folder) {
  struct statvfs system {};
  return statvfs(folder.c_str(), &system) == 0 && (system.f_flag & ST_NOEXEC) == 0;
}

// Ours alone: what lies in it gets loaded.
bool is_own(const fs::path& folder) {
  struct stat status {};
  return lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
         (status.st_mode & 022) == 0;
}

Status place_in(const fs::path& folder, Kit& kit) {
  std::error_code error;
  fs::create_directories(folder.parent_path(), error);
  (void)mkdir(folder.c_str(), 0755);
  if (!is_own(folder)) {
    errno = EACCES;
    return failed("used: it must be a folder that nobody else may write to", folder);
  }
  if (!may_hold_code(folder))
    return Error{Code::denied, "'" + folder.string() + "' is on a file system without programs (noexec)"};
  std::vector<fs::path> paths;
  for (const auto& file : carried()) {
    paths.push_back(folder / file.name);
    struct stat status {};
    if (stat(paths.back().c_str(), &status) == 0 && static_cast<std::uint64_t>(status.st_size) == file.bytes.size())
      continue;
    SCORIA_TRY_STATUS(write_file(paths.back(), file.bytes));
  }
  kit = {.shim = paths[0], .r_script = paths[1], .python_script = paths[2], .package_script = paths[3]};
  return Ok{};
}

}  // namespace

const char* name_of(Runtime runtime) { return runtime == Runtime::r ? "r" : "python"; }

Result<Runtime> runtime_named(const std::string& name) {
  if (name == "r") return Runtime::r;
  if (name == "python") return Runtime::python;
  return Error{Code::invalid, "there is no runtime '" + name + "': r or python"};
}

Result<Kit> place_kit(const std::vector<fs::path>& folders) {
  std::uint32_t mark = 0;
  for (const auto& file : carried()) mark = crc32(std::as_bytes(std::span(file.bytes)), mark);
  char name[16];
  (void)snprintf(name, sizeof name, "kit-%08x", mark);
  Status last = Error{Code::unavailable, "no folder is known for what R and Python load"};
  for (const auto& folder : folders) {
    Kit kit;
    last = place_in(folder / name, kit);
    if (last.ok()) return kit;
  }
  return std::move(last).error();
}

Result<fs::path> own_folder() {
  fs::path folder;
  if (const char* runtime = getenv("XDG_RUNTIME_DIR"); runtime != nullptr && is_own(runtime)) {
    folder = fs::path(runtime) / "scoria";
  } else {
    folder = "/tmp/scoria-" + std::to_string(geteuid());
  }
  (void)mkdir(folder.c_str(), 0700);
  struct stat status {};
  if (lstat(folder.c_str(), &status) != 0) return failed("made", folder);
  if (!is_own(folder) || (status.st_mode & 077) != 0) {
    return Error{Code::denied, "'" + folder.string() + "' is not this user's own folder of mode 0700: remove it"};
  }
  return folder;
}

std::vector<fs::path> kit_folders(const fs::path& own) {
  std::vector<fs::path> folders{own};
  if (const char* home = getenv("HOME"); home != nullptr && *home == '/')
    folders.push_back(fs::path(home) / ".cache" / "scoria");
  return folders;
}

std::string build_mark() {
  struct stat status {};
  if (stat("/proc/self/exe", &status) != 0) return "0";
  char text[40];
  (void)snprintf(text, sizeof text, "%llx-%llx", static_cast<unsigned long long>(status.st_ino),
                 static_cast<unsigned long long>(status.st_mtim.tv_sec) * 1'000'000'000ull +
                     static_cast<unsigned long long>(status.st_mtim.tv_nsec));
  return text;
}

Result<std::string> find_runtime(Runtime runtime, std::string_view path) {
  if (runtime == Runtime::r) {
    auto program = node::find_program("Rscript", path, "/");
    if (program.ok()) return program;
    return Error{Code::not_found, "there is no R here: 'Rscript' is in no folder of PATH (" + std::string(path) +
                                      "); install R (Debian: r-base-core) or add its folder to PATH"};
  }
  for (const char* name : {"python3", "python"}) {
    auto program = node::find_program(name, path, "/");
    if (program.ok()) return program;
  }
  return Error{Code::not_found, "there is no Python here: 'python3' is in no folder of PATH (" + std::string(path) +
                                    "); install it (Debian: python3) or add its folder to PATH"};
}

std::vector<std::string> template_arguments(Runtime runtime, const Kit& kit, const std::string& program, int descriptor,
                                            const std::string& preload) {
  return {program, kit.script(runtime).string(), kit.shim.string(), std::to_string(descriptor),
          preload.empty() ? "-" : preload};
}

std::vector<std::string> script_arguments(Runtime runtime, const Kit& kit, const std::string& program,
                                          const std::vector<std::string>& words) {
  std::vector<std::string> arguments{program, kit.script(runtime).string(), kit.shim.string(), "become"};
  arguments.insert(arguments.end(), words.begin(), words.end());
  return arguments;
}

}  // namespace scoria::worker
