#include "server/upkeep/restore.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "base/file.h"
#include "base/tar.h"
#include "batch/state.h"
#include "server/data_version.h"
#include "server/upkeep/backup_stream.h"
#include "store/store.h"

namespace scoria::server {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kRestorePiece = 1u << 20;
constexpr std::uint64_t kMostHead = 64u << 10;
constexpr std::size_t kMostName = 255;
constexpr std::size_t kSumDigits = 64;
// What stands at the top of a backup.
constexpr std::string_view kTops[] = {"version.json", "account.json", "token.key", "secrets.key", "tls",
                                      "state",        "blobs",        "services",  "access"};

struct FreeHash {
  void operator()(EVP_MD_CTX* context) const { ::EVP_MD_CTX_free(context); }
};

Error disk_failed(const fs::path& path, std::string_view doing) {
  const int number = errno;
  Code code = Code::unavailable;
  if (number == EACCES || number == EPERM || number == EROFS) code = Code::denied;
  if (number == ENOSPC || number == EDQUOT) code = Code::exhausted;
  return Error{code, "cannot " + std::string(doing) + " '" + path.string() + "': " + std::strerror(number)};
}

// Where the members go. One that only looks does nothing.
class RestoreTarget {
 public:
  virtual ~RestoreTarget() = default;
  virtual Status folder(const std::string&) { return Ok{}; }
  virtual Status begin(const TarMember&) { return Ok{}; }
  virtual Status write(std::string_view) { return Ok{}; }
  virtual Status end() { return Ok{}; }
};

class RestoreToFolder final : public RestoreTarget {
 public:
  explicit RestoreToFolder(fs::path folder) : folder_(std::move(folder)) {}
  ~RestoreToFolder() override {
    if (file_ >= 0) ::close(file_);
  }
  Status folder(const std::string& name) override {
    path_ = folder_ / name;
    if (::mkdir(path_.c_str(), 0700) != 0) return disk_failed(path_, "make the folder");
    return Ok{};
  }
  Status begin(const TarMember& member) override {
    path_ = folder_ / member.name;
    // What others may read is the certificate of our authority, and its chain.
    const mode_t mode = member.name.ends_with(".pem") && member.name.starts_with("tls/") ? 0644 : 0600;
    file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (file_ < 0) return disk_failed(path_, "make");
    return Ok{};
  }
  Status write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::write(file_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return disk_failed(path_, "write");
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return Ok{};
  }
  Status end() override {
    const int file = std::exchange(file_, -1);
    if (::close(file) != 0) return disk_failed(path_, "write");
    return Ok{};
  }

 private:
  fs::path folder_, path_;
  int file_ = -1;
};

class Walk {
 public:
  Walk(TarReader& reader, std::string archive, RestoreTarget& target)
      : reader_(reader), archive_(std::move(archive)), target_(target), hash_(::EVP_MD_CTX_new()) {
    SCORIA_CHECK(hash_ != nullptr);
  }

  Result<BackupFacts> run() {
    SCORIA_TRY_STATUS(head());
    for (;;) {
      SCORIA_TRY(member, reader_.next());
      if (!member) return wrong("ends without " + std::string(kBackupSums) + ": it was cut short");
      if (member->name == kBackupSums && !member->is_folder) break;
      SCORIA_TRY_STATUS(take(*member));
    }
    SCORIA_TRY_STATUS(sums());
    return facts_;
  }

 private:
  Error wrong(std::string what) const { return Error{Code::corrupt, "backup '" + archive_ + "' " + std::move(what)}; }

  Status head() {
    SCORIA_TRY(member, reader_.next());
    if (!member || member->name != kBackupHead || member->is_folder || member->size > kMostHead) {
      return wrong("is none: its first member must be " + std::string(kBackupHead));
    }
    SCORIA_TRY(text, content(*member, nullptr));
    const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    const auto is_number = [&](const char* name) { return json.contains(name) && json[name].is_number_integer(); };
    const auto text_of = [&](const char* name) {
      return json.contains(name) && json[name].is_string() ? json[name].get<std::string>() : std::string();
    };
    if (!json.is_object() || text_of("format") != kBackupFormat || !is_number("version") || !is_number("dataVersion")) {
      return wrong("is none: its " + std::string(kBackupHead) + " says so");
    }
    facts_.data_version = json["dataVersion"].get<int>();
    facts_.created = text_of("created");
    facts_.written_by = text_of("writtenBy");
    if (json["version"].get<int>() > kBackupVersion || facts_.data_version > kNewestDataVersion) {
      return Error{Code::unsupported, "backup '" + archive_ + "' is of version " + json["version"].dump() +
                                          " with data of version " + std::to_string(facts_.data_version) +
                                          ", and this program (scoria " SCORIA_VERSION ") knows up to " +
                                          std::to_string(kBackupVersion) + " and " +
                                          std::to_string(kNewestDataVersion) + ": use scoria " + facts_.written_by};
    }
    if (json["version"].get<int>() < 1 || facts_.data_version < 1) return wrong("has no version");
    return Ok{};
  }

  Status check_name(const TarMember& member) const {
    std::string_view name = member.name;
    if (member.is_folder && name.ends_with('/')) name.remove_suffix(1);
    const auto refuse = [&](std::string_view why) {
      return wrong("has a member '" + member.name.substr(0, 80) + "' " + std::string(why));
    };
    if (name.empty() || name.size() > kMostName) return refuse("whose name is empty or too long");
    for (const char c : name) {
      if (c <= ' ' || c > '~' || c == '\\') return refuse("whose name holds a character that no name of ours has");
    }
    std::size_t depth = 0;
    for (std::size_t begin = 0; begin <= name.size(); ++depth) {
      const std::size_t end = std::min(name.find('/', begin), name.size());
      const std::string_view part = name.substr(begin, end - begin);
      if (part.empty() || part == "." || part == "..") return refuse("that leads out of the folder");
      if (depth == 0 && std::find(std::begin(kTops), std::end(kTops), part) == std::end(kTops)) {
        return refuse("which is no part of a data folder");
      }
      begin = end + 1;
    }
    const std::size_t slash = name.rfind('/');
    if (slash != std::string_view::npos && !folders_.contains(std::string(name.substr(0, slash)))) {
      return refuse("whose folder is not there");
    }
    if (folders_.contains(std::string(name)) || sums_.contains(std::string(name))) return refuse("twice");
    return Ok{};
  }

  Status take(const TarMember& member) {
    SCORIA_TRY_STATUS(check_name(member));
    if (member.is_folder) {
      const std::string name = member.name.ends_with('/') ? member.name.substr(0, member.name.size() - 1) : member.name;
      folders_.insert(name);
      return target_.folder(name);
    }
    SCORIA_TRY_STATUS(target_.begin(member));
    SCORIA_TRY(ignored, content(member, &target_));
    SCORIA_TRY_STATUS(target_.end());
    return Ok{};
  }

  // Of small members without a target the whole content, else nothing; its sum is kept.
  Result<std::string> content(const TarMember& member, RestoreTarget* target) {
    std::string all;
    SCORIA_CHECK(::EVP_DigestInit_ex(hash_.get(), ::EVP_sha256(), nullptr) == 1);
    for (;;) {
      SCORIA_TRY(piece, reader_.read(kRestorePiece));
      if (piece.empty()) break;
      SCORIA_CHECK(::EVP_DigestUpdate(hash_.get(), piece.data(), piece.size()) == 1);
      if (target != nullptr) {
        SCORIA_TRY_STATUS(target->write(piece));
      } else {
        all += piece;
      }
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    SCORIA_CHECK(::EVP_DigestFinal_ex(hash_.get(), digest.data(), &size) == 1);
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string sum;
    for (unsigned int i = 0; i < size; ++i) {
      sum += kDigits[digest[i] >> 4];
      sum += kDigits[digest[i] & 15];
    }
    sums_[member.name] = std::move(sum);
    ++facts_.files;
    facts_.bytes += member.size;
    return all;
  }

  // The last member against what was read.
  Status sums() {
    std::string left;
    std::size_t count = 0;
    const auto line = [&](std::string_view text) -> Status {
      const auto known =
          text.size() > kSumDigits + 2 ? sums_.find(std::string(text.substr(kSumDigits + 2))) : sums_.end();
      if (known == sums_.end()) return wrong("names a member in its sums that it does not hold");
      if (text.substr(0, kSumDigits) != known->second) {
        return wrong("is damaged: '" + known->first + "' is not as its sum says");
      }
      ++count;
      return Ok{};
    };
    for (;;) {
      SCORIA_TRY(piece, reader_.read(kRestorePiece));
      if (piece.empty()) break;
      left += piece;
      std::size_t begin = 0;
      for (std::size_t end = 0; (end = left.find('\n', begin)) != std::string::npos; begin = end + 1) {
        SCORIA_TRY_STATUS(line(std::string_view(left).substr(begin, end - begin)));
      }
      left.erase(0, begin);
      if (left.size() > kSumDigits + 2 + kMostName) return wrong("has sums that are none");
    }
    if (!left.empty() || count != sums_.size()) return wrong("does not have a sum for every member");
    SCORIA_TRY(behind, reader_.next());
    if (behind) return wrong("has a member behind its sums");
    if (!sums_.contains("account.json") || !sums_.contains("state/state.sqlite")) {
      return wrong("lacks the account or the state");
    }
    return Ok{};
  }

  TarReader& reader_;
  std::string archive_;
  RestoreTarget& target_;
  std::unique_ptr<EVP_MD_CTX, FreeHash> hash_;
  BackupFacts facts_;
  std::set<std::string> folders_;
  std::map<std::string, std::string> sums_;  // by member's name
};

template <int Sync(int)>
Status flush(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return disk_failed(folder, "open");
  const bool is_done = Sync(descriptor) == 0;
  const Error error = disk_failed(folder, "flush");
  ::close(descriptor);
  if (!is_done) return error;
  return Ok{};
}

// What stands in the folder; all that was written to its file system, which is quicker than a flush for each of a million blobs.
Status sync_entries(const fs::path& folder) { return flush<::fsync>(folder); }
Status sync_all(const fs::path& folder) { return flush<::syncfs>(folder); }

Status skip_numbers(const fs::path& state) {
  constexpr std::uint64_t kAttempts = 1ull << 32, kJobs = 1'000'000, kMostJobs = 1ull << 30;
  SCORIA_TRY(store, store::Store::open(state));
  SCORIA_TRY(document, store->get(store::Kind::account, "", batch::kNumbersId));
  if (!document) return Ok{};
  auto json = nlohmann::json::parse(document->text, nullptr, /*allow_exceptions=*/false);
  const auto is_number = [&](const char* name) { return json.contains(name) && json[name].is_number_unsigned(); };
  if (!json.is_object() || !is_number("nextJob") || !is_number("nextAttempt")) {
    return Error{Code::corrupt, "the stored numbers of jobs and attempts cannot be read"};
  }
  json["nextAttempt"] = json["nextAttempt"].get<std::uint64_t>() + kAttempts;
  const auto job = json["nextJob"].get<std::uint64_t>();
  if (job < kMostJobs) json["nextJob"] = job + kJobs;
  store::Changes changes;
  changes.put({store::Kind::account, "", batch::kNumbersId, json.dump()});
  return store->commit(changes);
}

bool is_of_the_disk(const fs::path& entry) { return entry.filename() == "lost+found"; }

// Errors: conflict. Whether it was made.
Result<bool> make_empty(const fs::path& folder) {
  std::error_code error;
  if (folder.has_parent_path()) fs::create_directories(folder.parent_path(), error);
  if (::mkdir(folder.c_str(), 0700) == 0) return true;
  if (errno != EEXIST) return disk_failed(folder, "make the folder");
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (is_of_the_disk(entry.path())) continue;
    return Error{Code::conflict,
                 "'" + folder.string() + "' is not empty: restore into a new folder, or move away what is in it"};
  }
  if (error) return Error{Code::denied, "cannot list '" + folder.string() + "': " + error.message()};
  if (::chmod(folder.c_str(), 0700) != 0) return disk_failed(folder, "close to others");
  return false;
}

void take_back(const fs::path& folder, bool is_made) {
  std::error_code ignored;
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    // The mark goes last: until then no server starts on what is left.
    if (!is_of_the_disk(entry.path()) && entry.path().filename() != kRestoreMark) entries.push_back(entry.path());
  }
  for (const fs::path& entry : entries) fs::remove_all(entry, ignored);
  fs::remove(folder / kRestoreMark, ignored);
  if (is_made) fs::remove(folder, ignored);
}

}  // namespace

Result<BackupFacts> verify_backup(const fs::path& archive) {
  SCORIA_TRY(reader, TarReader::open(archive));
  RestoreTarget nowhere;
  return Walk(reader, archive.string(), nowhere).run();
}

Result<BackupFacts> restore_backup(const fs::path& archive, const fs::path& folder) {
  SCORIA_TRY(reader, TarReader::open(archive));
  SCORIA_TRY(is_made, make_empty(folder));
  const auto restore = [&]() -> Result<BackupFacts> {
    SCORIA_TRY_STATUS(write_file(folder / kRestoreMark, ""));
    SCORIA_TRY_STATUS(sync_entries(folder));
    RestoreToFolder target(folder);
    SCORIA_TRY(facts, Walk(reader, archive.string(), target).run());
    SCORIA_TRY_STATUS(skip_numbers(folder / "state"));
    SCORIA_TRY_STATUS(sync_all(folder));
    if (::unlink((folder / kRestoreMark).c_str()) != 0) return disk_failed(folder, "finish");
    SCORIA_TRY_STATUS(sync_entries(folder));
    return facts;
  };
  auto restored = restore();
  if (!restored.ok()) take_back(folder, is_made);
  return restored;
}

}  // namespace scoria::server
