#include "arrowio/module_library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "arrowio/uri.h"

namespace scoria::arrowio {
namespace {

namespace fs = std::filesystem;

constexpr char kFileName[] = "libscoria_arrow.so";
constexpr char kHowToGet[] = "run `make arrow`, or install libarrow-dev and libparquet-dev and rebuild";

std::vector<fs::path> places() {
  if (const char* chosen = std::getenv("SCORIA_ARROW"); chosen != nullptr && *chosen != '\0') return {chosen};
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  std::vector<fs::path> all;
  // The last two are the build's own: of src/bin and of tests.
  for (const char* place : {"", "../lib", "../lib/scoria", "../arrowio", "../src/arrowio"}) {
    all.push_back((folder / place / kFileName).lexically_normal());
  }
  return all;
}

Error unusable(const std::string& reason) {
  return Error{Code::unsupported, "this needs Scoria's Arrow module, " + reason + "; " + kHowToGet};
}

Result<const ModuleApi*> load_from(const fs::path& path) {
  // RTLD_LOCAL: Arrow's symbols are the module's own, whatever else the program has loaded.
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = ::dlerror();
    return unusable("which cannot be loaded: " + std::string(reason == nullptr ? "unknown reason" : reason));
  }
  const auto entry = reinterpret_cast<ModuleEntry>(::dlsym(library, kModuleEntry));
  const ModuleApi* api = entry == nullptr ? nullptr : entry();
  if (api == nullptr || api->abi != kModuleAbi || api->size != sizeof(ModuleApi)) {
    return unusable("and '" + path.string() + "' is of another version of Scoria");
  }
  return api;
}

Result<const ModuleApi*> find_and_load() {
  const std::vector<fs::path> all = places();
  for (const fs::path& place : all) {
    std::error_code error;
    if (fs::exists(place, error)) return load_from(place);
  }
  const std::string first = all.front().string();
  return unusable(all.size() == 1 ? "and SCORIA_ARROW names '" + first + "', which is not there"
                                  : "and neither '" + first + "' nor a file of that name in ../lib is there");
}

}  // namespace

Result<const ModuleApi*> load_module(std::string_view path) {
  static const Result<const ModuleApi*> loaded = find_and_load();
  if (!loaded.ok()) return with_context("'" + without_secrets(without_query(path)) + "'", loaded.error());
  return loaded;
}

Error from_module(std::string_view path, const ModuleError& error) {
  return Error{static_cast<Code>(error.code),
               "'" + without_secrets(without_query(path)) + "': " + without_secrets(error.message)};
}

}  // namespace scoria::arrowio
