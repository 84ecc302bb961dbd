#include "pack/pack.h"

#include <algorithm>
#include <cstring>

#include "base/checksum.h"
#include "base/file.h"
#include "pack/key.h"

namespace scoria::pack {
namespace {

constexpr std::uint64_t kMostContents = 256u << 20;
constexpr std::uint64_t kMostStoredProbes = 1 << 16;

template <typename T>
T read_at(std::span<const std::byte> bytes, std::uint64_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string hex(std::span<const std::byte> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += kDigits[std::to_integer<unsigned>(byte) >> 4];
    text += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

}  // namespace

bool Pack::is_pack(std::span<const std::byte> bytes) {
  return bytes.size() >= sizeof(Head) && read_at<std::uint64_t>(bytes, 0) == kHeadMagic;
}

Result<PackPtr> Pack::open(const std::filesystem::path& path) {
  SCORIA_TRY(file, FileBytes::open(path));
  auto owner = std::make_shared<FileBytes>(std::move(file));
  const std::span<const std::byte> bytes = owner->bytes();
  return over(bytes, path.string(), std::move(owner));
}

Result<PackPtr> Pack::over(std::span<const std::byte> bytes, std::string name, std::shared_ptr<const void> owner) {
  SCORIA_CHECK(reinterpret_cast<std::uintptr_t>(bytes.data()) % kAlignment == 0);
  const std::shared_ptr<Pack> pack(new Pack(bytes, std::move(name), std::move(owner)));
  SCORIA_TRY_STATUS(pack->read());
  return PackPtr(pack);
}

Error Pack::corrupt(const std::string& what) const {
  return Error{Code::corrupt, "pack '" + name_ + "': " + what + "; make it anew with 'scoria pack'"};
}

Status Pack::read() {
  if (!is_pack(bytes_)) return Error{Code::invalid, "'" + name_ + "' is no pack: it does not begin as one"};
  const Head head = read_at<Head>(bytes_, 0);
  if (head.version != kVersion) {
    return Error{Code::unsupported, "pack '" + name_ + "' has version " + std::to_string(head.version) +
                                        " of the format, this program reads " + std::to_string(kVersion)};
  }
  if (head.byte_order != Head{}.byte_order) return corrupt("its byte order is unknown");
  if (bytes_.size() < sizeof(Head) + sizeof(Tail)) return corrupt("it is cut off");
  tail_ = read_at<Tail>(bytes_, bytes_.size() - sizeof(Tail));
  if (tail_.magic != kTailMagic) return corrupt("it is cut off: its last bytes are not those of a pack");
  Tail sum = tail_;
  sum.tail_crc = 0;
  if (crc32(std::as_bytes(std::span(&sum, 1))) != tail_.tail_crc) return corrupt("its last block is damaged");
  SCORIA_TRY_STATUS(check_extents());
  const auto checksums = bytes_.subspan(tail_.checksums.offset, tail_.checksums.bytes);
  if (crc32(checksums) != tail_.checksums_crc) return corrupt("its checksums are damaged");
  is_good_ = std::make_unique<std::atomic<bool>[]>(checksums.size() / sizeof(std::uint32_t));
  SCORIA_TRY_STATUS(touch(tail_.contents.offset, tail_.contents.bytes, tail_.index.offset));
  auto contents = read_contents(text_of(bytes_.subspan(tail_.contents.offset, tail_.contents.bytes)));
  if (!contents.ok()) return corrupt(contents.error().message);
  contents_ = std::move(contents).value();
  return Ok{};
}

Status Pack::check_extents() const {
  const std::uint64_t end = bytes_.size() - sizeof(Tail);
  if (tail_.file_bytes != bytes_.size()) {
    return corrupt("it has " + std::to_string(bytes_.size()) + " bytes, and was written with " +
                   std::to_string(tail_.file_bytes));
  }
  for (const Extent& extent : {tail_.contents, tail_.index, tail_.checksums}) {
    if (extent.offset < sizeof(Head) || extent.offset > end || extent.bytes > end - extent.offset ||
        extent.offset % kAlignment != 0) {
      return corrupt("a part of it lies outside of it");
    }
  }
  const std::uint64_t blocks = (tail_.checksums.offset + kBlockBytes - 1) / kBlockBytes;
  const bool is_in_order = tail_.contents.offset + tail_.contents.bytes <= tail_.index.offset &&
                           tail_.index.offset + tail_.index.bytes <= tail_.checksums.offset &&
                           tail_.checksums.offset + tail_.checksums.bytes <= end;
  if (!is_in_order || tail_.contents.bytes > kMostContents || tail_.checksums.bytes != blocks * sizeof(std::uint32_t)) {
    return corrupt("its parts do not fit each other");
  }
  if (!std::has_single_bit(tail_.slots) || tail_.slots > bytes_.size() || tail_.most_probes > kMostStoredProbes ||
      tail_.index.bytes != (tail_.slots + tail_.most_probes) * sizeof(Slot) || tail_.models > tail_.slots) {
    return corrupt("its index has another size than it says");
  }
  return Ok{};
}

Status Pack::touch(std::uint64_t offset, std::uint64_t bytes, std::uint64_t end) const {
  if (offset > end || bytes > end - offset)
    return corrupt("byte " + std::to_string(offset) + " points outside of its part");
  if (bytes == 0) return Ok{};
  const std::size_t last = (offset + bytes - 1) / kBlockBytes;
  for (std::size_t block = offset / kBlockBytes; block <= last; ++block) {
    if (is_good_[block].load(std::memory_order_relaxed)) continue;
    SCORIA_TRY_STATUS(check_block(block));
  }
  return Ok{};
}

Status Pack::check_block(std::size_t block) const {
  const std::uint64_t begin = block * kBlockBytes;
  const std::uint64_t bytes = std::min<std::uint64_t>(kBlockBytes, tail_.checksums.offset - begin);
  const auto expected = read_at<std::uint32_t>(bytes_, tail_.checksums.offset + block * sizeof(std::uint32_t));
  if (crc32(bytes_.subspan(begin, bytes)) != expected) {
    return corrupt("block " + std::to_string(block) + " (bytes " + std::to_string(begin) + " to " +
                   std::to_string(begin + bytes - 1) + ") is damaged");
  }
  // Nothing is published by this flag: the bytes are the file's.
  is_good_[block].store(true, std::memory_order_relaxed);
  return Ok{};
}

Status Pack::check_all() const { return touch(0, tail_.checksums.offset, tail_.checksums.offset); }

Result<Record> Pack::record(std::uint64_t place) const {
  const std::uint64_t end = tail_.contents.offset;
  if (place < sizeof(Head) || place % kAlignment != 0)
    return corrupt("byte " + std::to_string(place) + " is no place of a model");
  SCORIA_TRY_STATUS(touch(place, sizeof(RecordHead), end));
  Record record{.head = read_at<RecordHead>(bytes_, place), .key = {}, .body = {}};
  const RecordHead& head = record.head;
  const std::uint64_t before_body = sizeof(RecordHead) + padded(head.key_bytes);
  if (head.bytes % kAlignment != 0 || head.bytes < before_body) {
    return corrupt("byte " + std::to_string(place) + " is no model: its length is wrong");
  }
  SCORIA_TRY_STATUS(touch(place, head.bytes, end));
  record.key = text_of(bytes_.subspan(place + sizeof(RecordHead), head.key_bytes));
  record.body = bytes_.subspan(place + before_body, head.bytes - before_body);
  const bool is_form = head.form == Form::source || head.form == Form::kernel_machine || head.form == Form::linear;
  if (!is_form || head.class_number >= contents_.classes.size() ||
      (head.form != Form::source && head.schema >= contents_.schemas.size())) {
    return corrupt("byte " + std::to_string(place) + " is no model: its kind is unknown");
  }
  return record;
}

Result<OriginFacts> Pack::origin(const Record& record) const {
  const std::uint64_t end = tail_.contents.offset;
  SCORIA_TRY_STATUS(touch(record.head.origin, sizeof(Origin), end));
  const Origin origin = read_at<Origin>(bytes_, record.head.origin);
  const std::uint64_t path = record.head.origin + sizeof(Origin);
  SCORIA_TRY_STATUS(touch(path, origin.path_bytes, end));
  return OriginFacts{.path = text_of(bytes_.subspan(path, origin.path_bytes)),
                     .bytes = origin.file_bytes,
                     .sha256 = hex(origin.sha256)};
}

Result<std::span<const std::byte>> Pack::source(const Record& record) const {
  SCORIA_CHECK(record.head.form == Form::source);
  if (record.body.size() != sizeof(Extent)) return corrupt("a model's record has a wrong length");
  const Extent extent = read_at<Extent>(record.body, 0);
  SCORIA_TRY_STATUS(touch(extent.offset, extent.bytes, tail_.contents.offset));
  return bytes_.subspan(extent.offset, extent.bytes);
}

Result<Found> Pack::search(std::uint64_t hash, std::string_view key) const {
  const std::uint64_t first = hash & (tail_.slots - 1);
  for (std::uint64_t i = 0; i <= tail_.most_probes && first + i < slots(); ++i) {
    const std::uint64_t offset = tail_.index.offset + (first + i) * sizeof(Slot);
    SCORIA_TRY_STATUS(touch(offset, sizeof(Slot), tail_.checksums.offset));
    const Slot slot = read_at<Slot>(bytes_, offset);
    if (slot.record == 0) return Found{};
    if (slot.hash != hash) continue;
    SCORIA_TRY(found, record(slot.record));
    if (found.key == key) return Found{slot.record, first + i};
  }
  return Found{};
}

Result<std::optional<Record>> Pack::in_slot(std::uint64_t slot) const {
  SCORIA_CHECK(slot < slots());
  const std::uint64_t offset = tail_.index.offset + slot * sizeof(Slot);
  SCORIA_TRY_STATUS(touch(offset, sizeof(Slot), tail_.checksums.offset));
  const std::uint64_t place = read_at<Slot>(bytes_, offset).record;
  if (place == 0) return std::optional<Record>();
  SCORIA_TRY(found, record(place));
  return std::optional<Record>(found);
}

// The misses of many searches are waited for together: their slots are asked for first, then the records that those name.
Status Pack::find(std::span<const std::string_view> keys, std::span<Found> found) const {
  SCORIA_CHECK(keys.size() == found.size());
  constexpr std::size_t kTogether = 32;
  constexpr std::size_t kLine = 64;
  std::array<std::uint64_t, kTogether> hashes;
  for (std::size_t begin = 0; begin < keys.size(); begin += kTogether) {
    const std::size_t count = std::min(kTogether, keys.size() - begin);
    for (std::size_t i = 0; i < count; ++i) {
      hashes[i] = hash_key(keys[begin + i]);
      __builtin_prefetch(bytes_.data() + tail_.index.offset + (hashes[i] & (tail_.slots - 1)) * sizeof(Slot));
    }
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t at = tail_.index.offset + (hashes[i] & (tail_.slots - 1)) * sizeof(Slot);
      SCORIA_TRY_STATUS(touch(at, sizeof(Slot), tail_.checksums.offset));
      const Slot slot = read_at<Slot>(bytes_, at);
      if (slot.hash != hashes[i] || slot.record >= tail_.contents.offset) continue;
      for (std::size_t line = 0; line < 3; ++line) __builtin_prefetch(bytes_.data() + slot.record + line * kLine);
    }
    for (std::size_t i = 0; i < count; ++i) {
      SCORIA_TRY(one, search(hashes[i], keys[begin + i]));
      found[begin + i] = one;
    }
  }
  return Ok{};
}

}  // namespace scoria::pack
