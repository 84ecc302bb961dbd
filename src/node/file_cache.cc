#include "node/file_cache.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "auth/tokens.h"
#include "net/url.h"
#include "node/keeper_protocol.h"
#include "node/web.h"

namespace scoria::node {
namespace {

constexpr std::size_t kMaxEtag = 80;

std::optional<std::string> decoded(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      bytes += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    bytes += static_cast<char>(std::strtol(std::string(text.substr(i + 1, 2)).c_str(), nullptr, 16));
    i += 2;
  }
  return bytes;
}

}  // namespace

Status copy_bytes(int from, int to) {
  if (ioctl(to, FICLONE, from) == 0) return Ok{};
  loff_t at = 0;
  std::string buffer;
  for (;;) {
    ssize_t copied = buffer.empty() ? copy_file_range(from, &at, to, nullptr, 1u << 30, 0) : -1;
    if (copied < 0 &&
        (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP || !buffer.empty())) {
      buffer.resize(1u << 18);
      const ssize_t size = pread(from, buffer.data(), buffer.size(), at);
      copied = size <= 0 ? size : write(to, buffer.data(), static_cast<std::size_t>(size));
      if (copied > 0) at += copied;
    }
    if (copied == 0) return Ok{};
    if (copied < 0 && errno != EINTR) {
      const bool is_full = errno == ENOSPC || errno == EDQUOT;
      return Error{is_full ? Code::exhausted : Code::unavailable,
                   std::string("a file cannot be copied: ") + strerror(errno), is_full ? "DiskFull" : ""};
    }
  }
}

Result<std::unique_ptr<FileCache>> FileCache::open(const std::filesystem::path& folder, std::uint64_t limit_bytes) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Error{Code::unavailable, "cache '" + folder.string() + "' cannot be made: " + error.message()};
  std::unique_ptr<FileCache> cache(new FileCache(folder, limit_bytes));
  for (std::filesystem::directory_iterator file(folder, error), end; !error && file != end; file.increment(error)) {
    const std::string name = file->path().filename().string();
    const auto dash = name.find('-');
    const auto etag = dash == 64 ? decoded(std::string_view(name).substr(dash + 1)) : std::nullopt;
    std::error_code ignored;
    const std::uint64_t size = file->file_size(ignored);
    if (!etag || ignored || !cache->entries_.try_emplace(name.substr(0, dash), Entry{*etag, size, 0}).second) {
      std::filesystem::remove(file->path(), ignored);  // half written, or older than another
      continue;
    }
    cache->bytes_ += size;
  }
  return cache;
}

std::filesystem::path FileCache::path_of(const std::string& key, const Entry& entry) const {
  return folder_ / (key + "-" + net::percent_encode(entry.etag));
}

void FileCache::drop(std::map<std::string, Entry>::iterator entry) {
  (void)unlink(path_of(entry->first, entry->second).c_str());
  bytes_ -= entry->second.size;
  entries_.erase(entry);
}

std::optional<FileCache::Kept> FileCache::find(std::string_view url) {
  const std::string key = auth::hash_token(without_query(url));
  const std::lock_guard lock(entries_mutex_);
  const auto entry = entries_.find(key);
  if (entry == entries_.end()) return std::nullopt;
  Descriptor file(::open(path_of(key, entry->second).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.is_open()) {
    drop(entry);
    return std::nullopt;
  }
  entry->second.last_use = ++uses_;
  return Kept{entry->second.etag, std::move(file)};
}

void FileCache::keep(std::string_view url, std::string_view etag, int file, std::uint64_t size) {
  if (etag.empty() || etag.size() > kMaxEtag || etag.starts_with("W/") || size > limit_bytes_ / 4) return;
  const std::string key = auth::hash_token(without_query(url));
  const auto fresh = folder_ / ("new." + random_id());
  {
    const Descriptor copy(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!copy.is_open() || !copy_bytes(file, copy.get()).ok()) {
      (void)unlink(fresh.c_str());
      return;
    }
  }
  const std::lock_guard lock(entries_mutex_);
  if (const auto old = entries_.find(key); old != entries_.end()) drop(old);
  while (bytes_ + size > limit_bytes_ && !entries_.empty()) {
    drop(std::min_element(entries_.begin(), entries_.end(),
                          [](const auto& a, const auto& b) { return a.second.last_use < b.second.last_use; }));
  }
  Entry entry{std::string(etag), size, ++uses_};
  if (rename(fresh.c_str(), path_of(key, entry).c_str()) != 0) {
    (void)unlink(fresh.c_str());
    return;
  }
  bytes_ += size;
  entries_.emplace(key, std::move(entry));
}

void FileCache::clear() {
  const std::lock_guard lock(entries_mutex_);
  while (!entries_.empty()) drop(entries_.begin());
}

}  // namespace scoria::node
