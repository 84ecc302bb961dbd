#include "pack/writer.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/checksum.h"
#include "pack/key.h"
#include "pack/ready_form.h"
#include "pack/trial.h"

namespace scoria::pack {
namespace {

constexpr std::size_t kFlushBytes = 1 << 20;
// Models that share nothing keep their files instead: what is shared is read when a pack is opened.
constexpr std::size_t kMostSchemas = 4096;
constexpr std::size_t kMostClasses = 4096;
constexpr std::uint64_t kMostProbes = 1024;

template <typename T>
void append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append_padded(std::string& out, std::string_view text) {
  out.append(text);
  out.resize(padded(out.size()), '\0');
}

template <typename T>
std::string_view text_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// "1, 5"
std::string shown(std::string_view key, std::size_t parts) {
  std::string text;
  for (const std::string& part : key_parts(key, parts)) text += (text.empty() ? "" : ", ") + part;
  return text;
}

}  // namespace

Result<PackWriter> PackWriter::create(const std::filesystem::path& path, Contents about) {
  if (about.keys.empty() || about.keys.size() > kMostParts) {
    return Error{Code::invalid, "a pack has 1 to " + std::to_string(kMostParts) + " key columns, not " +
                                    std::to_string(about.keys.size())};
  }
  SCORIA_TRY(file, AtomicFile::create(path));
  PackWriter writer(std::move(file), std::move(about));
  std::string head;
  append(head, Head{});
  SCORIA_TRY_STATUS(writer.write(head));
  return writer;
}

Status PackWriter::write(std::string_view bytes) {
  SCORIA_TRY_STATUS(file_.write(bytes));
  while (!bytes.empty()) {
    const std::size_t room = kBlockBytes - written_ % kBlockBytes;
    const std::string_view part = bytes.substr(0, room);
    block_crc_ = crc32(std::as_bytes(std::span(part)), block_crc_);
    written_ += part.size();
    bytes.remove_prefix(part.size());
    if (written_ % kBlockBytes != 0) continue;
    checksums_.push_back(block_crc_);
    block_crc_ = 0;
  }
  return Ok{};
}

Status PackWriter::align() { return write(std::string(padded(written_) - written_, '\0')); }

Result<std::uint32_t> PackWriter::class_number(const ModelSource& source) {
  const auto [found, is_new] =
      classes_.try_emplace({source.class_name, source.writer}, static_cast<std::uint32_t>(contents_.classes.size()));
  if (is_new) {
    if (contents_.classes.size() == kMostClasses) {
      return Error{Code::too_large, "models of more than " + std::to_string(kMostClasses) + " classes and versions"};
    }
    contents_.classes.push_back({source.class_name, source.writer, 0});
  }
  ++contents_.classes[found->second].models;
  return found->second;
}

// Null where there are too many.
Result<const PackWriter::KnownSchema*> PackWriter::known_schema(const std::string& json) {
  if (const auto found = schemas_.find(json); found != schemas_.end()) return &found->second;
  if (schemas_.size() == kMostSchemas) return nullptr;
  SCORIA_TRY(schema, read_schema(json));
  const auto number = static_cast<std::uint32_t>(contents_.schemas.size());
  contents_.schemas.push_back(json);
  return &schemas_.emplace(json, KnownSchema{number, std::move(schema)}).first->second;
}

Status PackWriter::add(std::span<const std::string> key, const ModelSource& source, const model::Model& model,
                       std::span<const std::byte> file) {
  if (key.size() != contents_.keys.size()) {
    return Error{Code::invalid, "a key of " + std::to_string(key.size()) + " values, must have " +
                                    std::to_string(contents_.keys.size())};
  }
  for (const std::string& part : key) {
    if (part.size() <= kMostPartBytes) continue;
    return Error{Code::invalid, "a key of " + std::to_string(part.size()) + " bytes, must have at most " +
                                    std::to_string(kMostPartBytes)};
  }
  const std::string bytes = key_bytes(key);
  SCORIA_TRY(number, class_number(source));
  RecordHead head{.form = Form::source, .class_number = number};
  if (auto ready = make_ready(model)) {
    SCORIA_TRY(schema, known_schema(ready->schema));
    if (schema != nullptr) {
      SCORIA_TRY(trial, try_out(model, *ready, schema->schema, hash_key(bytes)));
      if (trial == Trial::same) {
        head.form = ready->form;
        head.schema = schema->number;
        return add_record(head, bytes, ready->body, source);
      }
    }
  }
  SCORIA_TRY_STATUS(align());
  const Extent extent{written_, file.size()};
  SCORIA_TRY_STATUS(write({reinterpret_cast<const char*>(file.data()), file.size()}));
  std::string body;
  append(body, extent);
  return add_record(head, bytes, body, source);
}

Status PackWriter::add_record(RecordHead head, std::string_view key, std::string_view body, const ModelSource& source) {
  const std::uint64_t size = sizeof(RecordHead) + padded(key.size()) + body.size();
  if (size > std::numeric_limits<std::uint32_t>::max()) return Error{Code::too_large, "it is larger than 4 GiB"};
  head.bytes = static_cast<std::uint32_t>(size);
  head.key_bytes = static_cast<std::uint16_t>(key.size());
  head.origin = origins_.size();  // flush() adds where these begin
  entries_.push_back({hash_key(key), records_.size(), keys_.size()});
  keys_.append(key);
  ++contents_.forms[static_cast<std::size_t>(head.form)];
  append(records_, head);
  append_padded(records_, key);
  records_.append(body);
  Origin origin{.file_bytes = source.bytes, .path_bytes = source.path.size()};
  std::copy(source.sha256.begin(), source.sha256.end(), origin.sha256);
  append(origins_, origin);
  append_padded(origins_, source.path);
  return records_.size() + origins_.size() >= kFlushBytes ? flush() : Status(Ok{});
}

// What has gathered: records, and behind them, out of the way of who scores, where they came from.
Status PackWriter::flush() {
  SCORIA_TRY_STATUS(align());
  const std::uint64_t origins = written_ + records_.size();
  for (; flushed_ < entries_.size(); ++flushed_) {
    Entry& entry = entries_[flushed_];
    RecordHead head;
    records_.copy(reinterpret_cast<char*>(&head), sizeof head, entry.place);
    head.origin += origins;
    records_.replace(entry.place, sizeof head, reinterpret_cast<const char*>(&head), sizeof head);
    entry.place += written_;
  }
  SCORIA_TRY_STATUS(write(records_));
  SCORIA_TRY_STATUS(write(origins_));
  records_.clear();
  origins_.clear();
  return Ok{};
}

std::string_view PackWriter::key_of(std::size_t entry) const {
  const std::uint64_t begin = entries_[entry].key;
  const std::uint64_t end = entry + 1 < entries_.size() ? entries_[entry + 1].key : keys_.size();
  return std::string_view(keys_).substr(begin, end - begin);
}

Result<std::vector<Slot>> PackWriter::make_index(Tail& tail) const {
  // Half of the slots are free, so that a search ends soon; should a chain be long all the same, more are.
  const std::uint64_t least = std::bit_ceil(2 * entries_.size() + 1);
  for (std::uint64_t slots = least; slots <= 64 * least; slots *= 2) {
    std::vector<Slot> index(slots + kMostProbes);
    std::uint64_t most_probes = 0;
    bool fits = true;
    for (std::size_t i = 0; i < entries_.size() && fits; ++i) {
      const Entry& entry = entries_[i];
      const std::uint64_t first = entry.hash & (slots - 1);
      std::uint64_t probe = 0;
      // While it is made, the index has numbers of entries, from 1 on.
      for (; probe < kMostProbes && index[first + probe].record != 0; ++probe) {
        const Slot& other = index[first + probe];
        if (other.hash != entry.hash || key_of(other.record - 1) != key_of(i)) continue;
        return Error{Code::conflict, "two models have the key " + shown(key_of(i), contents_.keys.size())};
      }
      fits = probe < kMostProbes;
      index[first + probe] = {entry.hash, i + 1};
      most_probes = std::max(most_probes, probe);
    }
    if (!fits) continue;
    for (Slot& slot : index) {
      if (slot.record != 0) slot.record = entries_[slot.record - 1].place;
    }
    index.resize(slots + most_probes);
    tail.slots = slots;
    tail.most_probes = most_probes;
    return index;
  }
  return Error{Code::too_large,
               "thousands of keys were made to share one place of the index; no index can keep them apart"};
}

Status PackWriter::commit() {
  SCORIA_TRY_STATUS(flush());
  Tail tail{.models = entries_.size()};
  SCORIA_TRY(index, make_index(tail));
  SCORIA_TRY_STATUS(align());
  const std::string contents = to_json(contents_);
  tail.contents = {written_, contents.size()};
  SCORIA_TRY_STATUS(write(contents));
  SCORIA_TRY_STATUS(align());
  tail.index = {written_, index.size() * sizeof(Slot)};
  SCORIA_TRY_STATUS(write(text_of(index)));
  SCORIA_TRY_STATUS(align());
  if (written_ % kBlockBytes != 0) checksums_.push_back(block_crc_);
  tail.checksums = {written_, checksums_.size() * sizeof(std::uint32_t)};
  tail.checksums_crc = crc32(std::as_bytes(std::span(checksums_)));
  std::string end(text_of(checksums_));
  end.resize(padded(end.size()), '\0');
  tail.file_bytes = written_ + end.size() + sizeof(Tail);
  tail.tail_crc = crc32(std::as_bytes(std::span(&tail, 1)));
  append(end, tail);
  SCORIA_TRY_STATUS(file_.write(end));
  written_ += end.size();
  return file_.commit();
}

}  // namespace scoria::pack
