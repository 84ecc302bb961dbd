// One container: a folder with `container.json` (its properties), `journal` (its blobs, small ones with their bytes) and `data/`
// (bytes of larger blobs, a file each, named by random numbers: names of blobs never become names of files).
//
// A write is acknowledged when its journal record, and before it the file it refers to, are flushed; writers at the same time share one
// flush. Files that no record refers to are removed when the container is loaded, which happens with its first use.
// Threads: all functions may be called from several threads at once. Lock order: append_mutex_, then mutex_.
// Borrows: the Place.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "blob/blob_store.h"
#include "blob/index.h"
#include "blob/journal.h"
#include "blob/picture.h"
#include "blob/upload.h"

namespace scoria::blob {

// What containers of one store share.
struct Place {
  std::filesystem::path folder;
  const Clock& clock;
  std::function<void(const Error& error)> on_broken = {};  // as BlobStore::open()'s
  std::atomic<std::uint64_t> last_etag{0};

  WallTime now() const { return clock.now().wall; }
  std::uint64_t next_etag();  // of the time, and never twice
  std::unique_ptr<DiskUpload> make_upload() const;
  std::filesystem::path fresh_path() const;  // in `uploads`

  // A little room is set aside for erasing on a full disk, which takes a record before it frees anything. use_reserve(): whether there was
  // some, which is free now.
  void make_reserve();
  bool use_reserve();
  std::atomic<bool> has_reserve{false};
};

inline constexpr std::chrono::hours kBlocksKept{24 * 7};  // uncommitted ones: Azure's time, too

std::uint64_t random_number();                // never 0
std::string file_name(std::uint64_t number);  // 16 hexadecimal digits

class Container {
 public:
  // Errors: conflict, api_code ContainerAlreadyExists.
  static Result<std::shared_ptr<Container>> create(Place& place, const ContainerProperties& properties);
  static Result<std::shared_ptr<Container>> open(Place& place, std::string_view name);
  // Whether the properties of the container in `folder` can be read. Errors: not_found, corrupt.
  static Status check_properties(const std::filesystem::path& folder);

  ContainerProperties properties() const;
  Status update(const std::function<void(ContainerProperties&)>& change);
  // Every later call answers ContainerNotFound. The folder is moved to `trash` and stays the caller's to remove.
  Status remove(const std::filesystem::path& trash);

  // What becomes of a name: the settable properties are read from `properties`; its MD5 too.
  Result<BlobProperties> put(std::string_view name, DiskUpload& upload, const BlobProperties& properties,
                             const Conditions& conditions,
                             std::vector<std::pair<std::string, std::uint64_t>> block_list = {});
  Status put_block(std::string_view name, std::string_view id, DiskUpload& upload);
  Result<BlobProperties> put_block_list(std::string_view name, const std::vector<BlobStore::BlockRef>& blocks,
                                        const BlobProperties& properties, const Conditions& conditions);
  Result<BlobStore::BlockLists> block_list(std::string_view name) const;
  Result<std::uint64_t> append(std::string_view name, DiskUpload& upload, const Conditions& conditions,
                               std::optional<std::uint64_t> expected_offset);
  Result<BlobStore::Opened> open_blob(std::string_view name) const;
  Result<BlobProperties> blob(std::string_view name) const;
  Result<BlobProperties> update_blob(std::string_view name, const Conditions& conditions,
                                     const std::function<void(BlobProperties&)>& change);
  Status erase_blob(std::string_view name, const Conditions& conditions);
  // The blob's bytes as an upload: a second name of the same file where the bytes never change, else a copy.
  Result<std::unique_ptr<DiskUpload>> duplicate(std::string_view name, BlobProperties& properties) const;
  Result<std::vector<BlobItem>> list(std::string_view prefix, std::string_view delimiter, std::string_view after,
                                     std::size_t limit) const;
  // Adds the container to a picture, as it is now. Writers wait for a moment.
  Status add_to(Picture& picture) const;

 private:
  struct Source {  // a piece of a blob that is put together
    Body body;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    bool is_whole = false;  // all of the file
  };
  struct Committed {
    BlobProperties properties;
    std::vector<std::uint64_t> files;  // to be removed
    std::shared_ptr<Journal> journal;  // to be flushed
  };

  Container(Place& place, ContainerProperties properties);
  std::filesystem::path folder() const;
  std::filesystem::path data_file(std::uint64_t number) const;
  Status write_properties(const std::filesystem::path& folder, const ContainerProperties& properties) const;
  static Result<ContainerProperties> read_properties(const std::filesystem::path& folder, std::string_view name);

  // A lock with the index loaded. Errors: container_not_found.
  Result<std::shared_lock<std::shared_mutex>> lock_to_read() const;
  Result<std::unique_lock<std::shared_mutex>> lock_to_write() const;
  Status load() const;
  // Of every blob and uncommitted block that has one: its file and how much of it counts.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> data_files() const;  // locked
  Status remove_orphans() const;

  Status check(std::string_view name, const Conditions& conditions) const;  // locked
  // Into journal and index; locked to write. The rest, finish(), without the lock.
  Result<Committed> commit(JournalLine line, std::string_view payload);
  Status finish(const Committed& committed);
  Status compact();
  Entry new_entry(const Entry* old, BlobType type) const;

  Result<std::vector<Source>> resolve(std::string_view name, const std::vector<BlobStore::BlockRef>& blocks,
                                      std::vector<std::pair<std::string, std::uint64_t>>& list) const;
  Result<std::unique_ptr<DiskUpload>> assemble(const std::vector<Source>& sources, const Journal& journal) const;
  Result<Descriptor> open_data(std::uint64_t file, int flags) const;

  Place& place_;
  const std::string name_;
  std::mutex append_mutex_;          // held over an append, from reading the length to recording the next
  mutable std::shared_mutex mutex_;  // guards what follows
  ContainerProperties properties_;
  mutable bool is_loaded_ = false;
  bool is_removed_ = false;
  mutable Index index_;
  mutable std::shared_ptr<Journal> journal_;
};

}  // namespace scoria::blob
