// Writes a pack, model by model. Nothing appears under its name before commit(); who has an older pack of that name open keeps it.
// Memory: some 70 bytes for a model, and a few MB.
// Threads: one caller at a time. Owns: the file until it is committed or dropped.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "model/model.h"
#include "pack/contents.h"
#include "pack/format.h"
#include "pack/schema.h"

namespace scoria::pack {

// Where a model came from.
struct ModelSource {
  std::string path;
  std::uint64_t bytes = 0;
  std::array<std::byte, 32> sha256{};
  std::string class_name;  // of ModelClass
  std::string writer;
};

class PackWriter {
 public:
  // `about` has keys, source, packed, scoria and command. Errors: the file's; invalid: key columns.
  static Result<PackWriter> create(const std::filesystem::path& path, Contents about);

  // `file` are the bytes that the model was read from; they are kept where it has no ready form. A ready form is tried against
  // the model first. Errors: invalid (the key), conflict (the trial), too_large, and the file's.
  Status add(std::span<const std::string> key, const ModelSource& source, const model::Model& model,
             std::span<const std::byte> file);

  // Errors: conflict, where two models have one key, naming it; the file's. After an error the pack is dropped.
  Status commit();

  const Contents& contents() const { return contents_; }
  std::uint64_t models() const { return entries_.size(); }
  std::uint64_t bytes() const { return written_; }  // so far

 private:
  struct Entry {
    std::uint64_t hash = 0;
    std::uint64_t place = 0;
    std::uint64_t key = 0;  // where it begins in keys_; it ends where the next one's begins
  };
  struct KnownSchema {
    std::uint32_t number = 0;
    Schema schema;
  };

  PackWriter(AtomicFile file, Contents about) : file_(std::move(file)), contents_(std::move(about)) {}

  Result<const KnownSchema*> known_schema(const std::string& json);
  Result<std::uint32_t> class_number(const ModelSource& source);
  Status add_record(RecordHead head, std::string_view key, std::string_view body, const ModelSource& source);
  Status flush();
  Status write(std::string_view bytes);
  Status align();
  Result<std::vector<Slot>> make_index(Tail& tail) const;
  std::string_view key_of(std::size_t entry) const;

  AtomicFile file_;
  Contents contents_;
  std::uint64_t written_ = 0;
  std::vector<std::uint32_t> checksums_;
  std::uint32_t block_crc_ = 0;  // of the block that is being written
  std::string records_;          // not yet written
  std::string origins_;          // of those records
  std::size_t flushed_ = 0;      // entries whose place is the file's
  std::vector<Entry> entries_;
  std::string keys_;
  std::map<std::string, KnownSchema, std::less<>> schemas_;
  std::map<std::pair<std::string, std::string>, std::uint32_t> classes_;
};

}  // namespace scoria::pack
