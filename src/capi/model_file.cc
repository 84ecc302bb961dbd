#include "capi/model_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace scoria::capi {
namespace {

class Descriptor {
 public:
  explicit Descriptor(const char* path) : number_(::open(path, O_RDONLY | O_CLOEXEC)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

Error failed(const std::string& path, int problem) {
  const Code code = problem == ENOENT || problem == ENOTDIR ? Code::not_found
                    : problem == EACCES || problem == EPERM ? Code::denied
                                                            : Code::unavailable;
  return {code, "'" + path + "': " + std::generic_category().message(problem)};
}

}  // namespace

Result<std::string> read_model_file(const char* path, std::uint64_t max_bytes) {
  const Descriptor file(path);
  if (file.number() < 0) return failed(path, errno);
  const Error too_large{Code::too_large, "'" + std::string(path) + "' has more than " + std::to_string(max_bytes) +
                                             " bytes, which is the limit given (max_bytes)"};
  struct stat facts {};
  if (::fstat(file.number(), &facts) != 0) return failed(path, errno);
  const auto expected = static_cast<std::uint64_t>(std::max<off_t>(facts.st_size, 0));
  if (expected > max_bytes) return too_large;
  // One byte more than expected tells that the end is there; a pipe, or a file that grows, is read on in larger and larger pieces.
  std::string bytes(expected + 1, '\0');
  std::size_t size = 0;
  for (;;) {
    if (size == bytes.size()) bytes.resize(bytes.size() * 2 + 65'536);
    const ssize_t count = ::read(file.number(), bytes.data() + size, bytes.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed(path, errno);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
    if (size > max_bytes) return too_large;
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace scoria::capi
