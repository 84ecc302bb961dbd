#include "blob/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/checksum.h"
#include "base/file.h"
#include "base/log.h"

namespace scoria::blob {
namespace {

constexpr std::string_view kMagic = "SCBLOB1\n";
constexpr std::size_t kHead = 12;
constexpr std::uint32_t kMaxText = 32u << 20;
constexpr std::uint32_t kMaxPayload = 1u << 20;

void put_u32(std::string& bytes, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(value >> shift & 255);
}

std::uint32_t get_u32(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << 8 * i;
  return value;
}

std::uint32_t checksum(std::string_view sizes, std::string_view body) {
  return crc32(std::as_bytes(std::span(body)), crc32(std::as_bytes(std::span(sizes))));
}

// The record at `offset`, or false where there is none that is whole.
bool read_record(std::string_view file, std::uint64_t offset, Journal::Record& record) {
  const std::string_view rest = file.substr(offset);
  if (rest.size() < kHead) return false;
  const std::uint32_t text = get_u32(rest);
  const std::uint32_t payload = get_u32(rest.substr(4));
  if (text > kMaxText || payload > kMaxPayload || rest.size() - kHead < std::uint64_t{text} + payload) return false;
  if (checksum(rest.substr(0, 8), rest.substr(kHead, text + payload)) != get_u32(rest.substr(8))) return false;
  record = {.text = rest.substr(kHead, text),
            .payload_at = offset + kHead + text,
            .payload_size = payload,
            .size = kHead + text + payload};
  return true;
}

// Records that were flushed lie before the first broken one, unless the disk itself lost bytes: then a person may want what is cut off.
Status keep_tail(const std::filesystem::path& path, std::string_view tail) {
  const std::filesystem::path kept = path.string() + ".cut";
  log::error("blob_journal_cut", {{"file", path.string()}, {"bytes", tail.size()}, {"kept", kept.string()}});
  return write_file(kept, tail);
}

}  // namespace

Result<std::shared_ptr<Journal>> Journal::create(const std::filesystem::path& path) {
  SCORIA_TRY(file, open_file(path, O_RDWR | O_CREAT | O_TRUNC));
  SCORIA_TRY_STATUS(write_at(file.number(), 0, kMagic, path));
  return std::shared_ptr<Journal>(new Journal(path, std::move(file).share(), kMagic.size()));
}

Result<Journal::Extent> Journal::scan(const std::filesystem::path& path, const Visit& visit) {
  SCORIA_TRY(bytes, FileBytes::open(path));
  const std::string_view text = bytes.text();
  if (!text.starts_with(kMagic)) {
    if (kMagic.starts_with(text)) return Extent{.whole = 0, .size = text.size()};  // a crash came while it was made
    return Error{Code::corrupt, "'" + path.string() + "' is no journal of blobs of this version (SCBLOB1)"};
  }
  Extent extent{.whole = kMagic.size(), .size = text.size()};
  Record record;
  while (read_record(text, extent.whole, record)) {
    SCORIA_TRY_STATUS(visit(record));
    extent.whole += record.size;
  }
  return extent;
}

Result<std::shared_ptr<Journal>> Journal::open(const std::filesystem::path& path, const Visit& visit) {
  SCORIA_TRY(file, open_file(path, O_RDWR));
  SCORIA_TRY(extent, scan(path, visit));
  std::uint64_t end = extent.whole;
  if (end < kMagic.size()) {
    SCORIA_TRY_STATUS(write_at(file.number(), 0, kMagic, path));
    end = kMagic.size();
  } else if (end < extent.size) {
    if (extent.size - end > kHead + kMaxPayload) {
      SCORIA_TRY(bytes, FileBytes::open(path));
      SCORIA_TRY_STATUS(keep_tail(path, bytes.text().substr(end)));
    }
    log::info("blob_journal_ended_early", {{"file", path.string()}, {"bytes", extent.size - end}});
  }
  if (::ftruncate(file.number(), static_cast<off_t>(end)) != 0) return disk_error(path, "shorten");
  return std::shared_ptr<Journal>(new Journal(path, std::move(file).share(), end));
}

Result<Journal::Record> Journal::append(std::string_view text, std::string_view payload) {
  SCORIA_CHECK(text.size() <= kMaxText && payload.size() <= kMaxPayload);
  std::string bytes;
  bytes.reserve(kHead + text.size() + payload.size());
  put_u32(bytes, static_cast<std::uint32_t>(text.size()));
  put_u32(bytes, static_cast<std::uint32_t>(payload.size()));
  const std::uint32_t sizes = crc32(std::as_bytes(std::span(bytes)));
  const std::uint32_t sum = crc32(std::as_bytes(std::span(payload)), crc32(std::as_bytes(std::span(text)), sizes));
  put_u32(bytes, sum);
  bytes += text;
  bytes += payload;
  std::uint64_t offset = 0;
  {
    const std::lock_guard lock(mutex_);
    if (is_broken_) return Error{Code::unavailable, "'" + path_.string() + "' could not be flushed before"};
    offset = size_;
  }
  if (auto written = write_at(*descriptor_, offset, bytes, path_); !written.ok()) {
    // What was written of it is no record; the next one overwrites it.
    (void)::ftruncate(*descriptor_, static_cast<off_t>(offset));
    return std::move(written).error();
  }
  const std::lock_guard lock(mutex_);
  size_ = offset + bytes.size();
  return Record{.text = {},
                .payload_at = offset + kHead + text.size(),
                .payload_size = static_cast<std::uint32_t>(payload.size()),
                .size = bytes.size()};
}

Status Journal::sync() {
  std::unique_lock lock(mutex_);
  const std::uint64_t wanted = size_;
  while (synced_ < wanted && !is_broken_) {
    if (is_syncing_) {
      flushed_.wait(lock);
      continue;
    }
    is_syncing_ = true;
    const std::uint64_t covered = size_;
    lock.unlock();
    const bool is_done = ::fdatasync(*descriptor_) == 0;
    Error error = is_done ? Error{Code::unavailable, ""} : disk_error(path_, "flush");
    lock.lock();
    is_syncing_ = false;
    if (is_done) {
      synced_ = std::max(synced_, covered);
    } else {
      is_broken_ = true;
    }
    flushed_.notify_all();
    if (!is_done) return error;
  }
  if (is_broken_) return Error{Code::unavailable, "'" + path_.string() + "' could not be flushed before"};
  return Ok{};
}

Result<std::string> Journal::read(std::uint64_t offset, std::size_t size) const {
  return read_at(*descriptor_, offset, size, path_);
}

std::uint64_t Journal::size() const {
  const std::lock_guard lock(mutex_);
  return size_;
}

}  // namespace scoria::blob
