// Credentials that were found good, by a keyed hash of them, so that a token's signature and a password cost once and not per request.
// Bounded: the least lately used goes first. Source: SipHash-2-4 of 128 bits (Aumasson, Bernstein 2012; libsodium) under a random key of this process: who
// does not know the key cannot make two credentials of one hash, and a SHA-256 of a token would cost three times as much.
// Threads: any number at once; sixteen parts, each with a lock of its own.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "access/caller.h"
#include "base/clock.h"

namespace scoria::access {

using Digest = std::array<unsigned char, 16>;

class CredentialCache {
 public:
  explicit CredentialCache(std::size_t most_entries);

  Digest digest(std::string_view credential) const;
  // Null: not there, past its end, of an older generation, or of a session that is not live any more.
  CallerPtr find(const Digest& digest, std::uint64_t generation, WallTime now);
  void add(const Digest& digest, CallerPtr caller, std::uint64_t generation, WallTime until);
  std::size_t size() const;

 private:
  struct Entry {
    Digest digest;
    CallerPtr caller;
    std::uint64_t generation;
    WallTime until;
  };
  struct DigestHash {
    std::size_t operator()(const Digest& digest) const;
  };
  struct Part {
    mutable std::mutex mutex;
    std::list<Entry> entries;  // the lately used first
    std::unordered_map<Digest, std::list<Entry>::iterator, DigestHash> by_digest;
  };
  static constexpr std::size_t kParts = 16;

  std::size_t most_per_part_;
  std::array<unsigned char, 16> key_{};
  std::array<Part, kParts> parts_;
};

}  // namespace scoria::access
