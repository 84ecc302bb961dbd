#include "base/tar.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace scoria {
namespace {

// Places and sizes of a header's fields.
struct Field {
  std::size_t at, size;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kOwner{108, 8}, kGroup{116, 8}, kSize{124, 12}, kModified{136, 12},
    kSum{148, 8}, kPrefix{345, 155};
constexpr std::size_t kType = 156;
constexpr Field kMagic{257, 8};
constexpr std::string_view kUstar("ustar\00000", 8);
constexpr std::uint64_t kOctalLimit = 1ull << 33;  // eleven octal digits

void put(std::string& header, Field field, std::string_view text) {
  header.replace(field.at, std::min(field.size, text.size()), text.substr(0, field.size));
}

void put_octal(std::string& header, Field field, std::uint64_t value) {
  char text[32];
  std::snprintf(text, sizeof text, "%0*llo", static_cast<int>(field.size - 1), static_cast<unsigned long long>(value));
  put(header, field, text);
}

std::string_view get(std::string_view header, Field field) {
  const std::string_view text = header.substr(field.at, field.size);
  return text.substr(0, text.find('\0'));
}

std::optional<std::uint64_t> get_number(std::string_view header, Field field) {
  const std::string_view raw = header.substr(field.at, field.size);
  std::uint64_t value = 0;
  if (static_cast<unsigned char>(raw[0]) == 0x80) {
    for (std::size_t i = 1; i < raw.size(); ++i) {
      if (value >> 55 != 0) return std::nullopt;
      value = value << 8 | static_cast<unsigned char>(raw[i]);
    }
    return value;
  }
  std::size_t digits = 0;
  for (const char c : raw) {
    if (c == '\0' || c == ' ') break;
    if (c < '0' || c > '7') return std::nullopt;
    value = value << 3 | static_cast<std::uint64_t>(c - '0');
    ++digits;
  }
  return digits == 0 ? std::nullopt : std::optional(value);
}

std::uint32_t sum_of(std::string_view header) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const bool is_sum = i >= kSum.at && i < kSum.at + kSum.size;
    sum += is_sum ? ' ' : static_cast<unsigned char>(header[i]);
  }
  return sum;
}

bool is_zero(std::string_view block) { return block.find_first_not_of('\0') == std::string_view::npos; }

}  // namespace

Result<std::string> tar_header(const TarMember& member) {
  std::string header(kTarBlock, '\0');
  std::string_view name = member.name, prefix;
  if (name.size() > kName.size) {
    // At a slash, so that both parts fit and neither is empty.
    const std::size_t cut = name.find('/', name.size() - kName.size - 1);
    if (cut == std::string_view::npos || cut == 0 || cut > kPrefix.size || cut + 1 == name.size()) {
      return Error{Code::invalid, "the name '" + member.name + "' is too long for a tar archive"};
    }
    prefix = name.substr(0, cut);
    name = name.substr(cut + 1);
  }
  if (name.empty() || member.name.find('\0') != std::string::npos) {
    return Error{Code::invalid, "a member of a tar archive must have a name"};
  }
  put(header, kName, name);
  put(header, kPrefix, prefix);
  put_octal(header, kMode, member.mode & 07777);
  put_octal(header, kOwner, 0);
  put_octal(header, kGroup, 0);
  put_octal(header, kModified, static_cast<std::uint64_t>(std::max<std::int64_t>(member.modified, 0)));
  if (member.size < kOctalLimit) {
    put_octal(header, kSize, member.size);
  } else {
    header[kSize.at] = '\x80';
    for (std::size_t i = 0; i < 8; ++i) {
      header[kSize.at + kSize.size - 1 - i] = static_cast<char>(member.size >> 8 * i & 255);
    }
  }
  header[kType] = member.is_folder ? '5' : '0';
  put(header, kMagic, kUstar);
  char sum[8];
  std::snprintf(sum, sizeof sum, "%06o", sum_of(header));
  put(header, kSum, std::string_view(sum, 7));  // six digits, a NUL
  header[kSum.at + 7] = ' ';
  return header;
}

std::string tar_padding(std::uint64_t size) { return std::string((kTarBlock - size % kTarBlock) % kTarBlock, '\0'); }

std::string tar_end() { return std::string(2 * kTarBlock, '\0'); }

Result<TarReader> TarReader::open(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat facts {};
  if (descriptor < 0 || ::fstat(descriptor, &facts) != 0) {
    const int number = errno;
    if (descriptor >= 0) ::close(descriptor);
    const Code code = number == ENOENT ? Code::not_found : number == EACCES ? Code::denied : Code::unavailable;
    return Error{code, "cannot open '" + path.string() + "': " + std::strerror(number)};
  }
  TarReader reader(descriptor, path, static_cast<std::uint64_t>(facts.st_size));
  if (!S_ISREG(facts.st_mode)) return Error{Code::invalid, "'" + path.string() + "' is no plain file"};
  return reader;
}

TarReader::TarReader(TarReader&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      path_(std::move(other.path_)),
      size_(other.size_),
      at_(other.at_),
      content_at_(other.content_at_),
      content_left_(other.content_left_),
      padding_(other.padding_) {}

TarReader::~TarReader() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Error TarReader::damaged(std::string_view what) const {
  return Error{Code::corrupt,
               "archive '" + path_.string() + "', byte " + std::to_string(at_) + ": " + std::string(what)};
}

Result<std::string> TarReader::bytes_at(std::uint64_t offset, std::size_t size) const {
  std::string bytes(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const ssize_t n = ::pread(descriptor_, bytes.data() + got, size - got, static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      return Error{Code::unavailable, "cannot read '" + path_.string() + "': " + std::strerror(errno)};
    }
    if (n == 0) return damaged("the file ends before the archive does");
    got += static_cast<std::size_t>(n);
  }
  return bytes;
}

Result<std::optional<TarMember>> TarReader::next() {
  SCORIA_TRY(padding, bytes_at(at_ - padding_, padding_));
  if (!is_zero(padding)) return damaged("the bytes that fill a member up are not zero");
  SCORIA_TRY(header, bytes_at(at_, kTarBlock));
  if (is_zero(header)) {
    SCORIA_TRY(second, bytes_at(at_ + kTarBlock, kTarBlock));
    if (!is_zero(second)) return damaged("a single block of zeros, where two end an archive");
    // GNU tar fills up to ten kilobytes; whatever is not zero was put there by somebody else.
    for (std::uint64_t rest = at_ + 2 * kTarBlock; rest < size_;) {
      const std::size_t size = std::min<std::uint64_t>(size_ - rest, 64u << 10);
      SCORIA_TRY(bytes, bytes_at(rest, size));
      if (!is_zero(bytes)) return damaged("there are bytes behind the archive's end");
      rest += size;
    }
    return std::optional<TarMember>();
  }
  const auto sum = get_number(header, kSum);
  if (!sum || *sum != sum_of(header)) return damaged("no header of a member, or a damaged one");
  if (get(header, kMagic) != "ustar") return damaged("a member's header is not of ustar form");
  TarMember member;
  const std::string_view prefix = get(header, kPrefix);
  member.name = (prefix.empty() ? "" : std::string(prefix) + "/") + std::string(get(header, kName));
  const char type = header[kType];
  if (type != '0' && type != '\0' && type != '5') {
    return Error{Code::unsupported, damaged("").message + "'" + member.name.substr(0, 80) + "' is of type '" + type +
                                        "': only plain files and folders are read"};
  }
  member.is_folder = type == '5';
  const auto size = get_number(header, kSize), mode = get_number(header, kMode);
  const auto modified = get_number(header, kModified);
  if (!size || !mode || !modified || member.name.empty()) return damaged("a member's header has a broken field");
  member.size = member.is_folder ? 0 : *size;
  member.mode = static_cast<std::uint32_t>(*mode & 07777);
  member.modified = static_cast<std::int64_t>(*modified);
  content_at_ = at_ + kTarBlock;
  if (member.size > size_ - content_at_) {
    return damaged("'" + member.name.substr(0, 80) + "' has " + std::to_string(member.size) +
                   " bytes, more than are left in the file");
  }
  content_left_ = member.size;
  padding_ = (kTarBlock - member.size % kTarBlock) % kTarBlock;
  at_ = content_at_ + member.size + padding_;
  return std::optional(std::move(member));
}

Result<std::string> TarReader::read(std::size_t most) {
  const std::size_t size = std::min<std::uint64_t>(content_left_, most);
  SCORIA_TRY(bytes, bytes_at(content_at_, size));
  content_at_ += size;
  content_left_ -= size;
  return std::move(bytes);
}

}  // namespace scoria
