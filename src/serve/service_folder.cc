#include "serve/service_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "serve/service_version.h"

namespace scoria::serve {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kScratch = ".deploying-";
constexpr const char *kManifest = "manifest.json", *kTraffic = "traffic.json";
constexpr std::size_t kHistory = 20;
constexpr std::size_t kMostPath = 100;  // a backup, which names it from the data folder on, takes 255

Error failed(const std::string& what, const fs::path& path, int number) {
  const bool is_full = number == ENOSPC || number == EDQUOT;
  return Error{is_full ? Code::exhausted : Code::unavailable, what + " '" + path.string() + "': " + strerror(number)};
}

Status sync(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return failed("cannot open", path, errno);
  const int done = ::fsync(descriptor), number = errno;
  ::close(descriptor);
  return done == 0 ? Status(Ok{}) : failed("cannot flush", path, number);
}

// Files and folders below it, so that all of it is on disk before it gets its name.
Status sync_all(const fs::path& folder) {
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    SCORIA_TRY_STATUS(sync(entry->path()));
  }
  if (error) return failed("cannot read", folder, error.value());
  return sync(folder);
}

Json read_json(const fs::path& path) {
  const auto file = FileBytes::open(path);
  return file.ok() ? Json::parse(file.value().text(), nullptr, false) : Json();
}

Weights read_weights(const Json& document) {
  Weights weights;
  if (!document.is_object()) return weights;
  for (const auto& [version, weight] : document.items()) {
    if (weight.is_number()) weights[version] = weight.get<double>();
  }
  return weights;
}

// Folders in it, by name.
std::vector<std::string> folders(const fs::path& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (entry->is_directory(error) && is_service_name(name) && name[0] != '.') names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Status check_file_path(const std::string& path) {
  const Error wrong{Code::invalid, "'" + path.substr(0, 200) +
                                       "' is no path of a file below a version's folder, such as models/a.rds"};
  if (path.empty() || path.size() > kMostPath || path.front() == '/' || path.back() == '/') return wrong;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string part = path.substr(at, end - at);
    const bool is_plain =
        std::all_of(part.begin(), part.end(), [](char c) { return c > ' ' && c <= '~' && c != '\\'; });
    if (part.empty() || part[0] == '.' || !is_plain) return wrong;
    at = end + 1;
  }
  if (path == kManifest) return Error{Code::invalid, "a version's file must not be named manifest.json"};
  return Ok{};
}

Result<VersionSpec> read_manifest(const Json& manifest, const fs::path& folder) {
  VersionSpec spec;
  if (!manifest.is_object()) return Error{Code::invalid, "a version must be described by a JSON object"};
  Json settings = Json::object();
  const auto path = [&](const std::string& member, const Json& value, std::string& into) -> Status {
    if (!value.is_string()) return Error{Code::invalid, "\"" + member + "\" must be a path among \"files\""};
    SCORIA_TRY_STATUS(check_file_path(value.get<std::string>()));
    into = (folder / value.get<std::string>()).string();
    return Ok{};
  };
  for (const auto& [member, value] : manifest.items()) {
    if (member == "model") {
      SCORIA_TRY_STATUS(path(member, value, spec.model));
    } else if (member == "script") {
      SCORIA_TRY_STATUS(path(member, value, spec.script));
    } else if (member == "sample") {
      SCORIA_TRY_STATUS(path(member, value, spec.sample));
    } else if (member == "expected") {
      SCORIA_TRY_STATUS(path(member, value, spec.expected));
    } else if (member == "deployed") {
      if (!value.is_string()) return Error{Code::invalid, "\"deployed\" must be a time, such as 2026-11-29T08:15:00Z"};
    } else if (member != "files" && member != "weight") {
      settings[member] = value;
    }
  }
  SCORIA_TRY_STATUS(read_settings(settings, spec));
  if (spec.model.empty() && spec.script.empty())
    return Error{Code::invalid, "a version needs a \"model\" or a \"script\""};
  if (!spec.expected.empty() && spec.sample.empty())
    return Error{Code::invalid, "\"expected\" is what the \"sample\" rows give, and there is none"};
  return spec;
}

Result<ServiceFolder> ServiceFolder::open(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return failed("cannot make", path, error.value());
  fs::permissions(path, fs::perms::owner_all, error);
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (entry->path().filename().string().starts_with(kScratch)) fs::remove_all(entry->path(), ignored);
  }
  ServiceFolder opened(path);
  for (const auto& service : folders(path)) {
    for (const auto& version : folders(path / service)) {
      if (!fs::exists(path / service / version / kManifest, error) && !error) opened.withdraw(service, version);
    }
  }
  return opened;
}

bool ServiceFolder::has(const std::string& service, const std::string& version) const {
  std::error_code error;
  return fs::exists(path_ / service / version, error);
}

Result<StoredVersion> ServiceFolder::version(const std::string& service, const std::string& version) const {
  const fs::path folder = path_ / service / version;
  Json manifest = read_json(folder / kManifest);
  if (manifest.is_discarded() || !manifest.is_object())
    return Error{Code::corrupt, "'" + (folder / kManifest).string() + "' is no manifest of a version"};
  auto spec = read_manifest(manifest, folder);
  if (!spec.ok()) return with_context("'" + (folder / kManifest).string() + "'", std::move(spec).error());
  spec.value().service = service;
  spec.value().version = version;
  return StoredVersion{std::move(spec).value(), std::move(manifest)};
}

std::vector<StoredVersion> ServiceFolder::versions(std::vector<UnreadVersion>& unread) const {
  std::vector<StoredVersion> all;
  for (const auto& service : folders(path_)) {
    const auto first = static_cast<std::ptrdiff_t>(all.size());
    for (const auto& name : folders(path_ / service)) {
      auto stored = version(service, name);
      if (stored.ok()) {
        all.push_back(std::move(stored).value());
      } else {
        unread.push_back({service, name, stored.error()});
      }
    }
    std::stable_sort(all.begin() + first, all.end(), [](const StoredVersion& a, const StoredVersion& b) {
      return a.manifest.value("deployed", "") < b.manifest.value("deployed", "");
    });
  }
  return all;
}

Result<fs::path> ServiceFolder::begin() const {
  std::string pattern = (path_ / (std::string(kScratch) + "XXXXXX")).string();
  if (::mkdtemp(pattern.data()) == nullptr) return failed("cannot make a folder in", path_, errno);
  return fs::path(pattern);
}

Result<fs::path> ServiceFolder::place(const fs::path& scratch, const std::string& service,
                                      const std::string& version) const {
  if (has(service, version)) {
    return Error{Code::conflict, "service '" + service + "' has a version '" + version +
                                     "' already: versions do not change; deploy under another name"};
  }
  SCORIA_TRY_STATUS(sync_all(scratch));
  const bool is_new = ::mkdir((path_ / service).c_str(), 0700) == 0;
  if (!is_new && errno != EEXIST) return failed("cannot make", path_ / service, errno);
  if (is_new) SCORIA_TRY_STATUS(sync(path_));
  const fs::path folder = path_ / service / version;
  if (::rename(scratch.c_str(), folder.c_str()) != 0) return failed("cannot make", folder, errno);
  SCORIA_TRY_STATUS(sync(path_ / service));
  return folder;
}

Status ServiceFolder::publish(const std::string& service, const std::string& version, const Json& manifest) const {
  const fs::path folder = path_ / service / version;
  SCORIA_TRY_STATUS(write_file(folder / kManifest, manifest.dump(2) + "\n"));
  return sync(folder);
}

void ServiceFolder::withdraw(const std::string& service, const std::string& version) const {
  (void)remove(service, version);            // else it is no version all the same, and goes at the next open()
  (void)::rmdir((path_ / service).c_str());  // where it was the only one
}

Weights ServiceFolder::weights(const std::string& service) const {
  const Json document = read_json(path_ / service / kTraffic);
  return document.is_object() && document.contains("weights") ? read_weights(document["weights"]) : Weights();
}

Status ServiceFolder::set_weights(const std::string& service, const Weights& weights) const {
  const fs::path file = path_ / service / kTraffic;
  Json document = read_json(file);
  Json history = Json::array();
  if (document.is_object() && document.contains("weights")) {
    history.push_back(document["weights"]);
    for (const Json& one : document.value("history", Json::array())) {
      if (history.size() < kHistory) history.push_back(one);
    }
  }
  return write_file(file, Json{{"weights", weights}, {"history", std::move(history)}}.dump(2) + "\n");
}

Result<Weights> ServiceFolder::before(const std::string& service) const {
  const Json document = read_json(path_ / service / kTraffic);
  const Weights now = weights(service);
  const Json history = document.is_object() ? document.value("history", Json::array()) : Json::array();
  for (const Json& one : history) {
    const Weights then = read_weights(one);
    const bool is_there = std::all_of(
        then.begin(), then.end(), [&](const auto& weight) { return weight.second == 0 || has(service, weight.first); });
    if (is_there && then != now && !then.empty()) return then;
  }
  return Error{Code::not_found, "service '" + service + "' has no earlier weights to go back to"};
}

// Out of the way by one step, so that a crash leaves no half of it.
Status ServiceFolder::remove_path(const fs::path& path) const {
  SCORIA_TRY(scratch, begin());
  std::error_code ignored;
  const int number = ::rename(path.c_str(), (scratch / "removed").c_str()) == 0 ? 0 : errno;
  fs::remove_all(scratch, ignored);
  return number == 0 ? sync(path.parent_path()) : failed("cannot remove", path, number);
}

Status ServiceFolder::remove(const std::string& service, const std::string& version) const {
  return remove_path(path_ / service / version);
}

Status ServiceFolder::remove(const std::string& service) const { return remove_path(path_ / service); }

}  // namespace scoria::serve
