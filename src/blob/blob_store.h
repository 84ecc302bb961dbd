// Objects ("blobs") in containers, in a folder: each streamed to disk, and there whole or not at all.
//
// Every container is a folder with a journal: one record per change, flushed before the change is acknowledged (writers at the same time
// share a flush). Small bodies lie in the journal, larger ones in a file each, flushed before the record that names it. Names of blobs are
// data in the journal and never names of files, so no name can leave the folder; container names are checked. Writers of one blob do not
// tear each other's bytes; the last one to finish wins. A container's index is held in memory, in order, loaded with its first use (about
// 300 bytes a blob). Uncommitted blocks are kept for a week. Form on disk: docs/formats/blob-store.md.
// Source: Azure Storage REST API, Blob service (semantics of block and append blobs, conditions, listing order).
// Threads: all functions may be called from several threads at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace scoria::blob {

using Metadata = std::map<std::string, std::string>;

enum class BlobType : std::uint8_t { block, append };

struct BlobProperties {
  BlobType type = BlobType::block;
  std::uint64_t length = 0;
  WallTime created, modified;
  std::string etag;  // "0x8D..." without quotes
  std::string content_type = "application/octet-stream";
  std::string content_encoding, content_language, content_disposition, cache_control;
  std::string content_md5;  // base64
  Metadata metadata;
  std::uint32_t blocks = 0;  // committed ones: Put Block List, Append Block
  Metadata copy;  // of a copied blob: "id", "source", "status", "progress", "completion-time", for its readers
};

struct ContainerProperties {
  std::string name;
  WallTime modified;
  std::string etag;
  std::string public_access;  // "", "blob", "container"
  Metadata metadata;
  std::map<std::string, std::string> policies;  // stored access policies by id, as the XML that was put
};

struct Conditions {
  std::optional<std::string> if_match, if_none_match;  // "*" or an ETag
  std::optional<WallTime> if_modified_since, if_unmodified_since;
};

struct BlobItem {
  std::string name;
  BlobProperties properties;
  bool is_prefix = false;  // of a listing by delimiter
};

class Picture;

class BlobStore {
 public:
  // Bytes on their way in; commit() makes them a blob, destruction drops them.
  class Upload {
   public:
    virtual ~Upload() = default;
    virtual Status write(std::span<const std::byte> bytes) = 0;  // errors: exhausted, unavailable
    virtual std::string md5() const = 0;                         // base64, of what was written so far
    virtual std::uint64_t length() const = 0;
  };

  // Removes what a crash left half done. `on_broken` hears of a journal that could not be flushed, before the writer does: what is on disk is
  // then unknown, that container takes nothing more, and only another open() reads what is there. Errors: conflict (another process has it
  // open), denied, unavailable, corrupt.
  static Result<std::unique_ptr<BlobStore>> open(const std::filesystem::path& folder, const Clock& clock,
                                                 std::function<void(const Error& error)> on_broken = {});
  virtual ~BlobStore() = default;

  // Errors of all, as api_code: ContainerNotFound, ContainerAlreadyExists, InvalidResourceName, BlobNotFound, BlobAlreadyExists, ConditionNotMet,
  // InvalidBlobType, InvalidBlockList, Md5Mismatch, InsufficientStorage (disk full).
  virtual Result<ContainerProperties> create_container(std::string_view name, Metadata metadata,
                                                       std::string public_access) = 0;
  virtual Status delete_container(std::string_view name) = 0;
  virtual Result<ContainerProperties> container(std::string_view name) const = 0;
  virtual Status update_container(std::string_view name, const std::function<void(ContainerProperties&)>& change) = 0;
  virtual Result<std::vector<ContainerProperties>> list_containers(std::string_view prefix, std::string_view after,
                                                                   std::size_t limit) const = 0;

  virtual Result<std::unique_ptr<Upload>> begin_upload() = 0;
  // The whole blob from one upload. `properties`: content_* and metadata are used.
  virtual Result<BlobProperties> put_blob(std::string_view container, std::string_view name,
                                          std::unique_ptr<Upload> upload, BlobProperties properties,
                                          const Conditions& conditions) = 0;
  virtual Status put_block(std::string_view container, std::string_view name, std::string_view block_id,
                           std::unique_ptr<Upload> upload) = 0;
  struct BlockRef {
    enum class From { committed, uncommitted, latest } from = From::latest;
    std::string id;
  };
  virtual Result<BlobProperties> put_block_list(std::string_view container, std::string_view name,
                                                const std::vector<BlockRef>& blocks, BlobProperties properties,
                                                const Conditions& conditions) = 0;
  struct BlockInfo {
    std::string id;
    std::uint64_t length = 0;
  };
  struct BlockLists {
    std::vector<BlockInfo> committed, uncommitted;
  };
  virtual Result<BlockLists> block_list(std::string_view container, std::string_view name) const = 0;
  virtual Result<BlobProperties> create_append_blob(std::string_view container, std::string_view name,
                                                    BlobProperties properties, const Conditions& conditions) = 0;
  // The offset at which the bytes stand now.
  virtual Result<std::uint64_t> append_block(std::string_view container, std::string_view name,
                                             std::unique_ptr<Upload> upload, const Conditions& conditions,
                                             std::optional<std::uint64_t> expected_offset) = 0;

  struct Opened {
    BlobProperties properties;
    std::shared_ptr<const int> descriptor;  // reads what the blob was when it was opened, whatever is put later
    std::uint64_t offset = 0;               // where in the descriptor's file its first byte is
  };
  virtual Result<Opened> open_blob(std::string_view container, std::string_view name) const = 0;
  virtual Result<BlobProperties> properties(std::string_view container, std::string_view name) const = 0;
  virtual Result<BlobProperties> update_blob(std::string_view container, std::string_view name,
                                             const Conditions& conditions,
                                             const std::function<void(BlobProperties&)>& change) = 0;
  virtual Status delete_blob(std::string_view container, std::string_view name, const Conditions& conditions) = 0;
  virtual Result<BlobProperties> copy_blob(std::string_view from_container, std::string_view from_name,
                                           std::string_view container, std::string_view name,
                                           std::optional<Metadata> metadata, const Conditions& conditions,
                                           Metadata copy = {}) = 0;
  // By name (UTF-8 bytes), behind `after`.
  virtual Result<std::vector<BlobItem>> list_blobs(std::string_view container, std::string_view prefix,
                                                   std::string_view delimiter, std::string_view after,
                                                   std::size_t limit) const = 0;

  // Outputs of a task's attempt: put now, visible when the attempt is the one that counts. Staged again under the same name, the later one wins.
  virtual Status stage_blob(std::uint64_t attempt, std::string_view container, std::string_view name,
                            std::unique_ptr<Upload> upload, BlobProperties properties) = 0;
  // Each again is no error, and finishes what a crash left half done.
  virtual Status publish(std::uint64_t attempt) = 0;
  virtual Status discard(std::uint64_t attempt) = 0;

  // All that was acknowledged before the call, as files that stay as they are while the picture lives: for backups. Writers go on. Staged
  // outputs are in it where `keeps` says so of their attempt. Errors: exhausted, unavailable.
  virtual Result<std::unique_ptr<Picture>> take_picture(const std::function<bool(std::uint64_t attempt)>& keeps) = 0;
};

}  // namespace scoria::blob
