#include "access/credential_cache.h"

#include <openssl/rand.h>
#include <sodium.h>

#include <algorithm>
#include <cstring>

#include "base/result.h"

namespace scoria::access {

CredentialCache::CredentialCache(std::size_t most_entries)
    : most_per_part_(std::max<std::size_t>(1, most_entries / kParts)) {
  SCORIA_CHECK(RAND_bytes(key_.data(), static_cast<int>(key_.size())) == 1);
}

Digest CredentialCache::digest(std::string_view credential) const {
  static_assert(std::tuple_size_v<Digest> == crypto_shorthash_siphashx24_BYTES);
  static_assert(sizeof key_ == crypto_shorthash_siphashx24_KEYBYTES);
  Digest made{};
  crypto_shorthash_siphashx24(made.data(), reinterpret_cast<const unsigned char*>(credential.data()), credential.size(),
                              key_.data());
  return made;
}

std::size_t CredentialCache::DigestHash::operator()(const Digest& digest) const {
  std::size_t value = 0;
  std::memcpy(&value, digest.data() + 8, sizeof value);
  return value;
}

CallerPtr CredentialCache::find(const Digest& digest, std::uint64_t generation, WallTime now) {
  Part& part = parts_[digest[0] % kParts];
  const std::lock_guard lock(part.mutex);
  const auto found = part.by_digest.find(digest);
  if (found == part.by_digest.end()) return nullptr;
  const Entry& entry = *found->second;
  const bool is_live = entry.caller->is_live == nullptr || entry.caller->is_live->load(std::memory_order_acquire);
  if (entry.generation == generation && now < entry.until && is_live) {
    if (found->second != part.entries.begin()) part.entries.splice(part.entries.begin(), part.entries, found->second);
    return entry.caller;
  }
  part.entries.erase(found->second);
  part.by_digest.erase(found);
  return nullptr;
}

void CredentialCache::add(const Digest& digest, CallerPtr caller, std::uint64_t generation, WallTime until) {
  Part& part = parts_[digest[0] % kParts];
  const std::lock_guard lock(part.mutex);
  if (const auto found = part.by_digest.find(digest); found != part.by_digest.end()) {
    part.entries.erase(found->second);
    part.by_digest.erase(found);
  }
  if (part.entries.size() >= most_per_part_) {
    part.by_digest.erase(part.entries.back().digest);
    part.entries.pop_back();
  }
  part.entries.push_front({digest, std::move(caller), generation, until});
  part.by_digest.emplace(digest, part.entries.begin());
}

std::size_t CredentialCache::size() const {
  std::size_t count = 0;
  for (const Part& part : parts_) {
    const std::lock_guard lock(part.mutex);
    count += part.entries.size();
  }
  return count;
}

}  // namespace scoria::access
