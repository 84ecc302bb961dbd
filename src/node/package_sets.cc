#include "node/package_sets.h"

#include <chrono>

#include "node/program.h"

namespace scoria::node {
namespace {

constexpr std::chrono::seconds kPatience{2 * 3600};
constexpr std::size_t kTold = 900;

// What it means does not change with the files of a task.
bool stands_alone(const std::string& set) {
  return set.starts_with("r:") || set.starts_with("python:") ||
         (set.starts_with('{') && set.find("\"files\"") == std::string::npos);
}

}  // namespace

std::optional<std::string> PackageSets::find(const std::string& set) const {
  const std::lock_guard lock(found_mutex_);
  const auto known = found_.find(set);
  if (known == found_.end()) return std::nullopt;
  std::error_code error;  // somebody may have cleared the folder away
  if (!std::filesystem::exists(known->second.substr(known->second.find('=') + 1), error)) return std::nullopt;
  return known->second;
}

Result<std::string> PackageSets::ensure(const std::string& set, const std::filesystem::path& directory,
                                        const std::string& path, const std::atomic<bool>* is_cancelled) {
  if (auto known = find(set)) return std::move(*known);
  auto outcome = run_program({program_, "package-set", "build", set, "--folder", folder_.string(), "--directory",
                              directory.string(), "--path", path},
                             kPatience, is_cancelled);
  if (!outcome.ok()) return Error{outcome.error().code, outcome.error().message, "PackageSetFailed"};
  std::string& said = outcome.value().output;
  while (said.ends_with('\n')) said.pop_back();
  if (outcome.value().exit_code != 0) {
    if (said.size() > kTold) said.erase(0, said.size() - kTold);
    return Error{Code::unavailable, std::move(said), "PackageSetFailed"};
  }
  std::string setting = said.substr(said.rfind('\n') + 1);
  if (stands_alone(set)) {
    const std::lock_guard lock(found_mutex_);
    found_[set] = setting;
  }
  return setting;
}

void prepend_setting(std::vector<std::string>& environment, const std::string& setting) {
  const std::string name = setting.substr(0, setting.find('=') + 1);
  for (auto& own : environment) {
    if (!own.starts_with(name)) continue;
    own = own.size() == name.size() ? setting : setting + ":" + own.substr(name.size());
    return;
  }
  environment.push_back(setting);
}

}  // namespace scoria::node
