#include "server/upkeep/backup.h"

#include <sys/stat.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "access/audit.h"
#include "access/folder.h"
#include "auth/tokens.h"
#include "base/file.h"
#include "base/iso8601.h"
#include "base/log.h"
#include "blob/picture.h"
#include "serve/service_folder.h"
#include "serve/service_version.h"
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

// What is in a folder, by name; nothing where it went meanwhile. Errors: unavailable.
Result<std::vector<std::string>> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (const fs::directory_iterator end; !error && entry != end; entry.increment(error))
    names.push_back(entry->path().filename().string());
  if (error && error != std::errc::no_such_file_or_directory && error != std::errc::not_a_directory)
    return Error{Code::unavailable, "cannot list '" + folder.string() + "': " + error.message()};
  std::sort(names.begin(), names.end());
  return names;
}

// The services of a data folder: of each its weights, and of each version its manifest and the files that are named there. They never change, but may go
// while they are copied: links keep them. Whatever else lies beside them (a script's working directory is its version's folder) is none of the service.
class ServiceParts {
 public:
  ServiceParts(Parts& parts, const fs::path& data, const fs::path& scratch)
      : parts_(parts), data_(data), scratch_(scratch) {}

  Status add() {
    std::error_code error;
    if (!fs::is_directory(data_ / "services", error)) return Ok{};
    parts_.folder("services");
    SCORIA_TRY(services, names_in(data_ / "services"));
    for (const std::string& service : services) {
      if (serve::is_service_name(service)) SCORIA_TRY_STATUS(add_service("services/" + service));
    }
    return Ok{};
  }

 private:
  struct Member {
    std::string name;
    std::uint64_t length;
  };

  Status add_service(const std::string& service) {
    std::vector<Member> members;
    // Weights first: a version that is deployed meanwhile may be among the versions without one, and none has one that is not.
    SCORIA_TRY(weights, link(service + "/traffic.json"));
    if (weights) members.push_back(*weights);
    const std::size_t beside = members.size();
    SCORIA_TRY(versions, names_in(data_ / service));
    for (const std::string& version : versions) {
      if (serve::is_service_name(version)) SCORIA_TRY_STATUS(add_version(service + "/" + version, members));
    }
    if (members.size() == beside) return Ok{};  // it went meanwhile, or its first version is tried
    std::set<std::string> folders;
    for (const Member& member : members) {
      for (std::size_t at = service.size(); at != std::string::npos; at = member.name.find('/', at + 1))
        folders.insert(member.name.substr(0, at));
    }
    for (const std::string& folder : folders) parts_.folder(folder);  // parents first
    for (Member& member : members) parts_.file(member.name, scratch_ / member.name, member.length);
    return Ok{};
  }

  // Nothing where it has no manifest: then it is tried, or went meanwhile.
  Status add_version(const std::string& version, std::vector<Member>& members) {
    SCORIA_TRY(manifest, link(version + "/manifest.json"));
    if (!manifest) return Ok{};
    SCORIA_TRY(text, FileBytes::open(scratch_ / manifest->name));
    const auto json = nlohmann::json::parse(text.text(), nullptr, /*allow_exceptions=*/false);
    std::vector<Member> found{*manifest};
    for (const std::string& path : files_of(json)) {
      SCORIA_TRY(file, link(version + "/" + path));
      if (file) {
        found.push_back(*file);
        continue;
      }
      std::error_code error;
      if (!fs::exists(data_ / manifest->name, error) && !error) return Ok{};  // all of it went meanwhile
      log::warn("backup_without_file", {{"file", (data_ / version / path).string()},
                                        {"why", "the version's manifest names it, and it is not there, or no file"}});
    }
    members.insert(members.end(), found.begin(), found.end());
    return Ok{};
  }

  // What a manifest says, but nothing that would be no member of a backup: scripts can write there.
  static std::set<std::string> files_of(const nlohmann::json& manifest) {
    std::set<std::string> paths;
    const auto files = manifest.is_object() ? manifest.find("files") : manifest.end();
    if (files == manifest.end() || !files->is_array()) return paths;
    for (const auto& file : *files) {
      const auto path = file.is_object() ? file.find("path") : file.end();
      if (path == file.end() || !path->is_string() || !serve::check_file_path(path->get<std::string>()).ok()) continue;
      paths.insert(path->get<std::string>());
    }
    return paths;
  }

  // None: it is not there, or no plain file. Errors: unavailable.
  Result<std::optional<Member>> link(const std::string& name) {
    std::error_code error;
    fs::create_directories((scratch_ / name).parent_path(), error);
    if (!error) fs::create_hard_link(data_ / name, scratch_ / name, error);
    if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory)
      return std::optional<Member>();
    if (!error && !fs::is_regular_file(fs::symlink_status(scratch_ / name, error))) return std::optional<Member>();
    const std::uint64_t length = error ? 0 : fs::file_size(scratch_ / name, error);
    if (error) return Error{Code::unavailable, "cannot link '" + (data_ / name).string() + "': " + error.message()};
    return std::optional(Member{name, length});
  }

  Parts& parts_;
  const fs::path &data_, &scratch_;
};

// Users, keys and logins, as of one moment; and the audit log, which grows and is renamed while it is copied: links keep it.
Status add_users(Parts& parts, const fs::path& data, const fs::path& scratch) {
  std::error_code error;
  const fs::path root = data / "access";
  if (!fs::is_directory(root, error)) return Ok{};
  parts.folder("access");
  SCORIA_TRY(files, access::Folder::copy(root));
  for (auto& [name, content] : files) parts.bytes("access/" + name, std::move(content));
  std::vector<std::string> logs;
  SCORIA_TRY(names, names_in(root));
  for (const std::string& name : names) {
    if (name.starts_with(access::kAuditFile)) logs.push_back(name);
  }
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
    // Where there is none yet, it is empty; what vanishes below it is no store at rest.
    if (error && (error != std::errc::no_such_file_or_directory || !found.empty())) {
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
  SCORIA_TRY_STATUS(ServiceParts(parts, data_, scratch->path()).add());
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
  SCORIA_TRY_STATUS(ServiceParts(parts, data, scratch->path()).add());
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
