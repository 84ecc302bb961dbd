#include "node/node_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace scoria::node {
namespace {

constexpr std::size_t kMaxPath = 4096;
constexpr int kMaxFolderDepth = 128;
constexpr std::uint64_t kMaxReadBytes = 64u << 20;

Error path_error(std::string_view path, int error) {
  const std::string name = "file '" + std::string(path) + "'";
  switch (error) {
    case ENOENT:
    case ENOTDIR: return {Code::not_found, name + " is not on the node", "FileNotFound"};
    case EXDEV:
    case ELOOP: return {Code::denied, name + " leads out of the node's folder, which is not allowed", "FileNotFound"};
    case ENOTEMPTY:
    case EEXIST:
      return {Code::conflict, name + " is a folder that is not empty; it can be deleted recursively",
              "OperationInvalidForCurrentState"};
    default: return {Code::denied, name + " cannot be reached: " + strerror(error), "FileNotFound"};
  }
}

FileFacts facts_of(std::string path, const struct statx& status) {
  const auto microseconds = [](const statx_timestamp& time) {
    return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000;
  };
  const bool has_birth = (status.stx_mask & STATX_BTIME) != 0;
  return {.path = std::move(path),
          .is_directory = S_ISDIR(status.stx_mode),
          .length = S_ISREG(status.stx_mode) ? status.stx_size : 0,
          .created_us = microseconds(has_birth ? status.stx_btime : status.stx_mtime),
          .modified_us = microseconds(status.stx_mtime),
          .mode = status.stx_mode & 07777u};
}

Result<FileFacts> facts_at(int folder, const std::string& name, std::string path) {
  struct statx status {};
  const int flags = name.empty() ? AT_EMPTY_PATH : AT_SYMLINK_NOFOLLOW;
  if (statx(folder, name.c_str(), flags, STATX_BASIC_STATS | STATX_BTIME, &status) != 0) return path_error(path, errno);
  return facts_of(std::move(path), status);
}

// Without openat2: part by part, and no links.
int open_by_parts(int folder, const std::string& path, int flags) {
  Descriptor at(openat(folder, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  std::size_t begin = 0;
  while (at.is_open()) {
    const std::size_t end = path.find('/', begin);
    const std::string part = path.substr(begin, end == std::string::npos ? end : end - begin);
    if (end == std::string::npos) return openat(at.get(), part.c_str(), flags | O_NOFOLLOW | O_CLOEXEC);
    at = Descriptor(openat(at.get(), part.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    begin = end + 1;
  }
  return -1;
}

std::string joined(std::string_view folder, std::string_view name) {
  return folder.empty() ? std::string(name) : std::string(folder) + "/" + std::string(name);
}

std::vector<std::string> names_in(int folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(fdopendir(folder), closedir);
  if (!entries) {
    close(folder);
    return names;
  }
  while (const dirent* entry = readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

void list_into(int folder, std::string_view path, bool is_recursive, std::size_t limit, int depth,
               NodeFiles::Listing& listing) {
  const int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return;  // not for us to read: its files are not listed
  for (const auto& name : names_in(copy)) {
    if (listing.files.size() >= limit) {
      listing.is_cut = true;
      return;
    }
    auto facts = facts_at(folder, name, joined(path, name));
    if (!facts.ok()) continue;  // gone meanwhile
    const bool is_directory = facts.value().is_directory;
    listing.files.push_back(std::move(facts).value());
    if (!is_recursive || !is_directory || depth >= kMaxFolderDepth) continue;
    const Descriptor below(openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (below.is_open()) list_into(below.get(), joined(path, name), true, limit, depth + 1, listing);
  }
}

int remove_tree(int folder, const std::string& name, int depth) {
  if (unlinkat(folder, name.c_str(), 0) == 0) return 0;
  if (errno != EISDIR && errno != EPERM) return errno;
  if (unlinkat(folder, name.c_str(), AT_REMOVEDIR) == 0) return 0;
  if ((errno != ENOTEMPTY && errno != EEXIST) || depth >= 4 * kMaxFolderDepth) return errno;
  const Descriptor below(openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!below.is_open()) return errno;
  const int copy = openat(below.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return errno;
  int error = 0;
  for (const auto& inner : names_in(copy)) {
    const int inner_error = remove_tree(below.get(), inner, depth + 1);
    if (inner_error != 0 && inner_error != ENOENT) error = inner_error;
  }
  if (error != 0) return error;
  return unlinkat(folder, name.c_str(), AT_REMOVEDIR) == 0 ? 0 : errno;
}

}  // namespace

Result<std::string> tidy_relative_path(std::string_view path) {
  const auto refused = [&](std::string_view why) {
    return Error{Code::invalid, "path '" + std::string(path.substr(0, 200)) + "' " + std::string(why),
                 "InvalidPropertyValue"};
  };
  if (path.size() > kMaxPath) return refused("is longer than 4,096 bytes");
  if (path.find('\0') != std::string_view::npos) return refused("holds a zero byte");
  if (path.starts_with('/')) return refused("is absolute; it must be relative to the task's or the node's folder");
  std::string tidy;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (part.empty() || part == ".") continue;
    if (part == "..") return refused("holds '..'; it must stay in its folder");
    if (part.size() > 255) return refused("has a part of more than 255 bytes");
    tidy = joined(tidy, part);
  }
  return tidy;
}

Result<NodeFiles> NodeFiles::open(const std::filesystem::path& folder) {
  Descriptor descriptor(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor.is_open()) return path_error(folder.string(), errno);
  return NodeFiles(std::make_shared<const Descriptor>(std::move(descriptor)));
}

Result<Descriptor> NodeFiles::open_beneath(std::string_view path, int flags) const {
  SCORIA_TRY(tidy, tidy_relative_path(path));
  const std::string name = tidy.empty() ? "." : tidy;
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  int file = -1;
  for (int tries = 0; tries < 10; ++tries) {  // EAGAIN: something on the way was renamed meanwhile
    file = static_cast<int>(syscall(SYS_openat2, folder_->get(), name.c_str(), &how, sizeof how));
    if (file >= 0 || errno != EAGAIN) break;
  }
  if (file < 0 && (errno == ENOSYS || errno == EPERM)) file = open_by_parts(folder_->get(), name, flags);
  if (file < 0) return path_error(path, errno);
  return Descriptor(file);
}

Result<NodeFiles::Listing> NodeFiles::list(std::string_view path, bool is_recursive, std::size_t limit) const {
  SCORIA_TRY(tidy, tidy_relative_path(path));
  SCORIA_TRY(folder, open_beneath(tidy, O_RDONLY | O_DIRECTORY));
  Listing listing;
  list_into(folder.get(), tidy, is_recursive, limit, 0, listing);
  return listing;
}

Result<FileFacts> NodeFiles::properties(std::string_view path) const {
  SCORIA_TRY(tidy, tidy_relative_path(path));
  SCORIA_TRY(file, open_beneath(tidy, O_PATH));
  return facts_at(file.get(), "", tidy);
}

Result<NodeFiles::Opened> NodeFiles::open_file(std::string_view path) const {
  SCORIA_TRY(tidy, tidy_relative_path(path));
  SCORIA_TRY(file, open_beneath(tidy, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  SCORIA_TRY(facts, facts_at(file.get(), "", tidy));
  struct stat status {};
  if (fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return Error{Code::invalid, "'" + tidy + "' is no file" + (facts.is_directory ? " but a folder" : ""),
                 "FileNotFound"};
  }
  std::shared_ptr<const int> descriptor(new int(file.release()), [](const int* owned) {
    close(*owned);
    delete owned;
  });
  return Opened{std::move(facts), std::move(descriptor)};
}

Result<std::string> NodeFiles::read(std::string_view path, std::uint64_t offset, std::uint64_t length) const {
  SCORIA_TRY(opened, open_file(path));
  const std::uint64_t size = opened.facts.length;
  std::string bytes(offset >= size ? 0 : std::min({length, size - offset, kMaxReadBytes}), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got =
        pread(*opened.descriptor, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return path_error(path, errno);
    if (got == 0) break;  // shortened meanwhile
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

Status NodeFiles::remove(std::string_view path, bool is_recursive) const {
  SCORIA_TRY(tidy, tidy_relative_path(path));
  if (tidy.empty()) return Error{Code::invalid, "the node's own folder cannot be deleted", "InvalidPropertyValue"};
  const std::size_t slash = tidy.rfind('/');
  SCORIA_TRY(folder, open_beneath(slash == std::string::npos ? "" : tidy.substr(0, slash), O_RDONLY | O_DIRECTORY));
  const std::string name = slash == std::string::npos ? tidy : tidy.substr(slash + 1);
  int error = 0;
  if (is_recursive) {
    error = remove_tree(folder.get(), name, 0);
  } else if (unlinkat(folder.get(), name.c_str(), 0) != 0) {
    error = errno;
    if ((error == EISDIR || error == EPERM) && unlinkat(folder.get(), name.c_str(), AT_REMOVEDIR) == 0)
      error = 0;
    else if (error == EISDIR || error == EPERM)
      error = errno;
  }
  if (error != 0) return path_error(tidy, error);
  return Ok{};
}

}  // namespace scoria::node
