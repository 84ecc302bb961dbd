#include "blob/container.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "base/file.h"
#include "base/log.h"
#include "blob/conditions.h"
#include "blob/errors.h"

namespace scoria::blob {
namespace {

using Json = nlohmann::ordered_json;

// A journal is written anew when more than half of it is of the past, and it is worth the while.
constexpr std::uint64_t kCompactFrom = 8u << 20;
// Thousands of records that erase.
constexpr std::int64_t kReserveBytes = 256 << 10;
// From 0001-01-01 to 1970-01-01 in ticks of 100 ns: Azure's ETags look like the .NET time they were made at.
constexpr std::uint64_t kTicksTo1970 = 621'355'968'000'000'000;

}  // namespace

std::uint64_t random_number() {
  std::uint64_t number = 0;
  while (number == 0) SCORIA_CHECK(::getrandom(&number, sizeof(number), 0) == sizeof(number));
  return number;
}

std::string file_name(std::uint64_t number) {
  std::array<char, 20> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(number));
  return text.data();
}

std::uint64_t Place::next_etag() {
  const std::uint64_t ticks = static_cast<std::uint64_t>(now().time_since_epoch().count()) * 10 + kTicksTo1970;
  std::uint64_t last = last_etag.load();
  while (!last_etag.compare_exchange_weak(last, std::max(ticks, last + 1))) {
  }
  return std::max(ticks, last + 1);
}

std::filesystem::path Place::fresh_path() const { return folder / "uploads" / file_name(random_number()); }
std::unique_ptr<DiskUpload> Place::make_upload() const { return std::make_unique<DiskUpload>(fresh_path()); }

void Place::make_reserve() {
  if (has_reserve.exchange(true)) return;
  const auto file = open_file(folder / "reserve", O_WRONLY | O_CREAT);
  if (file.ok() && ::posix_fallocate(file.value().number(), 0, kReserveBytes) == 0) return;
  use_reserve();
}

bool Place::use_reserve() {
  if (!has_reserve.exchange(false)) return false;
  return ::unlink((folder / "reserve").c_str()) == 0;
}

Container::Container(Place& place, ContainerProperties properties)
    : place_(place), name_(properties.name), properties_(std::move(properties)) {}

std::filesystem::path Container::folder() const { return place_.folder / "containers" / name_; }
std::filesystem::path Container::data_file(std::uint64_t number) const { return folder() / "data" / file_name(number); }

Status Container::write_properties(const std::filesystem::path& folder, const ContainerProperties& properties) const {
  Json json;
  json["version"] = 1;
  json["etag"] = properties.etag;
  json["modified"] = properties.modified.time_since_epoch().count();
  json["publicAccess"] = properties.public_access;
  json["metadata"] = properties.metadata;
  json["policies"] = properties.policies;
  const std::filesystem::path draft = folder / "container.json.new";
  {
    SCORIA_TRY(file, open_file(draft, O_WRONLY | O_CREAT | O_TRUNC));
    SCORIA_TRY_STATUS(write_at(file.number(), 0, json.dump(-1, ' ', false, Json::error_handler_t::replace), draft));
    if (::fdatasync(file.number()) != 0) return disk_error(draft, "flush");
  }
  SCORIA_TRY_STATUS(rename_file(draft, folder / "container.json"));
  return sync_folder(folder);
}

Result<ContainerProperties> Container::read_properties(const std::filesystem::path& folder, std::string_view name) {
  SCORIA_TRY(file, FileBytes::open(folder / "container.json"));
  try {
    const Json json = Json::parse(file.text());
    return ContainerProperties{.name = std::string(name),
                               .modified = WallTime(Duration(json.at("modified").get<std::int64_t>())),
                               .etag = json.at("etag").get<std::string>(),
                               .public_access = json.at("publicAccess").get<std::string>(),
                               .metadata = json.at("metadata").get<Metadata>(),
                               .policies = json.at("policies").get<std::map<std::string, std::string>>()};
  } catch (const std::exception& error) {
    return Error{Code::corrupt, "'" + (folder / "container.json").string() + "' cannot be read: " + error.what()};
  }
}

Result<std::shared_ptr<Container>> Container::create(Place& place, const ContainerProperties& properties) {
  std::shared_ptr<Container> container(new Container(place, properties));
  // Made aside and moved into place whole; where there is one already, the move fails.
  const std::filesystem::path draft = place.fresh_path();
  const auto build = [&]() -> Status {
    SCORIA_TRY_STATUS(make_folder(draft));
    SCORIA_TRY_STATUS(make_folder(draft / "data"));
    SCORIA_TRY(journal, Journal::create(draft / "journal"));
    SCORIA_TRY_STATUS(journal->sync());
    return container->write_properties(draft, properties);
  };
  if (auto built = build(); !built.ok()) {
    std::error_code ignored;  // leftovers go at the next start
    std::filesystem::remove_all(draft, ignored);
    return std::move(built).error();
  }
  if (::rename(draft.c_str(), container->folder().c_str()) != 0) {
    const int number = errno;
    std::error_code ignored;
    std::filesystem::remove_all(draft, ignored);
    errno = number;
    if (number != EEXIST && number != ENOTEMPTY) return disk_error(container->folder(), "make");
    return Error{Code::conflict, "there is a container '" + properties.name + "' already", "ContainerAlreadyExists"};
  }
  SCORIA_TRY_STATUS(sync_folder(place.folder / "containers"));
  return container;
}

Result<std::shared_ptr<Container>> Container::open(Place& place, std::string_view name) {
  SCORIA_TRY(properties, read_properties(place.folder / "containers" / name, name));
  return std::shared_ptr<Container>(new Container(place, std::move(properties)));
}

Status Container::check_properties(const std::filesystem::path& folder) {
  SCORIA_TRY(properties, read_properties(folder, folder.filename().string()));
  return Ok{};
}

ContainerProperties Container::properties() const {
  const std::shared_lock lock(mutex_);
  return properties_;
}

Status Container::update(const std::function<void(ContainerProperties&)>& change) {
  const std::unique_lock lock(mutex_);
  if (is_removed_) return container_not_found(name_);
  ContainerProperties changed = properties_;
  change(changed);
  changed.name = name_;
  changed.modified = place_.now();
  changed.etag = etag_text(place_.next_etag());
  SCORIA_TRY_STATUS(write_properties(folder(), changed));
  properties_ = std::move(changed);
  return Ok{};
}

Status Container::remove(const std::filesystem::path& trash) {
  const std::unique_lock lock(mutex_);
  if (is_removed_) return container_not_found(name_);
  SCORIA_TRY_STATUS(rename_file(folder(), trash));
  is_removed_ = true;
  index_ = Index();
  journal_.reset();
  return sync_folder(place_.folder / "containers");
}

Status Container::load() const {
  std::vector<std::uint64_t> dropped;
  const auto visit = [&](const Journal::Record& record) -> Status {
    SCORIA_TRY(line, read_line(record.text, record.payload_at));
    const std::uint64_t etag = line.entry.etag;
    std::uint64_t last = place_.last_etag.load();
    while (etag > last && !place_.last_etag.compare_exchange_weak(last, etag)) {
    }
    (void)index_.apply(std::move(line), record.size);  // files without a reference are found below, all at once
    return Ok{};
  };
  // After a flush that failed the page cache shows what the disk may lack, and says that it is on disk.
  SCORIA_TRY_STATUS(forget_cached(folder() / "journal"));
  SCORIA_TRY(journal, Journal::open(folder() / "journal", visit));
  journal_ = journal;
  (void)index_.drop_blocks_before(place_.now() - kBlocksKept);
  SCORIA_TRY_STATUS(remove_orphans());
  is_loaded_ = true;
  return Ok{};
}

Status Container::remove_orphans() const {
  std::unordered_set<std::string> known;
  index_.each_blob([&](const std::string&, Entry& entry) {
    if (entry.body.file != 0) known.insert(file_name(entry.body.file));
  });
  index_.each_block([&](const std::string&, const std::string&, Block& block) {
    if (block.body.file != 0) known.insert(file_name(block.body.file));
  });
  std::error_code error;
  std::size_t found = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder() / "data", error)) {
    if (known.contains(file.path().filename().string())) {
      ++found;
      continue;
    }
    std::error_code ignored;  // tried again at the next start
    std::filesystem::remove(file.path(), ignored);
  }
  if (error) return Error{Code::unavailable, "cannot list '" + (folder() / "data").string() + "': " + error.message()};
  if (found < known.size()) {
    log::error("blob_files_missing", {{"container", name_}, {"files", known.size() - found}});
  }
  return Ok{};
}

Result<std::shared_lock<std::shared_mutex>> Container::lock_to_read() const {
  for (;;) {
    std::shared_lock lock(mutex_);
    if (is_removed_) return container_not_found(name_);
    if (is_loaded_) return lock;
    lock.unlock();
    SCORIA_TRY(loaded, lock_to_write());
  }
}

Result<std::unique_lock<std::shared_mutex>> Container::lock_to_write() const {
  std::unique_lock lock(mutex_);
  if (is_removed_) return container_not_found(name_);
  if (!is_loaded_) {
    index_ = Index();
    SCORIA_TRY_STATUS(load());
  }
  return lock;
}

Status Container::check(std::string_view name, const Conditions& conditions) const {
  const Entry* existing = index_.find(name);
  if (existing == nullptr) return check_conditions(conditions, name_, name, nullptr);
  const BlobProperties properties = shown(*existing);
  return check_conditions(conditions, name_, name, &properties);
}

Entry Container::new_entry(const Entry* old, BlobType type) const {
  Entry entry;
  entry.type = type;
  entry.modified = place_.now();
  entry.created = old != nullptr ? old->created : entry.modified;
  entry.etag = place_.next_etag();
  return entry;
}

Result<Container::Committed> Container::commit(JournalLine line, std::string_view payload) {
  SCORIA_TRY(record, journal_->append(write_line(line), payload));
  if (line.op == JournalLine::Op::block && line.block.body.file == 0) line.block.body.at = record.payload_at;
  if (line.op == JournalLine::Op::put && line.entry.body.file == 0) line.entry.body.at = record.payload_at;
  Committed committed;
  if (line.op == JournalLine::Op::put || line.op == JournalLine::Op::set) committed.properties = shown(line.entry);
  committed.files = index_.apply(std::move(line), record.size);
  committed.journal = journal_;
  return committed;
}

Status Container::finish(const Committed& committed) {
  if (const Status synced = committed.journal->sync(); !synced.ok()) {
    if (place_.on_broken) place_.on_broken(synced.error());
    return synced;
  }
  // Only now: before the flush a crash would bring back the record that needs them.
  for (const std::uint64_t file : committed.files) ::unlink(data_file(file).c_str());
  if (committed.journal->size() < kCompactFrom) return Ok{};
  const std::unique_lock lock(mutex_);
  if (is_removed_ || journal_ != committed.journal || index_.live_bytes() > journal_->size() / 2) return Ok{};
  if (auto compacted = compact(); !compacted.ok()) {
    // The old journal goes on; what the caller wrote is durable.
    log::warn("blob_journal_not_compacted", {{"container", name_}, {"why", compacted.error().message}});
  }
  return Ok{};
}

Status Container::compact() {
  const std::filesystem::path draft = folder() / "journal.new";
  SCORIA_TRY(fresh, Journal::create(draft));
  Status failed = Ok{};
  struct Moved {
    std::uint64_t* at;
    std::uint64_t offset;
    std::uint64_t* journal_bytes;
    std::uint64_t size;
  };
  std::vector<Moved> moved;
  const auto write = [&](JournalLine line, Body& body, std::uint64_t length, std::uint64_t& journal_bytes) {
    if (!failed.ok()) return;
    std::string payload;
    if (body.file == 0 && length > 0) {
      auto read = journal_->read(body.at, length);
      if (!read.ok()) {
        failed = std::move(read).error();
        return;
      }
      payload = std::move(read).value();
    }
    line.entry.body.at = 0;
    line.block.body.at = 0;
    auto record = fresh->append(write_line(line), payload);
    if (!record.ok()) {
      failed = std::move(record).error();
      return;
    }
    moved.push_back({&body.at, record.value().payload_at, &journal_bytes, record.value().size});
  };
  index_.each_blob([&](const std::string& name, Entry& entry) {
    write({.op = JournalLine::Op::put, .name = name, .entry = entry}, entry.body, entry.length, entry.journal_bytes);
  });
  // Behind the blobs: a put drops the blocks that stand before it.
  index_.each_block([&](const std::string& name, const std::string& id, Block& block) {
    write({.op = JournalLine::Op::block, .name = name, .entry = {}, .block_id = id, .block = block}, block.body,
          block.length, block.journal_bytes);
  });
  if (failed.ok()) failed = fresh->sync();
  if (failed.ok()) failed = rename_file(draft, folder() / "journal");
  if (failed.ok()) failed = sync_folder(folder());
  if (!failed.ok()) {
    ::unlink(draft.c_str());
    return failed;
  }
  for (const Moved& item : moved) {
    *item.at = item.offset;
    *item.journal_bytes = item.size;
  }
  index_.count_live_bytes();
  journal_ = fresh;
  return Ok{};
}

Result<Descriptor> Container::open_data(std::uint64_t file, int flags) const {
  auto opened = open_file(data_file(file), flags);
  if (!opened.ok() && opened.error().code == Code::not_found) {
    return Error{Code::corrupt, "the file '" + data_file(file).string() + "' of container '" + name_ + "' is missing"};
  }
  return opened;
}

Result<BlobProperties> Container::put(std::string_view name, DiskUpload& upload, const BlobProperties& properties,
                                      const Conditions& conditions,
                                      std::vector<std::pair<std::string, std::uint64_t>> block_list) {
  {
    SCORIA_TRY(lock, lock_to_read());
    SCORIA_TRY_STATUS(check(name, conditions));
  }
  Body body;
  const std::uint64_t length = upload.length();
  if (!upload.is_inline()) {
    body.file = random_number();
    SCORIA_TRY_STATUS(upload.move_to(data_file(body.file)));
  }
  const auto write = [&]() -> Result<Committed> {
    SCORIA_TRY(lock, lock_to_write());
    SCORIA_TRY_STATUS(check(name, conditions));
    Entry entry = new_entry(index_.find(name), properties.type);
    entry.length = length;
    entry.body = body;
    entry.content_md5 = properties.content_md5;
    // A copied append blob has as many blocks as its source.
    entry.blocks =
        properties.type == BlobType::append ? properties.blocks : static_cast<std::uint32_t>(block_list.size());
    entry.traits = traits_of(properties, std::move(block_list));
    return commit({.op = JournalLine::Op::put, .name = std::string(name), .entry = std::move(entry)},
                  body.file == 0 ? std::string_view(upload.bytes()) : std::string_view{});
  };
  auto committed = write();
  if (!committed.ok()) {
    if (body.file != 0) ::unlink(data_file(body.file).c_str());
    return std::move(committed).error();
  }
  SCORIA_TRY_STATUS(finish(committed.value()));
  return std::move(committed.value().properties);
}

Result<BlobStore::Opened> Container::open_blob(std::string_view name) const {
  SCORIA_TRY(lock, lock_to_read());
  const Entry* entry = index_.find(name);
  if (entry == nullptr) return blob_not_found(name_, name);
  BlobStore::Opened opened{.properties = shown(*entry)};
  if (entry->body.file == 0) {
    opened.descriptor = journal_->descriptor();
    opened.offset = entry->body.at;
    return opened;
  }
  SCORIA_TRY(file, open_data(entry->body.file, O_RDONLY));
  opened.descriptor = std::move(file).share();
  return opened;
}

Result<BlobProperties> Container::blob(std::string_view name) const {
  SCORIA_TRY(lock, lock_to_read());
  const Entry* entry = index_.find(name);
  if (entry == nullptr) return blob_not_found(name_, name);
  return shown(*entry);
}

Result<BlobProperties> Container::update_blob(std::string_view name, const Conditions& conditions,
                                              const std::function<void(BlobProperties&)>& change) {
  Committed committed;
  {
    SCORIA_TRY(lock, lock_to_write());
    const Entry* old = index_.find(name);
    if (old == nullptr) return blob_not_found(name_, name);
    SCORIA_TRY_STATUS(check(name, conditions));
    BlobProperties properties = shown(*old);
    change(properties);
    Entry entry = *old;
    entry.modified = place_.now();
    entry.etag = place_.next_etag();
    entry.content_md5 = properties.content_md5;
    entry.traits = traits_of(properties, old->traits->block_list);
    SCORIA_TRY(done, commit({.op = JournalLine::Op::set, .name = std::string(name), .entry = std::move(entry)}, {}));
    committed = std::move(done);
  }
  SCORIA_TRY_STATUS(finish(committed));
  return std::move(committed.properties);
}

Status Container::erase_blob(std::string_view name, const Conditions& conditions) {
  Committed committed;
  {
    SCORIA_TRY(lock, lock_to_write());
    if (index_.find(name) == nullptr) return blob_not_found(name_, name);
    SCORIA_TRY_STATUS(check(name, conditions));
    auto done = commit({.op = JournalLine::Op::erase, .name = std::string(name)}, {});
    if (!done.ok() && done.error().code == Code::exhausted && place_.use_reserve()) {
      done = commit({.op = JournalLine::Op::erase, .name = std::string(name)}, {});
    }
    if (!done.ok()) return std::move(done).error();
    committed = std::move(done).value();
  }
  SCORIA_TRY_STATUS(finish(committed));
  place_.make_reserve();  // where it was used, and there is room again
  return Ok{};
}

Result<std::vector<BlobItem>> Container::list(std::string_view prefix, std::string_view delimiter,
                                              std::string_view after, std::size_t limit) const {
  SCORIA_TRY(lock, lock_to_read());
  return index_.list(prefix, delimiter, after, limit);
}

}  // namespace scoria::blob
