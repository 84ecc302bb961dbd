#include "blob/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace scoria::blob {

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

std::shared_ptr<const int> Descriptor::share() && {
  auto owner = std::make_shared<Descriptor>(std::move(*this));
  return {owner, &owner->number_};
}

Error disk_error(const std::filesystem::path& path, std::string_view doing) {
  const int number = errno;
  Code code = Code::unavailable;
  std::string api_code;
  if (number == ENOENT || number == ENOTDIR) code = Code::not_found;
  if (number == EACCES || number == EPERM || number == EROFS) code = Code::denied;
  if (number == ENOSPC || number == EDQUOT || number == EFBIG) {
    code = Code::exhausted;
    api_code = "InsufficientStorage";
  }
  return Error{code, "cannot " + std::string(doing) + " '" + path.string() + "': " + std::strerror(number), api_code};
}

Result<Descriptor> open_file(const std::filesystem::path& path, int flags, unsigned mode) {
  Descriptor file(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!file.is_open()) return disk_error(path, (flags & O_CREAT) != 0 ? "create" : "open");
  return file;
}

Status make_folder(const std::filesystem::path& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return disk_error(path, "make the folder");
  return Ok{};
}

Status sync_folder(const std::filesystem::path& path) {
  SCORIA_TRY(folder, open_file(path, O_RDONLY | O_DIRECTORY));
  if (::fsync(folder.number()) != 0) return disk_error(path, "flush the folder");
  return Ok{};
}

Status forget_cached(const std::filesystem::path& path) {
  SCORIA_TRY(file, open_file(path, O_RDWR));
  if (::fdatasync(file.number()) != 0) return disk_error(path, "flush");
  (void)::posix_fadvise(file.number(), 0, 0, POSIX_FADV_DONTNEED);  // some file systems have no cache to forget
  return Ok{};
}

Status rename_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return disk_error(to, "move a file to");
  return Ok{};
}

Status write_at(int descriptor, std::uint64_t offset, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return disk_error(path, "write");
    bytes.remove_prefix(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return Ok{};
}

Result<std::string> read_at(int descriptor, std::uint64_t offset, std::size_t size, const std::filesystem::path& path) {
  std::string bytes(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const ssize_t n = ::pread(descriptor, bytes.data() + got, size - got, static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return disk_error(path, "read");
    if (n == 0) {
      return Error{Code::corrupt, "'" + path.string() + "' ends before the " + std::to_string(offset + size) +
                                      " bytes that it must have"};
    }
    got += static_cast<std::size_t>(n);
  }
  return bytes;
}

Status copy_range(int from, std::uint64_t from_offset, int to, std::uint64_t to_offset, std::uint64_t size,
                  const std::filesystem::path& path) {
  auto in = static_cast<off64_t>(from_offset);
  auto out = static_cast<off64_t>(to_offset);
  while (size > 0) {
    const ssize_t n = ::copy_file_range(from, &in, to, &out, std::min<std::uint64_t>(size, 1u << 30), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) {
      return disk_error(path, "write");
    }
    if (n > 0) {
      size -= static_cast<std::uint64_t>(n);
      continue;
    }
    // The kernel does not copy between these files, or the source is short: by hand, which says which.
    const std::size_t step = std::min<std::uint64_t>(size, 1u << 20);
    SCORIA_TRY(bytes, read_at(from, static_cast<std::uint64_t>(in), step, path));
    SCORIA_TRY_STATUS(write_at(to, static_cast<std::uint64_t>(out), bytes, path));
    in += static_cast<off64_t>(step);
    out += static_cast<off64_t>(step);
    size -= step;
  }
  return Ok{};
}

}  // namespace scoria::blob
