// Container: blobs that come in pieces, by blocks or by appending, and copies.
#include <fcntl.h>
#include <unistd.h>

#include <limits>

#include "blob/container.h"
#include "blob/errors.h"

namespace scoria::blob {
namespace {

// Azure's limits.
constexpr std::size_t kMaxBlocks = 50'000;
constexpr std::size_t kMaxUncommitted = 100'000;

Error too_many_blocks(std::string_view name, std::size_t limit) {
  return Error{Code::conflict,
               "the blob '" + std::string(name) + "' may have at most " + std::to_string(limit) + " blocks",
               "BlockCountExceedsLimit"};
}

}  // namespace

Status Container::put_block(std::string_view name, std::string_view id, DiskUpload& upload) {
  Block block{.length = upload.length(), .put = place_.now()};
  if (!upload.is_inline()) {
    block.body.file = random_number();
    { SCORIA_TRY(lock, lock_to_read()); }
    SCORIA_TRY_STATUS(upload.move_to(data_file(block.body.file)));
  }
  const auto write = [&]() -> Result<Committed> {
    SCORIA_TRY(lock, lock_to_write());
    const Entry* existing = index_.find(name);
    if (existing != nullptr && existing->type != BlobType::block) return wrong_blob_type(name, "block");
    if (const Index::Blocks* blocks = index_.blocks(name)) {
      if (blocks->size() >= kMaxUncommitted) return too_many_blocks(name, kMaxUncommitted);
      if (!blocks->empty() && blocks->begin()->first.size() != id.size()) {
        return Error{Code::invalid, "the block ids of one blob must all be of one length", "InvalidBlobOrBlock"};
      }
    }
    return commit({.op = JournalLine::Op::block,
                   .name = std::string(name),
                   .entry = {},
                   .block_id = std::string(id),
                   .block = block},
                  block.body.file == 0 ? std::string_view(upload.bytes()) : std::string_view{});
  };
  auto committed = write();
  if (!committed.ok()) {
    if (block.body.file != 0) ::unlink(data_file(block.body.file).c_str());
    return std::move(committed).error();
  }
  return finish(committed.value());
}

Result<std::vector<Container::Source>> Container::resolve(
    std::string_view name, const std::vector<BlobStore::BlockRef>& blocks,
    std::vector<std::pair<std::string, std::uint64_t>>& list) const {
  using From = BlobStore::BlockRef::From;
  const Entry* existing = index_.find(name);
  if (existing != nullptr && existing->type != BlobType::block) return wrong_blob_type(name, "block");
  std::map<std::string_view, Source> committed;
  if (existing != nullptr) {
    std::uint64_t offset = 0;
    for (const auto& [id, length] : existing->traits->block_list) {
      committed.emplace(id, Source{.body = existing->body, .offset = offset, .length = length});
      offset += length;
    }
  }
  const Index::Blocks* uncommitted = index_.blocks(name);
  std::vector<Source> sources;
  sources.reserve(blocks.size());
  for (const auto& [from, id] : blocks) {
    if (from != From::committed && uncommitted != nullptr) {
      if (const auto found = uncommitted->find(id); found != uncommitted->end()) {
        sources.push_back({.body = found->second.body, .length = found->second.length, .is_whole = true});
        list.emplace_back(id, found->second.length);
        continue;
      }
    }
    const auto found = committed.find(id);
    if (from == From::uncommitted || found == committed.end()) {
      return bad_block_list("names the block '" + id + "', which was not put");
    }
    sources.push_back(found->second);
    list.emplace_back(id, found->second.length);
  }
  return sources;
}

Result<std::unique_ptr<DiskUpload>> Container::assemble(const std::vector<Source>& sources,
                                                        const Journal& journal) const {
  std::uint64_t length = 0;
  for (const Source& source : sources) length += source.length;
  if (sources.size() == 1 && sources[0].is_whole && sources[0].body.file != 0) {
    return DiskUpload::link(place_.fresh_path(), data_file(sources[0].body.file), length);
  }
  auto upload = place_.make_upload();
  const auto is_small = length <= kInlineLimit;
  std::uint64_t at = 0;
  int target = -1;
  if (!is_small) {
    SCORIA_TRY(file, upload->take_file(length));
    target = file;
  }
  for (const Source& source : sources) {
    if (source.length == 0) continue;
    Descriptor file;
    if (source.body.file != 0) {
      SCORIA_TRY(opened, open_data(source.body.file, O_RDONLY));
      file = std::move(opened);
    }
    const int from = source.body.file != 0 ? file.number() : *journal.descriptor();
    const std::uint64_t offset = source.offset + (source.body.file != 0 ? 0 : source.body.at);
    if (is_small) {
      SCORIA_TRY(bytes, read_at(from, offset, source.length, folder()));
      SCORIA_TRY_STATUS(upload->write(std::as_bytes(std::span(bytes))));
    } else {
      SCORIA_TRY_STATUS(copy_range(from, offset, target, at, source.length, folder()));
    }
    at += source.length;
  }
  return upload;
}

Result<BlobProperties> Container::put_block_list(std::string_view name, const std::vector<BlobStore::BlockRef>& blocks,
                                                 const BlobProperties& properties, const Conditions& conditions) {
  if (blocks.size() > kMaxBlocks) return too_many_blocks(name, kMaxBlocks);
  std::vector<std::pair<std::string, std::uint64_t>> list;
  std::vector<Source> sources;
  std::shared_ptr<Journal> journal;  // that of the moment: what lies in it stays readable
  {
    SCORIA_TRY(lock, lock_to_read());
    SCORIA_TRY_STATUS(check(name, conditions));
    SCORIA_TRY(resolved, resolve(name, blocks, list));
    sources = std::move(resolved);
    journal = journal_;
  }
  auto upload = assemble(sources, *journal);
  if (!upload.ok()) {
    // The files of blocks go with a commit of the same blob by someone else.
    if (upload.error().code != Code::corrupt && upload.error().code != Code::not_found) {
      return std::move(upload).error();
    }
    return bad_block_list("names blocks that were committed or replaced meanwhile");
  }
  return put(name, *upload.value(), properties, conditions, std::move(list));
}

Result<BlobStore::BlockLists> Container::block_list(std::string_view name) const {
  SCORIA_TRY(lock, lock_to_read());
  const Entry* entry = index_.find(name);
  const Index::Blocks* blocks = index_.blocks(name);
  if (entry == nullptr && blocks == nullptr) return blob_not_found(name_, name);
  if (entry != nullptr && entry->type != BlobType::block) return wrong_blob_type(name, "block");
  BlobStore::BlockLists lists;
  if (entry != nullptr) {
    for (const auto& [id, length] : entry->traits->block_list) lists.committed.push_back({id, length});
  }
  if (blocks != nullptr) {
    for (const auto& [id, block] : *blocks) lists.uncommitted.push_back({id, block.length});
  }
  return lists;
}

Result<std::uint64_t> Container::append(std::string_view name, DiskUpload& upload, const Conditions& conditions,
                                        std::optional<std::uint64_t> expected_offset) {
  const std::lock_guard appending(append_mutex_);
  Entry entry;
  {
    SCORIA_TRY(lock, lock_to_read());
    const Entry* existing = index_.find(name);
    if (existing == nullptr) return blob_not_found(name_, name);
    if (existing->type != BlobType::append) return wrong_blob_type(name, "append");
    SCORIA_TRY_STATUS(check(name, conditions));
    entry = *existing;
  }
  if (entry.blocks >= kMaxBlocks) return too_many_blocks(name, kMaxBlocks);
  if (expected_offset && *expected_offset != entry.length) {
    return Error{Code::conflict,
                 "the blob '" + std::string(name) + "' ends at " + std::to_string(entry.length) + ", not at " +
                     std::to_string(*expected_offset),
                 "AppendPositionConditionNotMet"};
  }
  const std::uint64_t etag = entry.etag;
  const std::uint64_t offset = entry.length;
  Descriptor file;
  if (entry.body.file == 0) {
    entry.body = {.file = random_number()};
    SCORIA_TRY(created, open_file(data_file(entry.body.file), O_RDWR | O_CREAT | O_EXCL));
    file = std::move(created);
    SCORIA_TRY_STATUS(sync_folder(folder() / "data"));
  } else {
    SCORIA_TRY(opened, open_data(entry.body.file, O_RDWR));
    file = std::move(opened);
  }
  const std::filesystem::path path = data_file(entry.body.file);
  // Behind the recorded length: readers do not see it yet, and after a crash the next append writes over it.
  if (upload.is_inline()) {
    SCORIA_TRY_STATUS(write_at(file.number(), offset, upload.bytes(), path));
  } else {
    SCORIA_TRY_STATUS(copy_range(upload.descriptor(), 0, file.number(), offset, upload.length(), path));
  }
  if (::fdatasync(file.number()) != 0) return disk_error(path, "flush");
  entry.length += upload.length();
  entry.blocks += 1;
  entry.modified = place_.now();
  entry.etag = place_.next_etag();
  Committed committed;
  {
    SCORIA_TRY(lock, lock_to_write());
    const Entry* existing = index_.find(name);
    if (existing == nullptr) return blob_not_found(name_, name);
    if (existing->etag != etag) return condition_not_met("that nobody changes the blob during an append");
    SCORIA_TRY(done, commit({.op = JournalLine::Op::set, .name = std::string(name), .entry = std::move(entry)}, {}));
    committed = std::move(done);
  }
  SCORIA_TRY_STATUS(finish(committed));
  return offset;
}

Result<std::unique_ptr<DiskUpload>> Container::duplicate(std::string_view name, BlobProperties& properties) const {
  SCORIA_TRY(opened, open_blob(name));
  properties = opened.properties;
  std::uint64_t file = 0;
  {
    SCORIA_TRY(lock, lock_to_read());
    const Entry* entry = index_.find(name);
    if (entry != nullptr && etag_text(entry->etag) == properties.etag && entry->type == BlobType::block) {
      file = entry->body.file;
    }
  }
  if (file != 0) {
    auto linked = DiskUpload::link(place_.fresh_path(), data_file(file), properties.length);
    if (linked.ok()) return linked;
  }
  auto upload = place_.make_upload();
  if (properties.length <= kInlineLimit) {
    SCORIA_TRY(bytes, read_at(*opened.descriptor, opened.offset, properties.length, folder()));
    SCORIA_TRY_STATUS(upload->write(std::as_bytes(std::span(bytes))));
    return upload;
  }
  SCORIA_TRY(target, upload->take_file(properties.length));
  SCORIA_TRY_STATUS(copy_range(*opened.descriptor, opened.offset, target, 0, properties.length, folder()));
  return upload;
}

}  // namespace scoria::blob
