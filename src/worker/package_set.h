// A package set: which R or Python packages tasks find, whatever the machine has. Built once for each content, by the first that needs it, into a folder of
// its own that is then read-only and shared by all nodes of the machine.
// Threads: free functions; several processes may want the same set at once.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "worker/kit.h"

namespace scoria::worker {

struct PackageSet {
  Runtime runtime = Runtime::r;
  std::vector<std::string> packages;                        // names; of Python with what pip takes behind them
  std::vector<std::pair<std::string, std::string>> locked;  // name and version: of an renv.lock
  std::vector<std::string> debian;                          // Debian's packages of R packages
  std::vector<std::filesystem::path> files;                 // .tar.gz of R, wheels
  std::filesystem::path requirements;                       // a file for pip
  std::vector<std::string> repositories;                    // URLs; empty: R's usual one, pip's own setting
};

// What SCORIA_PACKAGE_SET may say: "r: caret gbm", "python: numpy==1.26.4 pandas"; the path of an renv.lock, of a requirements.txt, or of a .json file;
// or JSON {"runtime", "packages", "files", "debian", "repos"}. Paths begin at `directory`. Errors: invalid (naming the field), not_found.
Result<PackageSet> read_package_set(const std::string& text, const std::filesystem::path& directory);

// Where the set's packages are: builds it below `folder` if nobody has. `path`: of programs. Says on standard error what it does. Errors: not_found (no R,
// no Python), unavailable, saying what was not to be had and where the log is.
Result<std::filesystem::path> ensure_package_set(const PackageSet& set, const std::filesystem::path& folder,
                                                 std::string_view path);

// "R_LIBS", "PYTHONPATH": where a runtime looks for more packages.
const char* library_variable(Runtime runtime);

}  // namespace scoria::worker
