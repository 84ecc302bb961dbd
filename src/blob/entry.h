// A blob as its container's journal and index have it. Threads: plain values and free functions.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "blob/blob_store.h"

namespace scoria::blob {

// Where the bytes are: the file `data/FILE` of the container, or the container's journal from `at` on.
struct Body {
  std::uint64_t file = 0;  // 0: in the journal
  std::uint64_t at = 0;
};

// What many blobs of a container have alike: shared between neighbours in the index.
struct Traits {
  std::string content_type, content_encoding, content_language, content_disposition, cache_control;
  Metadata metadata;
  Metadata copy;
  std::vector<std::pair<std::string, std::uint64_t>> block_list;  // ids and lengths, of Put Block List
  bool operator==(const Traits&) const = default;
};

struct Entry {
  BlobType type = BlobType::block;
  std::uint32_t blocks = 0;
  std::uint64_t length = 0;
  WallTime created, modified;
  std::uint64_t etag = 0;
  Body body;
  std::string content_md5;
  std::shared_ptr<const Traits> traits;
  std::uint64_t journal_bytes = 0;  // that this entry keeps alive in the journal
};

std::string etag_text(std::uint64_t etag);  // "0x8DE2F..."
BlobProperties shown(const Entry& entry);
// The settable part of `properties`, and `block_list`.
std::shared_ptr<const Traits> traits_of(const BlobProperties& properties,
                                        std::vector<std::pair<std::string, std::uint64_t>> block_list = {});

struct Block {
  std::uint64_t length = 0;
  Body body;
  WallTime put;
  std::uint64_t journal_bytes = 0;
};

// One line of a container's journal.
struct JournalLine {
  enum class Op : std::uint8_t {
    put,    // the blob is this, and its uncommitted blocks are gone
    set,    // the blob is this now; its uncommitted blocks stay
    erase,  // the blob and its uncommitted blocks are gone
    block,  // an uncommitted block
  } op = Op::put;
  std::string name;
  Entry entry;           // put, set
  std::string block_id;  // block
  Block block;
};

std::string write_line(const JournalLine& line);
// Where the body lies in the journal and the line does not say where, it is the record's own payload: `payload_at`.
// Errors: corrupt.
Result<JournalLine> read_line(std::string_view text, std::uint64_t payload_at);

}  // namespace scoria::blob
