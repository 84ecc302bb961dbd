#include "server/upkeep/backup_stream.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/tar.h"

namespace scoria::server {
namespace {

constexpr std::size_t kBackupPiece = 256u << 10;

Error broken(const std::filesystem::path& path, std::string_view why) {
  return Error{Code::unavailable, "backup: '" + path.string() + "': " + std::string(why)};
}

std::string hex_of(EVP_MD_CTX* hash) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  SCORIA_CHECK(::EVP_DigestFinal_ex(hash, digest.data(), &size) == 1);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += kDigits[digest[i] >> 4];
    text += kDigits[digest[i] & 15];
  }
  return text;
}

}  // namespace

void BackupStream::FreeSum::operator()(evp_md_ctx_st* context) const { ::EVP_MD_CTX_free(context); }

BackupStream::BackupStream(std::vector<BackupPart> parts, WallTime now, std::vector<std::shared_ptr<void>> holds)
    : parts_(std::move(parts)),
      seconds_(std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count()),
      holds_(std::move(holds)),
      hash_(::EVP_MD_CTX_new()) {
  SCORIA_CHECK(hash_ != nullptr);
}

BackupStream::~BackupStream() = default;

Status BackupStream::begin(std::string& out) {
  const BackupPart& part = parts_[part_];
  const bool is_folder = part.name.ends_with('/');
  at_ = 0;
  file_.reset();
  if (!part.path.empty()) {
    const int descriptor = ::open(part.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) return broken(part.path, std::strerror(errno));
    file_ = std::shared_ptr<const int>(new int(descriptor), [](const int* number) {
      ::close(*number);
      delete number;
    });
  }
  SCORIA_TRY(header, tar_header({.name = part.name,
                                 .is_folder = is_folder,
                                 .mode = part.mode,
                                 .size = is_folder ? 0 : part.length,
                                 .modified = seconds_}));
  out += header;
  SCORIA_CHECK(::EVP_DigestInit_ex(hash_.get(), ::EVP_sha256(), nullptr) == 1);
  is_open_ = true;
  return Ok{};
}

Status BackupStream::go_on(std::string& out) {
  const BackupPart& part = parts_[part_];
  const std::size_t wanted = std::min<std::uint64_t>(part.length - at_, kBackupPiece);
  const std::size_t begin = out.size();
  if (part.path.empty()) {
    out.append(part.bytes, at_, wanted);
  } else {
    out.resize(begin + wanted);
    for (std::size_t got = 0; got < wanted;) {
      const ssize_t n = ::pread(*file_, out.data() + begin + got, wanted - got, static_cast<off_t>(at_ + got));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return broken(part.path, std::strerror(errno));
      if (n == 0) return broken(part.path, "is shorter than it was");
      got += static_cast<std::size_t>(n);
    }
  }
  SCORIA_CHECK(::EVP_DigestUpdate(hash_.get(), out.data() + begin, wanted) == 1);
  at_ += wanted;
  return Ok{};
}

void BackupStream::end(std::string& out) {
  const BackupPart& part = parts_[part_];
  out += tar_padding(part.length);
  if (!part.name.ends_with('/') && part.name != kBackupSums) sums_ += hex_of(hash_.get()) + "  " + part.name + "\n";
  ++part_;
  is_open_ = false;
  file_.reset();
}

Result<std::string> BackupStream::next() {
  std::string out;
  while (out.size() < kBackupPiece && !is_over_) {
    if (part_ == parts_.size() && !has_sums_) {
      parts_.push_back({.name = kBackupSums, .bytes = sums_, .path = {}, .length = sums_.size()});
      has_sums_ = true;
    }
    if (part_ == parts_.size()) {
      out += tar_end();
      is_over_ = true;
      break;
    }
    if (!is_open_) SCORIA_TRY_STATUS(begin(out));
    if (at_ < parts_[part_].length) SCORIA_TRY_STATUS(go_on(out));
    if (at_ == parts_[part_].length) end(out);
  }
  return out;
}

}  // namespace scoria::server
