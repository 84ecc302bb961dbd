#include "blob/picture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "blob/disk.h"

namespace scoria::blob {

Result<std::unique_ptr<Picture>> Picture::create(std::filesystem::path folder) {
  if (::mkdir(folder.c_str(), 0700) != 0) return disk_error(folder, "make the folder");
  return std::unique_ptr<Picture>(new Picture(std::move(folder)));
}

Picture::~Picture() {
  std::error_code ignored;  // what stays goes when the store is opened again
  std::filesystem::remove_all(folder_, ignored);
}

Status Picture::add_folder(const std::string& name) {
  SCORIA_TRY_STATUS(make_folder(folder_ / name));
  folders_.push_back(name);
  return Ok{};
}

Status Picture::link(const std::filesystem::path& from, const std::string& name, std::uint64_t length) const {
  const std::filesystem::path to = folder_ / name;
  if (::link(from.c_str(), to.c_str()) == 0) return Ok{};
  if (errno == EEXIST) {
    std::error_code error;
    if (std::filesystem::file_size(to, error) >= length && !error) return Ok{};
    ::unlink(to.c_str());  // a copy of what has grown since
  } else if (errno == ENOENT) {
    return disk_error(from, "open");
  }
  SCORIA_TRY(source, open_file(from, O_RDONLY));
  SCORIA_TRY(target, open_file(to, O_WRONLY | O_CREAT | O_EXCL));
  const Status copied = copy_range(source.number(), 0, target.number(), 0, length, to);
  if (!copied.ok()) ::unlink(to.c_str());
  return copied;
}

void Picture::add_file(std::string name, std::uint64_t length) {
  std::filesystem::path path = folder_ / name;
  files_.push_back({.name = std::move(name), .path = std::move(path), .length = length});
}

void Picture::drop_since(std::size_t folders, std::size_t files) {
  folders_.resize(folders);
  files_.resize(files);
}

}  // namespace scoria::blob
