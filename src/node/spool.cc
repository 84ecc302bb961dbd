#include "node/spool.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "node/packing.h"
#include "node/spawn.h"

namespace scoria::node {
namespace {

constexpr std::uint8_t kIntent = 1, kEnded = 3, kForgotten = 4, kBoot = 5;

class Record {
 public:
  Record(std::string& out, std::uint8_t kind) : pack(out), out_(out), at_(out.size()) {
    pack.add(std::uint32_t{0});
    pack.add(kind);
  }
  ~Record() {
    const auto size = static_cast<std::uint32_t>(out_.size() - at_ - sizeof(std::uint32_t));
    std::memcpy(out_.data() + at_, &size, sizeof size);
  }
  Record(const Record&) = delete;
  Record& operator=(const Record&) = delete;
  Packer pack;

 private:
  std::string& out_;
  std::size_t at_;
};

void put_ending(std::string& out, const Ending& ending) {
  Record record(out, kEnded);
  std::string frame;
  append_ended(frame, ending);
  record.pack.add(std::string_view(frame));
}

void put_intent(std::string& out, std::uint64_t attempt, std::string_view note) {
  Record record(out, kIntent);
  record.pack.add(attempt);
  record.pack.add(note);
}

Status write_all(int file, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      return Error{errno == ENOSPC ? Code::exhausted : Code::unavailable,
                   "'" + path.string() + "' cannot be written: " + strerror(errno)};
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return Ok{};
}

// One record; false where it makes no sense.
bool replay(std::uint8_t kind, std::string_view payload, Spooled& spooled) {
  auto& found = spooled.attempts;
  Unpacker bytes(payload);
  spooled.boot_id.clear();
  if (kind == kBoot) {
    bytes.take(spooled.boot_id);
    return bytes.is_whole();
  }
  std::uint64_t attempt = 0;
  if (kind == kIntent) {
    bytes.take(attempt);
    auto& entry = found[attempt];
    entry.kept.attempt = attempt;
    bytes.take(entry.kept.note);
    return bytes.is_whole();
  }
  if (kind == kBirth) {
    std::int32_t pid = 0;
    std::int64_t born = 0;
    bytes.take(attempt);
    bytes.take(pid);
    bytes.take(born);
    const auto entry = found.find(attempt);
    if (entry == found.end() || !bytes.is_whole()) return bytes.is_whole();
    entry->second.kept.pid = pid;
    entry->second.born_ms = born;
    return true;
  }
  if (kind == kEnded) {
    std::string frame;
    bytes.take(frame);
    std::size_t position = 0;
    auto message = take_message(frame, position);
    if (!bytes.is_whole() || !message.ok() || !message.value() || message.value()->kind != MessageKind::ended) {
      return false;
    }
    const auto entry = found.find(message.value()->ending.attempt);
    if (entry != found.end()) entry->second.kept.ending = std::move(message.value()->ending);
    return true;
  }
  if (kind == kForgotten) {
    bytes.take(attempt);
    found.erase(attempt);
    return bytes.is_whole();
  }
  return false;
}

Result<Descriptor> open_for_append(const std::filesystem::path& path, int flags) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0600));
  if (!file.is_open()) {
    return Error{errno == EACCES ? Code::denied : Code::unavailable,
                 "'" + path.string() + "' cannot be opened: " + strerror(errno)};
  }
  return file;
}

}  // namespace

Result<Spool> Spool::open(const std::filesystem::path& path, Spooled& found) {
  SCORIA_TRY(file, open_for_append(path, 0));
  std::size_t whole = 0;
  {
    SCORIA_TRY(content, FileBytes::open(path));
    const std::string_view text = content.text();
    while (text.size() - whole > sizeof(std::uint32_t)) {
      std::uint32_t size = 0;
      std::memcpy(&size, text.data() + whole, sizeof size);
      if (size == 0 || size > kMaxFrame) {
        return Error{Code::corrupt, "'" + path.string() + "': a record of " + std::to_string(size) + " bytes at " +
                                        std::to_string(whole)};
      }
      if (text.size() - whole - sizeof size < size) break;
      const std::string_view record = text.substr(whole + sizeof size, size);
      if (!replay(static_cast<std::uint8_t>(record[0]), record.substr(1), found)) {
        return Error{Code::corrupt,
                     "'" + path.string() + "': a record that cannot be read, at " + std::to_string(whole)};
      }
      whole += sizeof size + size;
    }
  }
  if (ftruncate(file.get(), static_cast<off_t>(whole)) != 0) {
    return Error{Code::unavailable, "'" + path.string() + "' cannot be cut to its whole records: " + strerror(errno)};
  }
  Spool spool(path, std::move(file));
  spool.bytes_written_ = whole;
  return spool;
}

void Spool::add_intent(std::uint64_t attempt, std::string_view note) { put_intent(pending_, attempt, note); }
void Spool::add_ending(const Ending& ending) { put_ending(pending_, ending); }
void Spool::add_forgotten(std::uint64_t attempt) {
  Record record(pending_, kForgotten);
  record.pack.add(attempt);
}

void Spool::add_boot(std::string_view boot_id) {
  Record record(pending_, kBoot);
  record.pack.add(boot_id);
}

Status Spool::flush() {
  if (pending_.empty()) return Ok{};
  const off_t before = lseek(file_.get(), 0, SEEK_END);
  auto status = write_all(file_.get(), pending_, path_);
  if (!status.ok()) {
    (void)!ftruncate(file_.get(),
                     before);  // no half record: it would hide what follows; it stays pending and is tried again
    return status;
  }
  bytes_written_ += pending_.size();
  pending_.clear();
  return Ok{};
}

std::uint64_t Spool::end() const {
  const off_t end = lseek(file_.get(), 0, SEEK_END);
  return end < 0 ? 0 : static_cast<std::uint64_t>(end);
}

void Spool::cut_to(std::uint64_t end) { (void)!ftruncate(file_.get(), static_cast<off_t>(end)); }

Status Spool::compact(const std::map<std::uint64_t, SpooledAttempt>& held) {
  std::string bytes;
  for (const auto& [attempt, entry] : held) {
    put_intent(bytes, attempt, entry.kept.note);
    if (entry.born_ms != 0) {
      const BirthRecord birth{sizeof(BirthRecord) - sizeof(std::uint32_t), kBirth, attempt, entry.kept.pid,
                              entry.born_ms};
      bytes.append(reinterpret_cast<const char*>(&birth), sizeof birth);
    }
    if (entry.kept.ending) put_ending(bytes, *entry.kept.ending);
  }
  std::filesystem::path fresh = path_;
  fresh += ".new";
  SCORIA_TRY(file, open_for_append(fresh, O_TRUNC));
  SCORIA_TRY_STATUS(write_all(file.get(), bytes, fresh));
  if (rename(fresh.c_str(), path_.c_str()) != 0) {
    return Error{Code::unavailable, "'" + fresh.string() + "' cannot be renamed: " + strerror(errno)};
  }
  file_ = std::move(file);
  pending_.clear();
  bytes_written_ = bytes.size();
  return Ok{};
}

}  // namespace scoria::node
