#include "sim/disk_inode.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace scoria::sim {
namespace {

constexpr std::uint64_t kSector = 512;

void put(std::vector<std::byte>& content, std::uint64_t offset, std::span<const std::byte> bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
  if (!bytes.empty()) std::memcpy(content.data() + offset, bytes.data(), bytes.size());
}

}  // namespace

void Disk::Inode::apply(const Change& change) {
  if (change.is_truncation) {
    durable.resize(change.offset);
  } else {
    put(durable, change.offset, bytes_of(change));
  }
}

void Disk::Inode::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (has_durably(offset, bytes)) return;
  put(now, offset, bytes);
  changes.push_back({.offset = offset, .begin = written.size(), .size = bytes.size()});
  written.insert(written.end(), bytes.begin(), bytes.end());
}

void Disk::Inode::apply_in_part(const Change& change, Random& random) {
  if (change.is_truncation) return;
  const std::span<const std::byte> bytes = bytes_of(change);
  const std::uint64_t kind = random.below(8);
  if (kind == 0) {  // the length, and zeros
    if (durable.size() < change.offset + change.size) durable.resize(change.offset + change.size);
    return;
  }
  if (kind < 4) {
    put(durable, change.offset, bytes.first(random.below(bytes.size() + 1)));
    return;
  }
  std::uint64_t begin = 0;
  while (begin < bytes.size()) {
    const std::uint64_t to_border = kSector - (change.offset + begin) % kSector;
    const std::uint64_t size = std::min<std::uint64_t>(to_border, bytes.size() - begin);
    if (random.chance(0.5)) put(durable, change.offset + begin, bytes.subspan(begin, size));
    begin += size;
  }
}

void Disk::Inode::leave_to_chance(Random& random) {
  constexpr std::array<double, 5> kLikelihoods = {0, 0.1, 0.5, 0.9, 1};
  Fate fate;
  if (random.chance(0.3)) {
    fate = {.whole_before = random.below(changes.size() + 1)};  // in order, as most disks do most of the time
  } else {
    fate = {.survives = random.pick(kLikelihoods), .torn = random.chance(0.5) ? 0.3 : 0};
  }
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (i < fate.whole_before || random.chance(fate.survives)) {
      apply(changes[i]);
    } else if (i == fate.whole_before || random.chance(fate.torn)) {
      apply_in_part(changes[i], random);
    }
  }
  forget_changes();
}

}  // namespace scoria::sim
