// A backup on its way out: the members of a tar archive, one after the other, and their SHA-256 sums as its last member.
// Form: docs/formats/backup.md. Threads: one at a time. Owns: its parts, and what must live until all of it is read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/http.h"

struct evp_md_ctx_st;

namespace scoria::server {

inline constexpr const char* kBackupFormat = "scoria-backup";
inline constexpr int kBackupVersion = 1;
inline constexpr const char* kBackupHead = "backup.json";  // the first member
inline constexpr const char* kBackupSums = "SHA256SUMS";   // the last one, in the form of `sha256sum --check`

struct BackupPart {
  std::string name;            // in the data folder; a folder's ends with a slash
  std::string bytes;           // its content, or:
  std::filesystem::path path;  // where it is, the first `length` bytes of it
  std::uint64_t length = 0;
  std::uint32_t mode = 0600;
};

class BackupStream final : public net::BodySource {
 public:
  // `holds` goes with the stream: pictures and copies that the parts' paths lie in.
  BackupStream(std::vector<BackupPart> parts, WallTime now, std::vector<std::shared_ptr<void>> holds);
  ~BackupStream() override;

  // Errors: unavailable, corrupt (a file that is shorter than it was).
  Result<std::string> next() override;

 private:
  struct FreeSum {
    void operator()(evp_md_ctx_st* context) const;
  };
  Status begin(std::string& out);
  Status go_on(std::string& out);
  void end(std::string& out);

  std::vector<BackupPart> parts_;
  std::int64_t seconds_;
  std::vector<std::shared_ptr<void>> holds_;
  std::unique_ptr<evp_md_ctx_st, FreeSum> hash_;
  std::string sums_;
  std::size_t part_ = 0;  // the one that is read
  bool is_open_ = false;  // its header is out
  std::uint64_t at_ = 0;  // in it
  std::shared_ptr<const int> file_;
  bool has_sums_ = false, is_over_ = false;
};

}  // namespace scoria::server
