#include "blob/upload.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace scoria::blob {
namespace {

// The disk starts on what has come while more comes, so that the flush at the end has little left.
constexpr std::uint64_t kFlushStep = 8u << 20;

}  // namespace

void DiskUpload::Free::operator()(evp_md_ctx_st* context) const { ::EVP_MD_CTX_free(context); }

DiskUpload::DiskUpload(std::filesystem::path path) : path_(std::move(path)), hash_(::EVP_MD_CTX_new()) {
  SCORIA_CHECK(hash_ != nullptr && ::EVP_DigestInit_ex(hash_.get(), ::EVP_md5(), nullptr) == 1);
}

Result<std::unique_ptr<DiskUpload>> DiskUpload::link(std::filesystem::path path, const std::filesystem::path& existing,
                                                     std::uint64_t length) {
  auto upload = std::make_unique<DiskUpload>(std::move(path));
  if (::link(existing.c_str(), upload->path_.c_str()) == 0) {
    SCORIA_TRY(file, open_file(upload->path_, O_RDONLY));
    upload->file_ = std::move(file);
    upload->length_ = length;
    return upload;
  }
  if (errno == ENOENT) return disk_error(existing, "copy");
  SCORIA_TRY(source, open_file(existing, O_RDONLY));
  SCORIA_TRY(target, upload->take_file(length));
  SCORIA_TRY_STATUS(copy_range(source.number(), 0, target, 0, length, upload->path_));
  return upload;
}

DiskUpload::~DiskUpload() {
  if (file_.is_open()) ::unlink(path_.c_str());
}

Status DiskUpload::spill() {
  SCORIA_TRY(file, open_file(path_, O_RDWR | O_CREAT | O_EXCL));
  file_ = std::move(file);
  SCORIA_TRY_STATUS(write_at(file_.number(), 0, buffer_, path_));
  buffer_ = {};
  return Ok{};
}

Status DiskUpload::write(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  SCORIA_CHECK(::EVP_DigestUpdate(hash_.get(), text.data(), text.size()) == 1);
  if (is_inline() && buffer_.size() + text.size() <= kInlineLimit) {
    buffer_ += text;
    length_ += text.size();
    return Ok{};
  }
  if (is_inline()) SCORIA_TRY_STATUS(spill());
  SCORIA_TRY_STATUS(write_at(file_.number(), length_, text, path_));
  length_ += text.size();
  if (length_ - flushing_ >= kFlushStep) {
    (void)::sync_file_range(file_.number(), static_cast<off64_t>(flushing_), static_cast<off64_t>(length_ - flushing_),
                            SYNC_FILE_RANGE_WRITE);  // a head start, no promise: the flush decides
    flushing_ = length_;
  }
  return Ok{};
}

std::string DiskUpload::md5() const {
  const std::unique_ptr<evp_md_ctx_st, Free> copy(::EVP_MD_CTX_new());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  SCORIA_CHECK(copy != nullptr && ::EVP_MD_CTX_copy_ex(copy.get(), hash_.get()) == 1 &&
               ::EVP_DigestFinal_ex(copy.get(), digest.data(), &size) == 1);
  std::array<unsigned char, 2 * EVP_MAX_MD_SIZE> text{};
  const int written = ::EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(size));
  return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(written)};
}

Status DiskUpload::move_to(const std::filesystem::path& target) {
  SCORIA_CHECK(!is_inline());
  // Renamed first: one commit of the file system's journal then holds size and name.
  SCORIA_TRY_STATUS(rename_file(path_, target));
  path_ = target;
  if (::fdatasync(file_.number()) != 0) return disk_error(target, "flush");
  SCORIA_TRY_STATUS(sync_folder(target.parent_path()));
  file_ = Descriptor();  // closed, and no longer ours to remove
  return Ok{};
}

Result<int> DiskUpload::take_file(std::uint64_t length) {
  if (is_inline()) SCORIA_TRY_STATUS(spill());
  length_ = length;
  return file_.number();
}

}  // namespace scoria::blob
