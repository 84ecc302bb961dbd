// BlobStore on a folder: containers/, staged/, uploads/ (on the way in, emptied at open), trash/ (on the way out, too), lock.
#include <fcntl.h>
#include <sys/file.h>

#include <thread>

#include "blob/blob_store.h"
#include "blob/container.h"
#include "blob/errors.h"
#include "blob/names.h"
#include "blob/staging.h"

namespace scoria::blob {
namespace {

class FolderStore final : public BlobStore {
 public:
  FolderStore(const std::filesystem::path& folder, const Clock& clock,
              std::function<void(const Error& error)> on_broken, Descriptor lock)
      : place_{.folder = folder, .clock = clock, .on_broken = std::move(on_broken)},
        lock_(std::move(lock)),
        staging_(place_) {}

  Status load();

  Result<ContainerProperties> create_container(std::string_view name, Metadata metadata,
                                               std::string public_access) override;
  Status delete_container(std::string_view name) override;
  Result<ContainerProperties> container(std::string_view name) const override;
  Status update_container(std::string_view name, const std::function<void(ContainerProperties&)>& change) override;
  Result<std::vector<ContainerProperties>> list_containers(std::string_view prefix, std::string_view after,
                                                           std::size_t limit) const override;
  Result<std::unique_ptr<Upload>> begin_upload() override { return std::unique_ptr<Upload>(place_.make_upload()); }
  Result<BlobProperties> put_blob(std::string_view container, std::string_view name, std::unique_ptr<Upload> upload,
                                  BlobProperties properties, const Conditions& conditions) override;
  Status put_block(std::string_view container, std::string_view name, std::string_view block_id,
                   std::unique_ptr<Upload> upload) override;
  Result<BlobProperties> put_block_list(std::string_view container, std::string_view name,
                                        const std::vector<BlockRef>& blocks, BlobProperties properties,
                                        const Conditions& conditions) override;
  Result<BlockLists> block_list(std::string_view container, std::string_view name) const override;
  Result<BlobProperties> create_append_blob(std::string_view container, std::string_view name,
                                            BlobProperties properties, const Conditions& conditions) override;
  Result<std::uint64_t> append_block(std::string_view container, std::string_view name, std::unique_ptr<Upload> upload,
                                     const Conditions& conditions,
                                     std::optional<std::uint64_t> expected_offset) override;
  Result<Opened> open_blob(std::string_view container, std::string_view name) const override;
  Result<BlobProperties> properties(std::string_view container, std::string_view name) const override;
  Result<BlobProperties> update_blob(std::string_view container, std::string_view name, const Conditions& conditions,
                                     const std::function<void(BlobProperties&)>& change) override;
  Status delete_blob(std::string_view container, std::string_view name, const Conditions& conditions) override;
  Result<BlobProperties> copy_blob(std::string_view from_container, std::string_view from_name,
                                   std::string_view container, std::string_view name, std::optional<Metadata> metadata,
                                   const Conditions& conditions, Metadata copy) override;
  Result<std::vector<BlobItem>> list_blobs(std::string_view container, std::string_view prefix,
                                           std::string_view delimiter, std::string_view after,
                                           std::size_t limit) const override;
  Status stage_blob(std::uint64_t attempt, std::string_view container, std::string_view name,
                    std::unique_ptr<Upload> upload, BlobProperties properties) override;
  Status publish(std::uint64_t attempt) override;
  Status discard(std::uint64_t attempt) override { return staging_.discard(attempt); }
  Result<std::unique_ptr<Picture>> take_picture(const std::function<bool(std::uint64_t attempt)>& keeps) override;

 private:
  Result<std::shared_ptr<Container>> find(std::string_view name) const;
  // For writes: a blob's name is checked where it comes to be.
  Result<std::shared_ptr<Container>> find(std::string_view container, std::string_view name) const;

  mutable Place place_;
  Descriptor lock_;  // held while the store is open
  Staging staging_;
  mutable std::shared_mutex containers_mutex_;
  std::map<std::string, std::shared_ptr<Container>, std::less<>> containers_;  // guarded by containers_mutex_
};

// Every upload is one of ours: begin_upload() makes no other.
DiskUpload& disk_upload(BlobStore::Upload& upload) { return static_cast<DiskUpload&>(upload); }

Status FolderStore::load() {
  std::error_code error;
  for (const char* name : {"uploads", "trash"}) {
    // What a crash left.
    std::filesystem::remove_all(place_.folder / name, error);
    SCORIA_TRY_STATUS(make_folder(place_.folder / name));
  }
  for (const char* name : {"containers", "staged"}) SCORIA_TRY_STATUS(make_folder(place_.folder / name));
  SCORIA_TRY_STATUS(sync_folder(place_.folder));
  place_.make_reserve();
  for (const auto& folder : std::filesystem::directory_iterator(place_.folder / "containers", error)) {
    const std::string name = folder.path().filename().string();
    if (!check_container_name(name).ok()) continue;
    SCORIA_TRY(container, Container::open(place_, name));
    containers_.emplace(name, container);
  }
  if (error) {
    return Error{Code::unavailable,
                 "cannot list '" + (place_.folder / "containers").string() + "': " + error.message()};
  }
  return Ok{};
}

Result<std::shared_ptr<Container>> FolderStore::find(std::string_view name) const {
  const std::shared_lock lock(containers_mutex_);
  const auto found = containers_.find(name);
  if (found != containers_.end()) return found->second;
  SCORIA_TRY_STATUS(check_container_name(name));
  return container_not_found(name);
}

Result<std::shared_ptr<Container>> FolderStore::find(std::string_view container, std::string_view name) const {
  SCORIA_TRY_STATUS(check_blob_name(name));
  return find(container);
}

Result<ContainerProperties> FolderStore::create_container(std::string_view name, Metadata metadata,
                                                          std::string public_access) {
  SCORIA_TRY_STATUS(check_container_name(name));
  ContainerProperties properties{.name = std::string(name),
                                 .modified = place_.now(),
                                 .etag = etag_text(place_.next_etag()),
                                 .public_access = std::move(public_access),
                                 .metadata = std::move(metadata)};
  const std::unique_lock lock(containers_mutex_);
  SCORIA_TRY(container, Container::create(place_, properties));
  containers_.insert_or_assign(std::string(name), container);
  return properties;
}

Status FolderStore::delete_container(std::string_view name) {
  SCORIA_TRY(container, find(name));
  const std::filesystem::path trash = place_.folder / "trash" / file_name(random_number());
  {
    const std::unique_lock lock(containers_mutex_);
    SCORIA_TRY_STATUS(container->remove(trash));
    containers_.erase(std::string(name));
  }
  std::error_code ignored;  // what stays goes at the next open
  std::filesystem::remove_all(trash, ignored);
  return Ok{};
}

Result<ContainerProperties> FolderStore::container(std::string_view name) const {
  SCORIA_TRY(container, find(name));
  return container->properties();
}

Status FolderStore::update_container(std::string_view name, const std::function<void(ContainerProperties&)>& change) {
  SCORIA_TRY(container, find(name));
  return container->update(change);
}

Result<std::vector<ContainerProperties>> FolderStore::list_containers(std::string_view prefix, std::string_view after,
                                                                      std::size_t limit) const {
  std::vector<ContainerProperties> listed;
  const std::shared_lock lock(containers_mutex_);
  auto place = after >= prefix && !after.empty() ? containers_.upper_bound(after) : containers_.lower_bound(prefix);
  for (; place != containers_.end() && listed.size() < limit && place->first.starts_with(prefix); ++place) {
    listed.push_back(place->second->properties());
  }
  return listed;
}

Result<BlobProperties> FolderStore::put_blob(std::string_view container, std::string_view name,
                                             std::unique_ptr<Upload> upload, BlobProperties properties,
                                             const Conditions& conditions) {
  SCORIA_TRY(found, find(container, name));
  properties.type = BlobType::block;
  properties.content_md5 = upload->md5();
  return found->put(name, disk_upload(*upload), properties, conditions);
}

Status FolderStore::put_block(std::string_view container, std::string_view name, std::string_view block_id,
                              std::unique_ptr<Upload> upload) {
  SCORIA_TRY_STATUS(check_block_id(block_id));
  SCORIA_TRY(found, find(container, name));
  return found->put_block(name, block_id, disk_upload(*upload));
}

Result<BlobProperties> FolderStore::put_block_list(std::string_view container, std::string_view name,
                                                   const std::vector<BlockRef>& blocks, BlobProperties properties,
                                                   const Conditions& conditions) {
  SCORIA_TRY(found, find(container, name));
  properties.type = BlobType::block;
  return found->put_block_list(name, blocks, properties, conditions);
}

Result<BlobStore::BlockLists> FolderStore::block_list(std::string_view container, std::string_view name) const {
  SCORIA_TRY(found, find(container));
  return found->block_list(name);
}

Result<BlobProperties> FolderStore::create_append_blob(std::string_view container, std::string_view name,
                                                       BlobProperties properties, const Conditions& conditions) {
  SCORIA_TRY(found, find(container, name));
  properties.type = BlobType::append;
  const auto empty = place_.make_upload();
  return found->put(name, *empty, properties, conditions);
}

Result<std::uint64_t> FolderStore::append_block(std::string_view container, std::string_view name,
                                                std::unique_ptr<Upload> upload, const Conditions& conditions,
                                                std::optional<std::uint64_t> expected_offset) {
  SCORIA_TRY(found, find(container));
  return found->append(name, disk_upload(*upload), conditions, expected_offset);
}

Result<BlobStore::Opened> FolderStore::open_blob(std::string_view container, std::string_view name) const {
  SCORIA_TRY(found, find(container));
  return found->open_blob(name);
}

Result<BlobProperties> FolderStore::properties(std::string_view container, std::string_view name) const {
  SCORIA_TRY(found, find(container));
  return found->blob(name);
}

Result<BlobProperties> FolderStore::update_blob(std::string_view container, std::string_view name,
                                                const Conditions& conditions,
                                                const std::function<void(BlobProperties&)>& change) {
  SCORIA_TRY(found, find(container));
  return found->update_blob(name, conditions, change);
}

Status FolderStore::delete_blob(std::string_view container, std::string_view name, const Conditions& conditions) {
  SCORIA_TRY(found, find(container));
  return found->erase_blob(name, conditions);
}

Result<BlobProperties> FolderStore::copy_blob(std::string_view from_container, std::string_view from_name,
                                              std::string_view container, std::string_view name,
                                              std::optional<Metadata> metadata, const Conditions& conditions,
                                              Metadata copy) {
  SCORIA_TRY(target, find(container, name));
  SCORIA_TRY(source, find(from_container));
  BlobProperties properties;
  SCORIA_TRY(upload, source->duplicate(from_name, properties));
  if (metadata) properties.metadata = std::move(*metadata);
  properties.copy = std::move(copy);
  return target->put(name, *upload, properties, conditions);
}

Result<std::vector<BlobItem>> FolderStore::list_blobs(std::string_view container, std::string_view prefix,
                                                      std::string_view delimiter, std::string_view after,
                                                      std::size_t limit) const {
  SCORIA_TRY(found, find(container));
  return found->list(prefix, delimiter, after, limit);
}

Status FolderStore::stage_blob(std::uint64_t attempt, std::string_view container, std::string_view name,
                               std::unique_ptr<Upload> upload, BlobProperties properties) {
  SCORIA_TRY(found, find(container, name));
  properties.content_md5 = upload->md5();
  return staging_.stage(attempt, container, name, disk_upload(*upload), properties);
}

Status FolderStore::publish(std::uint64_t attempt) {
  return staging_.publish(attempt,
                          [this](const std::string& container, const std::string& name, DiskUpload& upload,
                                 const BlobProperties& properties) -> Status {
                            SCORIA_TRY(found, find(container));
                            SCORIA_TRY(put, found->put(name, upload, properties, {}));
                            return Ok{};
                          });
}

Result<std::unique_ptr<Picture>> FolderStore::take_picture(const std::function<bool(std::uint64_t attempt)>& keeps) {
  // In `uploads`, which is emptied at open.
  SCORIA_TRY(picture, Picture::create(place_.fresh_path()));
  // Staged outputs first: what is published meanwhile is then in both places, never in none.
  SCORIA_TRY_STATUS(picture->add_folder("staged"));
  SCORIA_TRY_STATUS(staging_.add_to(*picture, keeps));
  SCORIA_TRY_STATUS(picture->add_folder("containers"));
  std::vector<std::shared_ptr<Container>> containers;
  {
    const std::shared_lock lock(containers_mutex_);
    for (const auto& [name, container] : containers_) containers.push_back(container);
  }
  for (const auto& container : containers) SCORIA_TRY_STATUS(container->add_to(*picture));
  return std::move(picture);
}

}  // namespace

Result<std::unique_ptr<BlobStore>> BlobStore::open(const std::filesystem::path& folder, const Clock& clock,
                                                   std::function<void(const Error& error)> on_broken) {
  SCORIA_TRY_STATUS(make_folder(folder));
  SCORIA_TRY(lock, open_file(folder / "lock", O_RDWR | O_CREAT));
  if (::flock(lock.number(), LOCK_EX | LOCK_NB) != 0) {
    return Error{Code::conflict, "another process has the blobs in '" + folder.string() + "' open"};
  }
  auto store = std::make_unique<FolderStore>(folder, clock, std::move(on_broken), std::move(lock));
  SCORIA_TRY_STATUS(store->load());
  return std::unique_ptr<BlobStore>(std::move(store));
}

}  // namespace scoria::blob
