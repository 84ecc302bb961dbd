#include "server/upkeep/backup.h"

#include <sys/stat.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "access/audit.h"
#include "access/folder.h"
#include "auth/tokens.h"
#include "base/file.h"
#include "base/iso8601.h"
#include "base/log.h"
#include "blob/picture.h"
#include "server/data_version.h"
#include "server/upkeep/open_attempts.h"
#include "spec/errors.h"
#include "store/state_file.h"

namespace scoria::server {
namespace {

namespace fs = std::filesystem;

// Small files beside state and blobs. What is missing is made by the next server; server.json and locks are of a process.
constexpr const char* kFiles[] = {"account.json", "token.key",      "secrets.key",   "tls/ca.key",
                                  "tls/ca.pem",   "tls/server.key", "tls/server.pem"};
constexpr std::uint64_t kMostSmall = 1u << 20;

// A folder that goes with its last owner.
class Scratch {
 public:
  static Result<std::shared_ptr<Scratch>> make(const fs::path& data) {
    const fs::path path = data / (kBackupScratch + auth::random_token());
    if (::mkdir(path.c_str(), 0700) != 0) {
      const bool is_full = errno == ENOSPC || errno == EDQUOT;
      return Error{is_full ? Code::exhausted : Code::unavailable, "cannot make '" + path.string() + "' for a backup"};
    }
    return std::shared_ptr<Scratch>(new Scratch(path));
  }
  ~Scratch() {
    std::error_code ignored;  // what stays goes at the next start
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  explicit Scratch(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

class Parts {
 public:
  void bytes(std::string name, std::string content, std::uint32_t mode = 0600) {
    const std::uint64_t length = content.size();
    parts_.push_back(
        {.name = std::move(name), .bytes = std::move(content), .path = {}, .length = length, .mode = mode});
  }
  void folder(const std::string& name) {
    parts_.push_back({.name = name + "/", .bytes = {}, .path = {}, .mode = 0700});
  }
  void file(std::string name, fs::path path, std::uint64_t length) {
    parts_.push_back({.name = std::move(name), .bytes = {}, .path = std::move(path), .length = length});
  }
  std::vector<BackupPart> take() { return std::move(parts_); }

  // What every backup begins with: what it is, and the folder's small files.
  Status begin(const fs::path& data, WallTime now) {
    SCORIA_TRY(version, read_data_version(data));
    if (!version) return Error{Code::not_found, "there is no server's data in '" + data.string() + "'"};
    if (*version > kNewestDataVersion) {
      return Error{Code::unsupported, "data folder '" + data.string() + "' is of version " + std::to_string(*version) +
                                          ", and this program (scoria " SCORIA_VERSION ") knows versions up to " +
                                          std::to_string(kNewestDataVersion) + ": use the program that wrote it"};
    }
    bytes(kBackupHead, nlohmann::ordered_json{{"format", kBackupFormat},
                                              {"version", kBackupVersion},
                                              {"dataVersion", *version},
                                              {"created", format_time(now)},
                                              {"writtenBy", SCORIA_VERSION}}
                               .dump(2) +
                           "\n");
    if (*version > 1) bytes("version.json", data_version_text(*version));
    folder("tls");
    for (const char* name : kFiles) {
      auto content = FileBytes::open(data / name);
      if (!content.ok() && content.error().code == Code::not_found) continue;
      if (!content.ok()) return std::move(content).error();
      if (content.value().text().size() > kMostSmall) {
        return Error{Code::corrupt, "'" + (data / name).string() + "' is larger than any file of its kind"};
      }
      bytes(name, std::string(content.value().text()), std::string_view(name).ends_with(".pem") ? 0644 : 0600);
    }
    return Ok{};
  }

  // The state as of now, into `scratch`.
  Result<std::set<std::uint64_t>> state(const fs::path& data, const fs::path& scratch) {
    {
      SCORIA_TRY(state, store::StateFile::open(data / "state"));
      SCORIA_TRY_STATUS(state->copy(scratch / "state.sqlite"));
    }
    std::error_code error;
    folder("state");
    file("state/state.sqlite", scratch / "state.sqlite", fs::file_size(scratch / "state.sqlite", error));
    return open_attempts(scratch);
  }

 private:
  std::vector<BackupPart> parts_;
};

// Versions of services never change, but may go while they are copied: links keep them.
Status add_services(Parts& parts, const fs::path& data, const fs::path& scratch) {
  std::error_code error;
  const fs::path root = data / "services";
  if (!fs::is_directory(root, error)) return Ok{};
  parts.folder("services");
  std::vector<fs::path> found;
  for (fs::recursive_directory_iterator entry(root, error), end; !error && entry != end; entry.increment(error)) {
    if (entry.depth() == 0 && entry->path().filename().string().starts_with('.')) {
      entry.disable_recursion_pending();  // a deployment that is under way
      continue;
    }
    found.push_back(entry->path());
  }
  std::sort(found.begin(), found.end());  // parents first
  for (const fs::path& path : found) {
    const std::string name = path.lexically_relative(data).string();
    if (fs::is_directory(path, error)) {
      fs::create_directories(scratch / name, error);
      parts.folder(name);
      continue;
    }
    fs::create_directories((scratch / name).parent_path(), error);
    fs::create_hard_link(path, scratch / name, error);
    if (error == std::errc::no_such_file_or_directory) continue;  // it went meanwhile
    if (error) return Error{Code::unavailable, "cannot link '" + path.string() + "': " + error.message()};
    parts.file(name, scratch / name, fs::file_size(scratch / name, error));
  }
  return Ok{};
}

// Users, keys and logins, as of one moment; and the audit log, which grows and is renamed while it is copied: links keep it.
Status add_users(Parts& parts, const fs::path& data, const fs::path& scratch) {
  std::error_code error;
  const fs::path root = data / "access";
  if (!fs::is_directory(root, error)) return Ok{};
  parts.folder("access");
  SCORIA_TRY(files, access::Folder::copy(root));
  for (auto& [name, content] : files) parts.bytes("access/" + name, std::move(content));
  std::vector<std::string> logs;
  for (const auto& entry : fs::directory_iterator(root, error)) {
    if (entry.path().filename().string().starts_with(access::kAuditFile)) logs.push_back(entry.path().filename());
  }
  std::sort(logs.begin(), logs.end());
  fs::create_directories(scratch / "access", error);
  for (const std::string& name : logs) {
    const fs::path link = scratch / "access" / name;
    fs::create_hard_link(root / name, link, error);
    if (error == std::errc::no_such_file_or_directory) continue;  // renamed meanwhile
    if (error) return Error{Code::unavailable, "cannot link '" + (root / name).string() + "': " + error.message()};
    parts.file("access/" + name, link, fs::file_size(link, error));
  }
  return Ok{};
}

// Files of a store that nobody has open.
Status add_blobs_at_rest(Parts& parts, const fs::path& data, const std::set<std::uint64_t>& attempts) {
  std::error_code error;
  for (const char* top : {"staged", "containers"}) {
    parts.folder(std::string("blobs/") + top);
    std::vector<fs::path> found;
    const fs::path root = data / "blobs" / top;
    for (fs::recursive_directory_iterator entry(root, error), end; !error && entry != end; entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      if (top == std::string_view("staged") && entry.depth() == 0 &&
          !std::any_of(attempts.begin(), attempts.end(), [&](auto one) { return std::to_string(one) == name; })) {
        entry.disable_recursion_pending();
        continue;
      }
      if (name == "journal.new" || name == "container.json.new" || name == "journal.cut") continue;
      found.push_back(entry->path());
    }
    if (error && error != std::errc::no_such_file_or_directory) {
      return Error{Code::unavailable, "cannot list '" + root.string() + "': " + error.message()};
    }
    std::sort(found.begin(), found.end());  // parents first
    for (const fs::path& path : found) {
      const std::string name = path.lexically_relative(data).string();
      const fs::file_status status = fs::symlink_status(path, error);
      if (fs::is_directory(status)) {
        parts.folder(name);
      } else if (fs::is_regular_file(status)) {
        parts.file(name, path, fs::file_size(path, error));
      }
      if (error) return Error{Code::unavailable, "cannot read '" + path.string() + "': " + error.message()};
    }
  }
  return Ok{};
}

}  // namespace

Backups::Backups(fs::path data, blob::BlobStore& blobs, const Clock& clock)
    : data_(std::move(data)), blobs_(blobs), clock_(clock) {}

void Backups::begin(Done done) {
  if (is_busy_->exchange(true)) {
    return done(Error{Code::conflict, "a backup is being taken already: wait for its end"});
  }
  worker_.post([this, done = std::move(done)] {
    auto taken = Result<std::unique_ptr<net::BodySource>>(Error{Code::unavailable, "the backup failed"});
    try {
      taken = take();
    } catch (const std::exception& error) {
      log::error("backup_failed", {{"error", error.what()}});
    }
    if (!taken.ok()) *is_busy_ = false;
    done(std::move(taken));
  });
}

Result<std::unique_ptr<net::BodySource>> Backups::take() {
  log::info("backup_begins");
  const WallTime now = clock_.now().wall;
  SCORIA_TRY(scratch, Scratch::make(data_));
  Parts parts;
  SCORIA_TRY_STATUS(parts.begin(data_, now));
  SCORIA_TRY(attempts, parts.state(data_, scratch->path()));
  SCORIA_TRY(taken, blobs_.take_picture([&](std::uint64_t attempt) { return attempts.contains(attempt); }));
  const std::shared_ptr<blob::Picture> picture = std::move(taken);
  parts.folder("blobs");
  for (const std::string& name : picture->folders()) parts.folder("blobs/" + name);
  for (const auto& file : picture->files()) parts.file("blobs/" + file.name, file.path, file.length);
  SCORIA_TRY_STATUS(add_services(parts, data_, scratch->path()));
  SCORIA_TRY_STATUS(add_users(parts, data_, scratch->path()));
  // The last to go: the next backup may begin when this one's folders are gone.
  const std::shared_ptr<void> free(nullptr, [busy = is_busy_](void*) { *busy = false; });
  return std::unique_ptr<net::BodySource>(
      std::make_unique<BackupStream>(parts.take(), now, std::vector<std::shared_ptr<void>>{scratch, picture, free}));
}

Result<std::unique_ptr<BackupStream>> backup_of_folder(const fs::path& data, const Clock& clock) {
  const WallTime now = clock.now().wall;
  remove_backup_scratch(data);
  SCORIA_TRY(scratch, Scratch::make(data));
  Parts parts;
  SCORIA_TRY_STATUS(parts.begin(data, now));
  SCORIA_TRY(attempts, parts.state(data, scratch->path()));
  parts.folder("blobs");
  SCORIA_TRY_STATUS(add_blobs_at_rest(parts, data, attempts));
  SCORIA_TRY_STATUS(add_services(parts, data, scratch->path()));
  SCORIA_TRY_STATUS(add_users(parts, data, scratch->path()));
  return std::make_unique<BackupStream>(parts.take(), now, std::vector<std::shared_ptr<void>>{scratch});
}

void remove_backup_scratch(const fs::path& data) {
  std::error_code error;
  std::vector<fs::path> left;
  for (const auto& entry : fs::directory_iterator(data, error)) {
    if (entry.path().filename().string().starts_with(kBackupScratch)) left.push_back(entry.path());
  }
  for (const fs::path& path : left) fs::remove_all(path, error);
}

}  // namespace scoria::server
