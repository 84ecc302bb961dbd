// A pack: many models in one file that is mapped and used where it lies, found by key.
// docs/formats/pack.md describes every byte. Blocks of the file are checked against their checksums when they are first touched, and every
// offset, length and count before it is used: a damaged pack is an error that names it, never a wrong number.
// Threads: immutable but for what it knows of checked blocks; all members may run concurrently.
// Ownership: shares the mapping; a pack that is replaced by another file stays as it was for those who opened it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pack/contents.h"
#include "pack/format.h"

namespace scoria::pack {

// A model's bytes, valid as long as its pack.
struct Record {
  RecordHead head;
  std::string_view key;             // key.h
  std::span<const std::byte> body;  // of the form, 8-aligned
};

// Where a model came from.
struct OriginFacts {
  std::string_view path;  // as it was packed; valid as long as the pack
  std::uint64_t bytes = 0;
  std::string sha256;
};

// What a search found.
struct Found {
  std::uint64_t place = 0;  // of the record; 0: no such key
  std::uint64_t slot = 0;   // of the index: a number for the model
};

class Pack {
 public:
  // Errors: the file's; invalid, where it is no pack; corrupt, saying what is wrong; unsupported, for another version.
  static Result<std::shared_ptr<const Pack>> open(const std::filesystem::path& path);
  // The same of bytes in memory, kept by `owner`; `name` is for messages. Precondition: 8-aligned.
  static Result<std::shared_ptr<const Pack>> over(std::span<const std::byte> bytes, std::string name,
                                                  std::shared_ptr<const void> owner);

  // Whether a file begins as a pack does.
  static bool is_pack(std::span<const std::byte> bytes);

  const std::string& name() const { return name_; }
  const Contents& contents() const { return contents_; }
  std::uint64_t models() const { return tail_.models; }
  std::uint64_t bytes() const { return bytes_.size(); }

  // The models with these keys (key.h). Many at once are found faster than one by one.
  // Errors: corrupt. Precondition: as many `found` as keys.
  Status find(std::span<const std::string_view> keys, std::span<Found> found) const;

  // All models, in no order that means anything: slots are [0, slots()), and some are free.
  std::uint64_t slots() const { return tail_.slots + tail_.most_probes; }
  // nullopt: the slot is free. Precondition: slot < slots(). Errors: as record().
  Result<std::optional<Record>> in_slot(std::uint64_t slot) const;

  // Errors: corrupt, naming pack and place: the block is damaged, or its bytes are no record.
  Result<Record> record(std::uint64_t place) const;
  Result<OriginFacts> origin(const Record& record) const;
  // The file's bytes of a record whose form is source.
  Result<std::span<const std::byte>> source(const Record& record) const;

  // Every byte of the file against its checksums. Errors: corrupt, naming the first block that is damaged.
  Status check_all() const;

  Error corrupt(const std::string& what) const;

 private:
  Pack(std::span<const std::byte> bytes, std::string name, std::shared_ptr<const void> owner)
      : bytes_(bytes), name_(std::move(name)), owner_(std::move(owner)) {}

  Status read();
  Status check_extents() const;
  // Whether the bytes lie before `end` and their blocks are what they were when written.
  Status touch(std::uint64_t offset, std::uint64_t bytes, std::uint64_t end) const;
  Status check_block(std::size_t block) const;
  Result<Found> search(std::uint64_t hash, std::string_view key) const;

  std::span<const std::byte> bytes_;
  std::string name_;
  std::shared_ptr<const void> owner_;
  Tail tail_;
  Contents contents_;
  mutable std::unique_ptr<std::atomic<bool>[]> is_good_;  // of each block; false: not yet checked
};

using PackPtr = std::shared_ptr<const Pack>;

}  // namespace scoria::pack
