#include "store/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace scoria::store {
namespace {

std::string owner_of(int descriptor) {
  char text[32] = {};
  const ssize_t size = ::pread(descriptor, text, sizeof text - 1, 0);
  std::string owner;
  for (ssize_t i = 0; i < size && text[i] >= '0' && text[i] <= '9'; ++i) owner += text[i];
  return owner.empty() ? "another process" : "process " + owner;
}

}  // namespace

Result<FolderLock> FolderLock::take(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "lock";
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) {
    const Code code = errno == EACCES || errno == EROFS || errno == EPERM ? Code::denied : Code::unavailable;
    return Error{code, "data folder '" + folder.string() + "': lock: " + std::strerror(errno)};
  }
  FolderLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      return Error{Code::unavailable, "data folder '" + folder.string() + "': lock: " + std::strerror(errno)};
    }
    return Error{Code::conflict, "data folder '" + folder.string() + "' is in use by " + owner_of(descriptor) +
                                     "; stop that, or choose another folder"};
  }
  const std::string self = std::to_string(::getpid()) + "\n";
  // The number is for people; a full disk must not keep us from starting.
  if (::ftruncate(descriptor, 0) == 0) (void)!::pwrite(descriptor, self.data(), self.size(), 0);
  return lock;
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace scoria::store
