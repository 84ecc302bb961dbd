#include "cli/client/service_files.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "net/sha256.h"
#include "plan/key_files.h"

namespace scoria::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kContainer = "services";
constexpr std::string_view kSum = "#sha256=";

bool is_elsewhere(const std::string& place) {
  return place.starts_with("blob:") || place.starts_with("https://") || place.starts_with("http://");
}

}  // namespace

Status ServiceFiles::put(const std::string& file, const std::string& path) {
  SCORIA_TRY(sum, net::sha256_of_file(file));
  // By its content: what an earlier try, or another version, has put there is not sent again.
  const std::string name = service_ + "/" + sum, place = std::string(kContainer) + "/" + name;
  if (!server_.blob("HEAD", "/" + place).ok()) {
    Status put = server_.put_blob_file(kContainer, name, file);
    if (!put.ok() && put.error().code == Code::not_found) {
      SCORIA_TRY_STATUS(server_.blob("PUT", std::string("/") + kContainer + "?restype=container"));
      put = server_.put_blob_file(kContainer, name, file);
    }
    SCORIA_TRY_STATUS(put);
  }
  list_.push_back({{"path", path}, {"blob", place}, {"sha256", sum}});
  return Ok{};
}

Result<std::string> ServiceFiles::add(const std::string& place, std::string path) {
  std::string where = place;
  if (path.empty()) {
    where = where.substr(0, is_elsewhere(place) ? std::min(place.find('#'), place.size()) : place.size());
    path = where.substr(0, is_elsewhere(place) ? std::min(where.find('?'), where.size()) : where.size());
    path = fs::path(path).filename().string();
  }
  if (!is_elsewhere(place)) {
    SCORIA_TRY_STATUS(put(place, path));
    return path;
  }
  const auto sum = place.rfind(kSum);
  if (sum == std::string::npos) {
    return Error{Code::invalid, "'" + place.substr(0, place.find('?')) +
                                    "' must end with #sha256= and its SHA-256, as of `sha256sum`"};
  }
  const bool is_blob = place.starts_with("blob:");
  const std::string address = place.substr(is_blob ? 5 : 0, sum - (is_blob ? 5 : 0));
  list_.push_back({{"path", path}, {is_blob ? "blob" : "url", address}, {"sha256", place.substr(sum + kSum.size())}});
  return path;
}

Status ServiceFiles::add_tree(const std::string& place) {
  std::error_code error;
  if (!fs::is_directory(place, error)) return put(place, fs::path(place).filename().string());
  const fs::path root = fs::path(place + "/").parent_path();
  std::vector<fs::path> found;
  for (fs::recursive_directory_iterator entry(root, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->is_regular_file(error)) found.push_back(entry->path());
  }
  if (error) return Error{Code::unavailable, "cannot list '" + place + "': " + error.message()};
  std::sort(found.begin(), found.end());
  for (const auto& file : found)
    SCORIA_TRY_STATUS(put(file.string(), (root.filename() / file.lexically_relative(root)).string()));
  return Ok{};
}

Status ServiceFiles::add_set(const std::string& path) {
  SCORIA_TRY(files, plan::KeyFiles::parse(path));
  std::uint64_t others = 0;
  SCORIA_TRY(found, files.list(others));
  if (found.empty()) return Error{Code::not_found, "no file is named as '" + path + "' says"};
  for (const auto& file : found) SCORIA_TRY_STATUS(put(file, file));
  return Ok{};
}

}  // namespace scoria::cli
