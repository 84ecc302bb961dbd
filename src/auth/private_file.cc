#include "auth/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "auth/tokens.h"

namespace scoria::auth {
namespace {

Error system_error(const std::filesystem::path& path, const char* doing) {
  const int number = errno;
  Code code = Code::unavailable;
  if (number == ENOENT || number == ENOTDIR) code = Code::not_found;
  if (number == EACCES || number == EPERM || number == EROFS) code = Code::denied;
  if (number == ENOSPC || number == EDQUOT) code = Code::exhausted;
  return Error{code, "cannot " + std::string(doing) + " '" + path.string() + "': " + std::strerror(number)};
}

class File {
 public:
  explicit File(int number) : number_(number) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

Status write_all(int descriptor, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(path, "write");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fsync(descriptor) != 0) return system_error(path, "write");
  return Ok{};
}

Status sync_folder(const std::filesystem::path& folder) {
  const File file(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (file.number() < 0 || ::fsync(file.number()) != 0) return system_error(folder, "flush");
  return Ok{};
}

// A file of another name in the folder of `path`, with the bytes on the disk.
Result<std::filesystem::path> write_beside(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::path temporary = path.parent_path() / ("." + path.filename().string() + "." + random_token());
  const File file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.number() < 0) return system_error(path, "create");
  if (auto written = write_all(file.number(), bytes, path); !written.ok()) {
    ::unlink(temporary.c_str());
    return std::move(written).error();
  }
  return temporary;
}

// Root's may be its group's to read: so a Secret of Kubernetes is mounted, and so PostgreSQL takes its keys.
bool is_private(const struct stat& status) {
  const bool is_given = status.st_uid == 0 && ::geteuid() != 0;
  return (status.st_mode & (is_given ? 037 : 077)) == 0;
}

}  // namespace

// Links are followed: such a Secret is made of them, and who may put one into the folder may put a file there.
Result<std::string> read_private_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) return system_error(path, "open");
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) return system_error(path, "open");
  if (!S_ISREG(status.st_mode)) return Error{Code::corrupt, "'" + path.string() + "' is no regular file"};
  struct stat folder {};
  const bool is_known = status.st_uid == 0 || status.st_uid == ::geteuid() ||
                        (::stat((path.parent_path() / ".").c_str(), &folder) == 0 && folder.st_uid == status.st_uid);
  if (!is_known) {
    return Error{Code::denied, "'" + path.string() + "' holds a secret and belongs to another user than its folder"};
  }
  if (!is_private(status)) {
    std::array<char, 8> mode{};
    std::snprintf(mode.data(), mode.size(), "%04o", static_cast<unsigned>(status.st_mode & 07777));
    return Error{Code::denied, "'" + path.string() + "' holds a secret and has mode " + mode.data() +
                                   ", which lets others in; it must be 0600 (chmod 600)"};
  }
  if (static_cast<std::uint64_t>(status.st_size) > max_bytes) {
    return Error{Code::corrupt, "'" + path.string() + "' is larger than " + std::to_string(max_bytes >> 10) +
                                    " KiB, which no such file of ours is"};
  }
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t got = 0;
  while (got < bytes.size()) {
    const ssize_t n = ::read(file.number(), bytes.data() + got, bytes.size() - got);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(path, "read");
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  bytes.resize(got);
  return bytes;
}

Result<std::string> ensure_private_file(const std::filesystem::path& path, std::string_view bytes) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) return read_private_file(path);
  SCORIA_TRY(temporary, write_beside(path, bytes));
  // A link, not a rename: whoever comes second must not replace what the first already uses.
  const bool is_linked = ::link(temporary.c_str(), path.c_str()) == 0;
  const int number = errno;
  ::unlink(temporary.c_str());
  errno = number;
  if (!is_linked && number != EEXIST) return system_error(path, "create");
  SCORIA_TRY_STATUS(sync_folder(path.parent_path()));
  return read_private_file(path);
}

Status replace_private_file(const std::filesystem::path& path, std::string_view bytes) {
  SCORIA_TRY(temporary, write_beside(path, bytes));
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const Error error = system_error(path, "replace");
    ::unlink(temporary.c_str());
    return error;
  }
  return sync_folder(path.parent_path());
}

}  // namespace scoria::auth
