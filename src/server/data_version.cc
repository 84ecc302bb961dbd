#include "server/data_version.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/log.h"
#include "store/store.h"

namespace scoria::server {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFormat = "scoria-data";

// From 1 to 2: nothing but the number of the state's database, which makes programs from before version.json refuse the folder.
Status mark_state(const fs::path& folder) {
  SCORIA_TRY(store, store::Store::open(folder / "state"));
  return Ok{};
}

// Each is the way from version i + 1 to i + 2. A shipped one is never edited: what changes is a new one.
using Step = Status (*)(const fs::path& folder);
constexpr Step kSteps[] = {mark_state};
static_assert(std::size(kSteps) == kNewestDataVersion - 1);

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

Status write_version(const fs::path& folder, int version) {
  SCORIA_TRY_STATUS(write_file(folder / "version.json", data_version_text(version)));
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool is_flushed = descriptor >= 0 && ::fsync(descriptor) == 0;
  const int number = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (is_flushed) return Ok{};
  return Error{Code::unavailable,
               "data folder '" + folder.string() + "': version.json cannot be flushed: " + std::strerror(number)};
}

}  // namespace

std::string data_version_text(int version) {
  return nlohmann::ordered_json{{"format", kFormat}, {"version", version}, {"writtenBy", SCORIA_VERSION}}.dump(2) +
         "\n";
}

Result<std::optional<int>> read_data_version(const fs::path& folder) {
  if (is_there(folder / kRestoreMark)) {
    return Error{Code::corrupt, "data folder '" + folder.string() +
                                    "': a restore into it was cut off: delete the folder, and restore again"};
  }
  const fs::path path = folder / "version.json";
  auto file = FileBytes::open(path);
  if (!file.ok()) {
    if (file.error().code != Code::not_found) return std::move(file).error();
    const bool is_used = is_there(folder / "account.json") || is_there(folder / "state" / "state.sqlite");
    return is_used ? std::optional<int>(1) : std::nullopt;
  }
  const auto json = nlohmann::json::parse(file.value().text(), nullptr, /*allow_exceptions=*/false);
  const bool is_ours = json.is_object() && json.value("format", nlohmann::json()) == kFormat &&
                       json.contains("version") && json["version"].is_number_integer();
  const std::int64_t version = is_ours ? json["version"].get<std::int64_t>() : 0;
  if (version < 2 || version > 1'000'000) {
    return Error{Code::corrupt, "'" + path.string() + "' says no version of a data folder; it must be as in " +
                                    "docs/formats/data-folder.md"};
  }
  return std::optional<int>(static_cast<int>(version));
}

Status migrate_data_folder(const fs::path& folder) {
  SCORIA_TRY(found, read_data_version(folder));
  if (!found) return write_version(folder, kNewestDataVersion);
  if (*found > kNewestDataVersion) {
    return Error{Code::unsupported, "data folder '" + folder.string() + "' is of version " + std::to_string(*found) +
                                        ", and this program (scoria " SCORIA_VERSION ") knows versions up to " +
                                        std::to_string(kNewestDataVersion) +
                                        ": use the program that wrote it or a newer one, or restore a backup from "
                                        "before it ran"};
  }
  for (int version = *found; version < kNewestDataVersion; ++version) {
    log::info("data_folder_migrates", {{"data", folder.string()}, {"from", version}, {"to", version + 1}});
    SCORIA_TRY_STATUS(kSteps[version - 1](folder));
    SCORIA_TRY_STATUS(write_version(folder, version + 1));
  }
  return Ok{};
}

}  // namespace scoria::server
