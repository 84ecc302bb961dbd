#include "base/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <string>

#include "base/codec.h"

namespace scoria {
namespace {

constexpr std::size_t kHeadBytes = 13;  // the longest that detect_compression() looks at: the lzma-alone header

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::span<const std::byte> bytes) : rest_(bytes) {}

  Result<std::size_t> read(std::span<char> into) override {
    const std::size_t count = std::min(into.size(), rest_.size());
    if (count > 0) std::memcpy(into.data(), rest_.data(), count);
    rest_ = rest_.subspan(count);
    return count;
  }

 private:
  std::span<const std::byte> rest_;
};

class DescriptorSource final : public ByteSource {
 public:
  DescriptorSource(int descriptor, bool owned, std::string name)
      : descriptor_(descriptor), owned_(owned), name_(std::move(name)) {}
  DescriptorSource(const DescriptorSource&) = delete;
  DescriptorSource& operator=(const DescriptorSource&) = delete;
  ~DescriptorSource() override {
    if (owned_) ::close(descriptor_);
  }

  Result<std::size_t> read(std::span<char> into) override {
    for (;;) {
      const ssize_t count = ::read(descriptor_, into.data(), into.size());
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) return Error{Code::unavailable, "cannot read " + name_ + ": " + std::strerror(errno)};
    }
  }

 private:
  int descriptor_;
  bool owned_;
  std::string name_;
};

// Gives back the head that was read to recognise the format, then the rest.
class HeadedSource final : public ByteSource {
 public:
  HeadedSource(std::string head, std::unique_ptr<ByteSource> rest) : head_(std::move(head)), rest_(std::move(rest)) {}

  Result<std::size_t> read(std::span<char> into) override {
    if (given_ == head_.size()) return rest_->read(into);
    const std::size_t count = head_.copy(into.data(), into.size(), given_);
    given_ += count;
    return count;
  }

 private:
  std::string head_;
  std::size_t given_ = 0;
  std::unique_ptr<ByteSource> rest_;
};

class NamedSource final : public ByteSource {
 public:
  NamedSource(std::string name, std::unique_ptr<ByteSource> inner) : name_(std::move(name)), inner_(std::move(inner)) {}

  Result<std::size_t> read(std::span<char> into) override {
    auto count = inner_->read(into);
    if (!count.ok() && count.error().code != Code::unavailable) return with_context(name_, std::move(count).error());
    return count;
  }

 private:
  std::string name_;
  std::unique_ptr<ByteSource> inner_;
};

std::string name_of(const std::filesystem::path& path) {
  return path == "-" ? "standard input" : "'" + path.string() + "'";
}

Result<std::unique_ptr<ByteSource>> open_plain(const std::filesystem::path& path, const std::string& name) {
  if (path == "-") return std::unique_ptr<ByteSource>(std::make_unique<DescriptorSource>(STDIN_FILENO, false, name));
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    const int number = errno;
    Code code = Code::unavailable;
    if (number == ENOENT || number == ENOTDIR) code = Code::not_found;
    if (number == EACCES || number == EPERM) code = Code::denied;
    return Error{code, "cannot open " + name + ": " + std::strerror(number)};
  }
  auto source = std::make_unique<DescriptorSource>(descriptor, true, name);
  struct stat status {};
  if (::fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode)) {
    return Error{Code::invalid, name + " is a folder, a file is needed"};
  }
  return std::unique_ptr<ByteSource>(std::move(source));
}

bool starts_with(std::span<const std::byte> head, std::string_view magic) {
  return head.size() >= magic.size() && std::memcmp(head.data(), magic.data(), magic.size()) == 0;
}

// lzma-alone has no magic: properties byte 0x5D (lc=3 lp=0 pb=2, what every writer uses), a dictionary of 2^n or
// 2^n + 2^(n-1) bytes, and an unpacked size that is unknown (all ones) or below 256 GiB: the rule of liblzma.
bool is_lzma_alone(std::span<const std::byte> head) {
  if (head.size() < kHeadBytes || head[0] != std::byte{0x5D}) return false;
  std::uint64_t dictionary = 0;
  std::uint64_t size = 0;
  for (std::size_t i = 4; i >= 1; --i) dictionary = dictionary << 8 | std::to_integer<std::uint64_t>(head[i]);
  for (std::size_t i = 12; i >= 5; --i) size = size << 8 | std::to_integer<std::uint64_t>(head[i]);
  const bool plausible_dictionary = std::has_single_bit(dictionary) ||
                                    (dictionary % 3 == 0 && std::has_single_bit(dictionary / 3)) ||
                                    dictionary == 0xFFFFFFFFu;
  return plausible_dictionary && (size == ~0ull || size < (1ull << 38));
}

}  // namespace

Compression detect_compression(std::span<const std::byte> head) {
  if (starts_with(head, "\x1F\x8B")) return Compression::gzip;
  if (starts_with(head, "BZh") && head.size() > 3 && head[3] >= std::byte{'1'} && head[3] <= std::byte{'9'}) {
    return Compression::bzip2;
  }
  if (starts_with(head, std::string_view("\xFD\x37\x7A\x58\x5A\x00", 6))) return Compression::xz;
  if (starts_with(head, "\x28\xB5\x2F\xFD")) return Compression::zstd;
  if (starts_with(head, "\x04\x22\x4D\x18")) return Compression::lz4;
  if (is_lzma_alone(head)) return Compression::lzma;
  return Compression::none;
}

// Deflate with a window of at most 32 KiB, a check over both bytes, and no preset dictionary.
bool looks_like_zlib(std::span<const std::byte> head) {
  if (head.size() < 2) return false;
  const auto method = std::to_integer<unsigned>(head[0]);
  const auto flags = std::to_integer<unsigned>(head[1]);
  return (method & 15u) == 8 && method >> 4 <= 7 && (method << 8 | flags) % 31 == 0 && (flags & 32u) == 0;
}

Result<std::unique_ptr<ByteSource>> open_source(const std::filesystem::path& path, DecompressLimits limits) {
  const std::string name = name_of(path);
  SCORIA_TRY(plain, open_plain(path, name));
  return decompressed(std::move(plain), name, limits);
}

Result<std::unique_ptr<ByteSource>> open_plain_source(const std::filesystem::path& path) {
  return open_plain(path, name_of(path));
}

Result<std::unique_ptr<ByteSource>> decompressed(std::unique_ptr<ByteSource> plain, const std::string& name,
                                                 DecompressLimits limits) {
  std::string head(kHeadBytes, '\0');
  std::size_t filled = 0;
  while (filled < head.size()) {
    SCORIA_TRY(count, plain->read(std::span(head).subspan(filled)));
    if (count == 0) break;
    filled += count;
  }
  head.resize(filled);
  const Compression compression = detect_compression(std::as_bytes(std::span(head)));
  std::unique_ptr<ByteSource> whole = std::make_unique<HeadedSource>(std::move(head), std::move(plain));
  if (compression == Compression::none) return whole;
  SCORIA_TRY(source, decompressing_source(std::move(whole), compression, limits));
  return std::unique_ptr<ByteSource>(std::make_unique<NamedSource>(name, std::move(source)));
}

std::unique_ptr<ByteSource> memory_source(std::span<const std::byte> bytes) {
  return std::make_unique<MemorySource>(bytes);
}

}  // namespace scoria
