// Bytes on their way in: kept in memory while they are few, in a file of the store's folder `uploads` beyond, hashed as they pass.
// Threads: one at a time. Owns: its file, removed with it unless it was moved away.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "blob/blob_store.h"
#include "blob/disk.h"

struct evp_md_ctx_st;

namespace scoria::blob {

// Bodies up to this size lie in the container's journal: one write and one flush then make them durable, with their name.
inline constexpr std::size_t kInlineLimit = 32u << 10;

class DiskUpload final : public BlobStore::Upload {
 public:
  // `path`: the file's, should it come to that.
  explicit DiskUpload(std::filesystem::path path);
  // Of a file whose bytes never change and are flushed: `path` becomes a second name of it, or a copy where the file system has no more
  // names for it. md5() is that of nothing.
  static Result<std::unique_ptr<DiskUpload>> link(std::filesystem::path path, const std::filesystem::path& existing,
                                                  std::uint64_t length);
  ~DiskUpload() override;

  Status write(std::span<const std::byte> bytes) override;
  std::string md5() const override;
  std::uint64_t length() const override { return length_; }

  bool is_inline() const { return !file_.is_open(); }
  const std::string& bytes() const { return buffer_; }  // where is_inline()
  int descriptor() const { return file_.number(); }     // where not

  // The whole of it into one flushed file at `target`, whose folder is flushed too. Where not is_inline().
  Status move_to(const std::filesystem::path& target);
  // For bytes that were written beside: the file must hold `length` bytes when move_to() is called.
  Result<int> take_file(std::uint64_t length);

 private:
  Status spill();

  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::filesystem::path path_;
  std::unique_ptr<evp_md_ctx_st, Free> hash_;
  std::string buffer_;
  Descriptor file_;
  std::uint64_t length_ = 0;
  std::uint64_t flushing_ = 0;  // bytes whose way to the disk was started
};

}  // namespace scoria::blob
