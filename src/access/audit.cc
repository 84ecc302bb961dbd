#include "access/audit.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/iso8601.h"
#include "base/log.h"

namespace scoria::access {
namespace {

constexpr std::int64_t kMostAuditBytes = 16 << 20;
constexpr int kOldAudits = 5;
constexpr std::size_t kMostAuditField = 256;

class AuditFile {
 public:
  AuditFile(const std::filesystem::path& path, int flags) : descriptor_(::open(path.c_str(), flags, 0600)) {}
  AuditFile(const AuditFile&) = delete;
  AuditFile& operator=(const AuditFile&) = delete;
  ~AuditFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

void rotate_audit(const std::string& path) {
  for (int number = kOldAudits - 1; number >= 1; --number)
    std::rename((path + "." + std::to_string(number)).c_str(), (path + "." + std::to_string(number + 1)).c_str());
  std::rename(path.c_str(), (path + ".1").c_str());
}

}  // namespace

void write_audit(const std::filesystem::path& folder, std::string_view event, const AuditFields& fields, WallTime now) {
  nlohmann::ordered_json line{{"time", format_time(now)}, {"event", event}};
  for (const auto& [name, value] : fields) line[std::string(name)] = value.substr(0, kMostAuditField);
  const std::string text = line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  const std::filesystem::path path = folder / kAuditFile;
  // A lock of its own: whoever changes users holds the folder's while it writes here.
  const AuditFile lock(folder / "audit.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW);
  const bool is_locked = lock.descriptor() >= 0 && ::flock(lock.descriptor(), LOCK_EX) == 0;
  struct stat status {};
  if (is_locked && ::stat(path.c_str(), &status) == 0 && status.st_size >= kMostAuditBytes) rotate_audit(path.string());
  const AuditFile file(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
  if (file.descriptor() < 0 ||
      ::write(file.descriptor(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    log::error("audit_failed",
               {{"line", text.substr(0, text.size() - 1)}, {"file", path.string()}, {"why", std::strerror(errno)}});
}

}  // namespace scoria::access
