#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>

namespace scoria {
namespace {

Error system_error(const std::filesystem::path& path, const char* doing) {
  const int number = errno;
  Code code = Code::unavailable;
  if (number == ENOENT || number == ENOTDIR) code = Code::not_found;
  if (number == EACCES || number == EPERM || number == EROFS) code = Code::denied;
  if (number == ENOSPC || number == EDQUOT) code = Code::exhausted;
  return Error{code, "cannot " + std::string(doing) + " '" + path.string() + "': " + std::strerror(number)};
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

Result<std::string> read_all(int descriptor, const std::filesystem::path& path) {
  std::string bytes;
  constexpr std::size_t kStep = 1 << 20;
  for (;;) {
    const std::size_t old = bytes.size();
    bytes.resize(old + kStep);
    const ssize_t n = ::read(descriptor, bytes.data() + old, kStep);
    if (n < 0 && errno == EINTR) {
      bytes.resize(old);
      continue;
    }
    if (n < 0) return system_error(path, "read");
    bytes.resize(old + static_cast<std::size_t>(n));
    if (n == 0) return bytes;
  }
}

}  // namespace

struct FileBytes::Mapping {
  void* address = nullptr;
  std::size_t size = 0;
  std::string copy;  // used when the file could not be mapped

  ~Mapping() {
    if (address != nullptr) ::munmap(address, size);
  }
};

Result<FileBytes> FileBytes::open(const std::filesystem::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) return system_error(path, "open");
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) return system_error(path, "open");
  if (S_ISDIR(status.st_mode)) return Error{Code::invalid, "'" + path.string() + "' is a folder, a file is needed"};
  auto mapping = std::make_shared<Mapping>();
  if (S_ISREG(status.st_mode) && status.st_size > 0) {
    void* address = ::mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ, MAP_PRIVATE, file.number(), 0);
    if (address != MAP_FAILED) {
      mapping->address = address;
      mapping->size = static_cast<std::size_t>(status.st_size);
      return FileBytes(std::move(mapping));
    }
  }
  SCORIA_TRY(copy, read_all(file.number(), path));
  mapping->copy = std::move(copy);
  return FileBytes(std::move(mapping));
}

std::span<const std::byte> FileBytes::bytes() const { return std::as_bytes(std::span(text())); }

std::string_view FileBytes::text() const {
  if (mapping_->address == nullptr) return mapping_->copy;
  return {static_cast<const char*>(mapping_->address), mapping_->size};
}

Result<AtomicFile> AtomicFile::create(const std::filesystem::path& target) {
  static std::atomic<unsigned> counter{0};
  const std::string name =
      "." + target.filename().string() + ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
  std::filesystem::path temporary = target.parent_path() / name;
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0) return system_error(target, "create");
  return AtomicFile(descriptor, std::move(temporary), target);
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      temporary_(std::move(other.temporary_)),
      target_(std::move(other.target_)) {}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

Status AtomicFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(descriptor_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(target_, "write");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return Ok{};
}

Status AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) return system_error(target_, "write");
  if (::close(std::exchange(descriptor_, -1)) != 0) {
    const Error error = system_error(target_, "write");
    ::unlink(temporary_.c_str());
    return error;
  }
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) {
    const Error error = system_error(target_, "replace");
    ::unlink(temporary_.c_str());
    return error;
  }
  return Ok{};
}

Status write_file(const std::filesystem::path& target, std::string_view bytes) {
  SCORIA_TRY(file, AtomicFile::create(target));
  SCORIA_TRY_STATUS(file.write(bytes));
  return file.commit();
}

}  // namespace scoria
