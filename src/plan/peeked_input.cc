#include "plan/peeked_input.h"

#include <algorithm>
#include <cstring>

#include "arrowio/stored_bytes.h"
#include "table/file_format.h"

namespace scoria::plan {
namespace {

constexpr std::size_t kPeekedRows = 1000;

// Passes bytes on and keeps them.
class RecordingSource final : public ByteSource {
 public:
  RecordingSource(std::shared_ptr<ByteSource> source, std::shared_ptr<std::string> record)
      : source_(std::move(source)), record_(std::move(record)) {}

  Result<std::size_t> read(std::span<char> into) override {
    // Small pieces, as what is kept stays until it was read again.
    constexpr std::size_t kMost = 256 * 1024;
    const std::span<char> piece = into.first(std::min(into.size(), kMost));
    SCORIA_TRY(count, source_->read(piece));
    record_->append(piece.data(), count);
    return count;
  }

 private:
  std::shared_ptr<ByteSource> source_;
  std::shared_ptr<std::string> record_;
};

// What was kept, then the rest.
class ReplayingSource final : public ByteSource {
 public:
  ReplayingSource(std::shared_ptr<std::string> record, std::shared_ptr<ByteSource> rest)
      : record_(std::move(record)), rest_(std::move(rest)) {}

  Result<std::size_t> read(std::span<char> into) override {
    if (record_ != nullptr && place_ < record_->size()) {
      const std::size_t count = std::min(into.size(), record_->size() - place_);
      std::memcpy(into.data(), record_->data() + place_, count);
      place_ += count;
      return count;
    }
    record_.reset();
    return rest_->read(into);
  }

 private:
  std::shared_ptr<std::string> record_;
  std::size_t place_ = 0;
  std::shared_ptr<ByteSource> rest_;
};

}  // namespace

Result<PeekedInput::FirstRows> PeekedInput::first(const table::CsvOptions& options) {
  SCORIA_TRY(format, table::format_of(path_));
  std::optional<RowReader> reader;
  if (table::is_columnar(format)) {
    SCORIA_TRY(opened, RowReader::open(path_, options, memory_limit_));
    reader.emplace(std::move(opened));
  } else {
    SCORIA_TRY(source, arrowio::open_bytes(path_));
    source_ = std::move(source);
    recorded_ = std::make_shared<std::string>();
    SCORIA_TRY(opened,
               RowReader::over(std::make_unique<RecordingSource>(source_, recorded_), path_, options, kPeekedRows));
    reader.emplace(std::move(opened));
  }
  FirstRows first;
  if (reader->header() != nullptr) first.header = *reader->header();
  SCORIA_TRY(rows, reader->next());
  if (rows) first.rows = std::move(*rows);
  return first;
}

Result<RowReader> PeekedInput::reader(const table::CsvOptions& options) {
  if (source_ == nullptr) return RowReader::open(path_, options, memory_limit_);
  return RowReader::over(std::make_unique<ReplayingSource>(std::move(recorded_), std::move(source_)), path_, options);
}

}  // namespace scoria::plan
