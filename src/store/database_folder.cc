#include "store/database_folder.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <vector>

#include "base/folder_lock.h"

namespace scoria::store {
namespace {

namespace fs = std::filesystem;

class SystemFolder final : public DatabaseFolder {
 public:
  SystemFolder(const fs::path& folder, FolderLock lock)
      : folder_(folder), reserve_(folder / "reserve"), lock_(std::move(lock)) {}

  Status make_names_durable() override {
    // Its own name is its parent's, and may be as new.
    SCORIA_TRY_STATUS(sync(folder_));
    return sync(folder_ / "..");
  }

  void hide(const fs::path& file) override { ::chmod(file.c_str(), 0600); }

  bool make_reserve(std::int64_t bytes) override {
    const int descriptor = ::open(reserve_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) return false;
    const bool is_there = ::posix_fallocate(descriptor, 0, bytes) == 0;
    ::close(descriptor);
    if (!is_there) free_reserve();
    return is_there;
  }

  void free_reserve() override {
    std::error_code ignored;  // what cannot be removed frees nothing: who needs the room finds that out
    fs::remove(reserve_, ignored);
  }

 private:
  static Status sync(const fs::path& folder) {
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    // Some file systems know no sync of a folder, and some folders may be entered but not read.
    const bool is_synced = descriptor < 0 || ::fsync(descriptor) == 0 || errno == EINVAL;
    const int why = errno;
    if (descriptor >= 0) ::close(descriptor);
    if (is_synced) return Ok{};
    return Error{Code::unavailable, "folder '" + folder.string() + "': sync: " + std::strerror(why)};
  }

  fs::path folder_, reserve_;
  FolderLock lock_;
};

// A file opened by way of a VFS.
class VfsFile {
 public:
  VfsFile(sqlite3_vfs& vfs, const std::string& path, int flags)
      : name_(sqlite3_create_filename(path.c_str(), "", "", 0, nullptr)),
        memory_(static_cast<std::size_t>(vfs.szOsFile) / sizeof(std::max_align_t) + 1) {
    if (name_ != nullptr) code_ = vfs.xOpen(&vfs, name_, get(), flags, nullptr);
  }
  VfsFile(const VfsFile&) = delete;
  VfsFile& operator=(const VfsFile&) = delete;
  ~VfsFile() {
    if (get()->pMethods != nullptr) get()->pMethods->xClose(get());
    sqlite3_free_filename(name_);
  }

  int code() const { return code_; }
  sqlite3_file* get() const { return reinterpret_cast<sqlite3_file*>(memory_.data()); }
  const sqlite3_io_methods* operator->() const { return get()->pMethods; }

 private:
  sqlite3_filename name_;
  mutable std::vector<std::max_align_t> memory_;  // zeros: not open
  int code_ = SQLITE_NOMEM;
};

class VfsFolder final : public DatabaseFolder {
 public:
  VfsFolder(const fs::path& folder, sqlite3_vfs& vfs)
      : reserve_((folder / "reserve").string()), probe_((folder / "probe").string()), vfs_(vfs) {}

  Status make_names_durable() override {
    // A VFS syncs a folder only with the removal of a file.
    { const VfsFile probe(vfs_, probe_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB); }
    if (vfs_.xDelete(&vfs_, probe_.c_str(), 1) == SQLITE_OK) return Ok{};
    return Error{Code::unavailable, "file '" + probe_ + "': cannot be made and removed, to sync its folder"};
  }

  void hide(const fs::path&) override {}

  bool make_reserve(std::int64_t bytes) override {
    const VfsFile file(vfs_, reserve_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB);
    int chunk = static_cast<int>(bytes);
    sqlite3_int64 size = bytes;
    const bool is_there = file.code() == SQLITE_OK &&
                          file->xFileControl(file.get(), SQLITE_FCNTL_CHUNK_SIZE, &chunk) == SQLITE_OK &&
                          file->xFileControl(file.get(), SQLITE_FCNTL_SIZE_HINT, &size) == SQLITE_OK;
    if (!is_there) free_reserve();
    return is_there;
  }

  void free_reserve() override { vfs_.xDelete(&vfs_, reserve_.c_str(), 0); }

 private:
  std::string reserve_, probe_;
  sqlite3_vfs& vfs_;
};

}  // namespace

Result<std::unique_ptr<DatabaseFolder>> DatabaseFolder::open(const fs::path& folder) {
  std::error_code failed;
  const bool is_made = fs::create_directories(folder, failed);
  if (failed) {
    const bool is_denied = failed == std::errc::permission_denied || failed == std::errc::read_only_file_system;
    return Error{is_denied ? Code::denied : Code::unavailable,
                 "data folder '" + folder.string() + "': " + failed.message()};
  }
  if (is_made) fs::permissions(folder, fs::perms::owner_all, failed);
  SCORIA_TRY(lock, FolderLock::take(folder));
  return std::unique_ptr<DatabaseFolder>(std::make_unique<SystemFolder>(folder, std::move(lock)));
}

Result<std::unique_ptr<DatabaseFolder>> DatabaseFolder::open(const fs::path& folder, const std::string& vfs) {
  sqlite3_vfs* found = sqlite3_vfs_find(vfs.c_str());
  if (found == nullptr) {
    return Error{Code::invalid, "data folder '" + folder.string() + "': no SQLite VFS is named '" + vfs + "'"};
  }
  return std::unique_ptr<DatabaseFolder>(std::make_unique<VfsFolder>(folder, *found));
}

}  // namespace scoria::store
