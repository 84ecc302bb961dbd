#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>

#include "base/file.h"
#include "worker/package_set.h"

namespace scoria::worker {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kMostPackages = 2000;
constexpr std::array<std::string_view, 5> kFields{"runtime", "packages", "files", "debian", "repos"};

Error bad(const std::string& what) { return {Code::invalid, "package set: " + what}; }

// Nothing that a program on whose command line it stands takes for an option.
bool is_word(const std::string& word) {
  return !word.empty() && word[0] != '-' &&
         std::all_of(word.begin(), word.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

bool is_r_name(const std::string& name) {
  return is_word(name) && std::isalpha(static_cast<unsigned char>(name[0])) != 0 &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '.'; });
}

Status check(const PackageSet& set) {
  const bool is_r = set.runtime == Runtime::r;
  for (const auto& name : set.packages) {
    if (is_r ? !is_r_name(name) : !is_word(name)) return bad("'" + name + "' is no package's name");
  }
  for (const auto& [name, version] : set.locked) {
    if (!is_r_name(name) || !is_word(version))
      return bad("'" + name + "', '" + version + "' are no package's name and version");
  }
  for (const auto& name : set.debian) {
    if (!is_r) return bad("\"debian\" is for R's packages");
    if (!is_word(name) || !(name.starts_with("r-cran-") || name.starts_with("r-bioc-")))
      return bad("\"debian\" must name packages r-cran-... or r-bioc-..., not '" + name + "'");
  }
  for (const auto& url : set.repositories) {
    if (!is_word(url) || url.find("://") == std::string::npos) return bad("\"repos\" must be URLs, not '" + url + "'");
  }
  for (const auto& file : set.files) {
    if (!fs::is_regular_file(file))
      return Error{Code::not_found, "package set: file '" + file.string() + "' is not there"};
    if (file.string().find('\n') != std::string::npos) return bad("a file's name has a line's end in it");
  }
  const std::size_t count = set.packages.size() + set.locked.size() + set.debian.size() + set.files.size();
  if (count == 0 && set.requirements.empty()) return bad("it names no package");
  if (count > kMostPackages) return bad("it names more than " + std::to_string(kMostPackages) + " packages");
  return Ok{};
}

Result<PackageSet> read_short(const std::string& text, std::size_t colon) {
  PackageSet set;
  SCORIA_TRY(runtime, runtime_named(text.substr(0, colon)));
  set.runtime = runtime;
  std::istringstream words(text.substr(colon + 1));
  for (std::string word; words >> word;) set.packages.push_back(word);
  return set;
}

// Texts of a list, or one text.
Status take_texts(const json& document, const char* key, std::vector<std::string>& into) {
  const auto found = document.find(key);
  if (found == document.end()) return Ok{};
  if (found->is_string()) {
    into.push_back(found->get<std::string>());
    return Ok{};
  }
  if (!found->is_array()) return bad("\"" + std::string(key) + "\" must be a list of texts");
  for (const auto& one : *found) {
    if (!one.is_string()) return bad("\"" + std::string(key) + "\" must be a list of texts");
    into.push_back(one.get<std::string>());
  }
  return Ok{};
}

Result<PackageSet> read_json(const json& document, const fs::path& directory) {
  for (const auto& [key, value] : document.items()) {
    if (std::find(kFields.begin(), kFields.end(), key) == kFields.end())
      return bad("there is no \"" + key + "\"; there are runtime, packages, files, debian, repos");
  }
  PackageSet set;
  const auto named = document.find("runtime");
  if (named == document.end() || !named->is_string()) return bad("\"runtime\" must be \"r\" or \"python\"");
  SCORIA_TRY(runtime, runtime_named(named->get<std::string>()));
  set.runtime = runtime;
  std::vector<std::string> files;
  SCORIA_TRY_STATUS(take_texts(document, "packages", set.packages));
  SCORIA_TRY_STATUS(take_texts(document, "files", files));
  SCORIA_TRY_STATUS(take_texts(document, "debian", set.debian));
  SCORIA_TRY_STATUS(take_texts(document, "repos", set.repositories));
  for (const auto& file : files) set.files.push_back(directory / file);
  return set;
}

// renv's own format: what it needs of it is names, versions, and that these are a repository's.
Result<PackageSet> read_renv_lock(const json& document) {
  PackageSet set;
  const auto packages = document.find("Packages");
  if (packages == document.end() || !packages->is_object()) return bad("the renv.lock has no \"Packages\"");
  if (const auto r = document.find("R"); r != document.end() && r->is_object() && r->contains("Repositories")) {
    for (const auto& repository : (*r)["Repositories"]) {
      if (repository.is_object() && repository.contains("URL") && repository["URL"].is_string())
        set.repositories.push_back(repository["URL"].get<std::string>());
    }
  }
  for (const auto& [name, package] : packages->items()) {
    if (!package.is_object() || !package.contains("Version") || !package["Version"].is_string())
      return bad("the renv.lock has no version of " + name);
    const std::string source =
        package.value("Source", json("Repository")).is_string() ? package.value("Source", "Repository") : "";
    if (source != "Repository" && source != "CRAN")
      return bad("package " + name + " of the renv.lock is from '" + source +
                 "': only repositories are known; name it under \"files\"");
    set.locked.emplace_back(name, package["Version"].get<std::string>());
  }
  return set;
}

}  // namespace

Result<PackageSet> read_package_set(const std::string& text, const fs::path& directory) {
  const auto finish = [](Result<PackageSet> set) -> Result<PackageSet> {
    if (!set.ok()) return set;
    SCORIA_TRY_STATUS(check(set.value()));
    return set;
  };
  const std::size_t colon = text.find(':');
  if (colon != std::string::npos && (text.substr(0, colon) == "r" || text.substr(0, colon) == "python"))
    return finish(read_short(text, colon));
  std::string content = text;
  fs::path file;
  if (!text.starts_with('{')) {
    file = directory / text;
    if (!fs::is_regular_file(file)) {
      return Error{Code::not_found,
                   "package set: there is no file '" + file.string() +
                       "'; it must be that of an renv.lock, a requirements.txt or a .json, or \"r: NAME ...\", "
                       "\"python: NAME ...\", or JSON"};
    }
    if (file.extension() == ".txt") {
      PackageSet set;
      set.runtime = Runtime::python;
      set.requirements = file;
      return finish(std::move(set));
    }
    SCORIA_TRY(bytes, FileBytes::open(file));
    content = bytes.text();
  }
  const json document = json::parse(content, nullptr, false);
  if (!document.is_object()) return bad((file.empty() ? "it" : "'" + file.string() + "'") + " is no JSON object");
  return finish(document.contains("Packages") || file.filename() == "renv.lock"
                    ? read_renv_lock(document)
                    : read_json(document, file.empty() ? directory : file.parent_path()));
}

}  // namespace scoria::worker
