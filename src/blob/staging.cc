#include "blob/staging.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/log.h"

namespace scoria::blob {
namespace {

// A staged blob is a line like a container's, its name the container's, a slash, and the blob's: no container's name holds a slash.
std::string joined(std::string_view container, std::string_view name) {
  return std::string(container) + "/" + std::string(name);
}

}  // namespace

std::filesystem::path Staging::folder(std::uint64_t attempt) const {
  return place_.folder / "staged" / std::to_string(attempt);
}

std::shared_ptr<Staging::Attempt> Staging::attempt(std::uint64_t number) {
  const std::lock_guard lock(attempts_mutex_);
  auto& attempt = attempts_[number];
  if (attempt == nullptr) attempt = std::make_shared<Attempt>();
  return attempt;
}

Status Staging::open_journal(std::uint64_t number, Attempt& attempt) {
  const std::filesystem::path path = folder(number) / "journal";
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    SCORIA_TRY(journal, Journal::open(path, [](const Journal::Record&) -> Status { return Ok{}; }));
    attempt.journal = journal;
    return Ok{};
  }
  SCORIA_TRY_STATUS(make_folder(folder(number)));
  SCORIA_TRY(journal, Journal::create(path));
  SCORIA_TRY_STATUS(sync_folder(folder(number)));
  SCORIA_TRY_STATUS(sync_folder(place_.folder / "staged"));
  attempt.journal = journal;
  return Ok{};
}

Status Staging::stage(std::uint64_t number, std::string_view container, std::string_view name, DiskUpload& upload,
                      const BlobProperties& properties) {
  for (;;) {
    const auto held = attempt(number);
    std::unique_lock lock(held->mutex);
    if (held->is_closed) continue;  // published or discarded meanwhile: what comes now is new
    if (held->journal == nullptr) SCORIA_TRY_STATUS(open_journal(number, *held));
    JournalLine line{.op = JournalLine::Op::put, .name = joined(container, name)};
    line.entry.length = upload.length();
    line.entry.created = line.entry.modified = place_.now();
    line.entry.content_md5 = properties.content_md5;
    line.entry.traits = traits_of(properties);
    if (!upload.is_inline()) {
      line.entry.body.file = random_number();
      SCORIA_TRY_STATUS(upload.move_to(folder(number) / file_name(line.entry.body.file)));
    }
    const std::string_view payload = line.entry.body.file == 0 ? std::string_view(upload.bytes()) : std::string_view{};
    SCORIA_TRY(record, held->journal->append(write_line(line), payload));
    const std::shared_ptr<Journal> journal = held->journal;
    lock.unlock();
    return journal->sync();
  }
}

Status Staging::publish(std::uint64_t number, const Put& put) {
  const auto held = attempt(number);
  const std::lock_guard lock(held->mutex);
  std::error_code error;
  if (std::filesystem::exists(folder(number) / "journal", error)) {
    std::map<std::string, Entry> last;
    SCORIA_TRY(journal, Journal::open(folder(number) / "journal", [&](const Journal::Record& record) -> Status {
                 SCORIA_TRY(line, read_line(record.text, record.payload_at));
                 last.insert_or_assign(line.name, std::move(line.entry));
                 return Ok{};
               }));
    for (const auto& [joined_name, entry] : last) {
      const std::size_t slash = joined_name.find('/');
      BlobProperties properties = shown(entry);
      auto upload = place_.make_upload();
      if (entry.body.file != 0) {
        // A second name, so that a crash on the way leaves all of it here for the next try.
        SCORIA_TRY(linked,
                   DiskUpload::link(place_.fresh_path(), folder(number) / file_name(entry.body.file), entry.length));
        upload = std::move(linked);
      } else {
        SCORIA_TRY(bytes, journal->read(entry.body.at, entry.length));
        SCORIA_TRY_STATUS(upload->write(std::as_bytes(std::span(bytes))));
      }
      const auto done = put(joined_name.substr(0, slash), joined_name.substr(slash + 1), *upload, properties);
      if (done.ok()) continue;
      if (done.error().api_code != "ContainerNotFound") return done.error();
      // Deleted since: there is no place for it any more, and the rest must not wait.
      log::warn("blob_not_published", {{"attempt", number}, {"blob", joined_name}, {"why", done.error().message}});
    }
  }
  held->is_closed = true;
  held->journal.reset();
  return remove_folder(number);
}

Status Staging::discard(std::uint64_t number) {
  const auto held = attempt(number);
  const std::lock_guard lock(held->mutex);
  held->is_closed = true;
  held->journal.reset();
  return remove_folder(number);
}

Status Staging::add_to(Picture& picture, const std::function<bool(std::uint64_t attempt)>& keeps) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(place_.folder / "staged", error)) {
    const std::string name = entry.path().filename().string();
    std::uint64_t number = 0;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (failed != std::errc{} || end != name.data() + name.size() || !keeps(number)) continue;
    SCORIA_TRY_STATUS(add_attempt(picture, number));
  }
  if (error) return Error{Code::unavailable, "cannot list the staged outputs: " + error.message()};
  return Ok{};
}

Status Staging::add_attempt(Picture& picture, std::uint64_t number) {
  const auto held = attempt(number);
  const std::lock_guard lock(held->mutex);
  std::error_code error;
  if (!std::filesystem::exists(folder(number) / "journal", error)) return Ok{};  // published or discarded meanwhile
  const std::string below = "staged/" + std::to_string(number);
  SCORIA_TRY_STATUS(picture.add_folder(below));
  for (const auto& file : std::filesystem::directory_iterator(folder(number), error)) {
    const std::uint64_t length = file.file_size(error);
    if (error) break;
    const std::string name = below + "/" + file.path().filename().string();
    SCORIA_TRY_STATUS(picture.link(file.path(), name, length));
    picture.add_file(name, length);
  }
  if (error) return Error{Code::unavailable, "cannot list '" + folder(number).string() + "': " + error.message()};
  return Ok{};
}

// With the attempt's lock held.
Status Staging::remove_folder(std::uint64_t number) {
  {
    const std::lock_guard lock(attempts_mutex_);
    attempts_.erase(number);
  }
  std::error_code error;
  if (std::filesystem::remove_all(folder(number), error) == static_cast<std::uintmax_t>(-1)) {
    return Error{Code::unavailable, "cannot remove '" + folder(number).string() + "': " + error.message()};
  }
  return Ok{};
}

}  // namespace scoria::blob
