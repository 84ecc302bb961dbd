#include "base/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <thread>

namespace scoria {
namespace {

constexpr std::chrono::milliseconds kLockLook{10};

std::string owner_of(int descriptor) {
  char text[32] = {};
  const ssize_t size = ::pread(descriptor, text, sizeof text - 1, 0);
  std::string owner;
  for (ssize_t i = 0; i < size && text[i] >= '0' && text[i] <= '9'; ++i) owner += text[i];
  return owner.empty() ? "another process" : "process " + owner;
}

Error lock_failed(const std::filesystem::path& folder, const char* doing) {
  const int number = errno;
  Code code = Code::unavailable;
  if (number == ENOENT || number == ENOTDIR) code = Code::not_found;
  if (number == EACCES || number == EPERM || number == EROFS) code = Code::denied;
  return Error{code, "folder '" + folder.string() + "' cannot be " + doing + ": " + std::strerror(number)};
}

}  // namespace

Result<FolderLock> FolderLock::take(const std::filesystem::path& folder, Duration patience, const char* file) {
  const int descriptor = ::open((folder / file).c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return lock_failed(folder, "written");
  FolderLock lock(descriptor);
  if (patience == kForever) {
    while (::flock(descriptor, LOCK_EX) != 0) {
      if (errno != EINTR) return lock_failed(folder, "locked");
    }
    return lock;
  }
  const auto end = std::chrono::steady_clock::now() + patience;
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return lock_failed(folder, "locked");
    if (std::chrono::steady_clock::now() >= end) {
      return Error{Code::conflict, "folder '" + folder.string() + "' is in use by " + owner_of(descriptor) +
                                       ": stop that, or choose another folder"};
    }
    std::this_thread::sleep_for(kLockLook);
  }
  const std::string self = std::to_string(::getpid()) + "\n";
  // The number is for people; a full disk must not keep us from starting.
  if (::ftruncate(descriptor, 0) == 0) (void)!::pwrite(descriptor, self.data(), self.size(), 0);
  return lock;
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace scoria
