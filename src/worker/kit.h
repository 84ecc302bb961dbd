// What R and Python need on disk to become templates: the shim and a script for each, which the program carries within itself.
// Threads: free functions; several processes may place the same kit at once.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace scoria::worker {

enum class Runtime { r, python };
const char* name_of(Runtime runtime);  // "r", "python"
Result<Runtime> runtime_named(const std::string& name);

struct Kit {
  std::filesystem::path shim, r_script, python_script, package_script;
  const std::filesystem::path& script(Runtime runtime) const {
    return runtime == Runtime::r ? r_script : python_script;
  }
};

// In the first of the folders that can be made and holds code that may be run; a kit of this very version is used as it is. Errors: denied, unavailable,
// naming the last folder.
Result<Kit> place_kit(const std::vector<std::filesystem::path>& folders);

// Where a kit and the socket of `scoria workers` may lie for this user: XDG_RUNTIME_DIR/scoria, else /tmp/scoria-UID; made 0700, refused when it is
// somebody else's. Errors: denied, unavailable.
Result<std::filesystem::path> own_folder();
std::vector<std::filesystem::path> kit_folders(const std::filesystem::path& own);

// Says of a program whether it is this very build.
std::string build_mark();

// The program that runs a runtime's scripts: Rscript, python3 (or python) in `path`. Errors: not_found, saying what to install.
Result<std::string> find_runtime(Runtime runtime, std::string_view path);

// Arguments with which that program becomes a template, or a script.
std::vector<std::string> template_arguments(Runtime runtime, const Kit& kit, const std::string& program, int descriptor,
                                            const std::string& preload);
std::vector<std::string> script_arguments(Runtime runtime, const Kit& kit, const std::string& program,
                                          const std::vector<std::string>& words);

}  // namespace scoria::worker
