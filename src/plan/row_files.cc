#include "plan/row_files.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "arrowio/uri.h"
#include "base/byte_source.h"
#include "plan/stacking.h"

namespace scoria::plan {
namespace {

Status write_to_standard_output(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error{Code::unavailable, std::string("cannot write to standard output: ") + std::strerror(errno)};
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return Ok{};
}

}  // namespace

std::size_t batch_rows_for(std::size_t columns) {
  constexpr std::size_t kCells = 4'000'000;
  return std::clamp<std::size_t>(kCells / columns, 1024, 65'536);
}

Result<RowReader> RowReader::open(const std::string& path, table::CsvOptions options, std::uint64_t memory_limit) {
  SCORIA_TRY(format, table::format_of(path));
  RowReader reader;
  if (table::is_columnar(format)) {
    const std::size_t wanted = options.only ? options.only->size() : 64;
    reader.batch_rows_ = batch_rows_for(std::max<std::size_t>(wanted, 1));
    SCORIA_TRY(columnar,
               arrowio::ColumnarReader::open(
                   path, format,
                   {.only = std::move(options.only), .batch_rows = reader.batch_rows_, .memory_limit = memory_limit}));
    reader.columnar_.emplace(std::move(columnar));
    return reader;
  }
  SCORIA_TRY(source, arrowio::open_bytes(path));
  return over(std::move(source), path, std::move(options));
}

Result<RowReader> RowReader::over(std::unique_ptr<ByteSource> source, const std::string& path,
                                  table::CsvOptions options, std::size_t batch_rows) {
  SCORIA_TRY(format, table::format_of(path));
  SCORIA_CHECK(!table::is_columnar(format));
  RowReader reader;
  options.source_name =
      path == "-" ? "standard input" : "'" + arrowio::without_secrets(arrowio::without_query(path)) + "'";
  if (format == table::Format::tsv) options.separator = '\t';
  if (format == table::Format::json_lines) {
    SCORIA_TRY(json, table::JsonLinesReader::open(std::move(source), std::move(options)));
    reader.json_.emplace(std::move(json));
    reader.batch_rows_ = batch_rows_for(64);
  } else {
    SCORIA_TRY(csv, table::CsvReader::open(std::move(source), options));
    reader.csv_.emplace(std::move(csv));
    // All of a row's text is in memory, whatever columns are wanted.
    reader.batch_rows_ = batch_rows_for(reader.csv_->header().size());
  }
  if (batch_rows > 0) reader.batch_rows_ = batch_rows;
  return reader;
}

const std::vector<std::string>* RowReader::header() const {
  if (columnar_) return &columnar_->header();
  return csv_ ? &csv_->header() : nullptr;
}

Result<std::optional<table::Table>> RowReader::next() {
  if (columnar_) return columnar_->next();
  return csv_ ? csv_->next(batch_rows_) : json_->next(batch_rows_);
}

Result<table::Table> RowReader::rest() {
  if (!columnar_) {
    constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
    SCORIA_TRY(all, csv_ ? csv_->next(kAll) : json_->next(kAll));
    return all.value_or(table::Table());
  }
  std::vector<table::Table> batches;
  for (;;) {
    SCORIA_TRY(batch, columnar_->next());
    if (!batch) break;
    batches.push_back(std::move(*batch));
  }
  if (batches.empty()) return table::Table();
  return stack_all(batches);
}

Result<table::Table> read_whole_table(const std::string& path, table::CsvOptions options, std::uint64_t memory_limit) {
  SCORIA_TRY(reader, RowReader::open(path, std::move(options), memory_limit));
  return reader.rest();
}

struct RowWriter::State {
  Status put(std::string_view bytes) {
    hash.add(bytes);
    size += bytes.size();
    return file ? file->write(bytes) : write_to_standard_output(bytes);
  }

  table::Format format = table::Format::csv;
  std::optional<arrowio::OutputFile> file;  // none for standard output
  std::optional<arrowio::ColumnarWriter> columnar;
  bool has_header = false;
  std::string text;  // not yet put
  net::Sha256 hash;
  std::uint64_t size = 0;
};

RowWriter::RowWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
RowWriter::RowWriter(RowWriter&&) noexcept = default;
RowWriter::~RowWriter() = default;

Result<RowWriter> RowWriter::open(const std::string& path, const FileMetadata& metadata) {
  auto state = std::make_unique<State>();
  const std::string shown = arrowio::without_secrets(arrowio::without_query(path));
  SCORIA_TRY(format, table::format_of(path));
  if (format == table::Format::tsv || table::has_compression_ending(arrowio::without_query(path))) {
    return Error{Code::unsupported,
                 "'" + shown + "': outputs are plain .csv or .jsonl, or .parquet, .arrow, .feather or .arrows"};
  }
  state->format = format;
  if (table::is_columnar(format)) {
    SCORIA_TRY(columnar,
               arrowio::ColumnarWriter::open(
                   format, shown, [to = state.get()](std::string_view bytes) { return to->put(bytes); }, metadata));
    state->columnar.emplace(std::move(columnar));
  }
  if (path != "-") {
    SCORIA_TRY(file, arrowio::OutputFile::create(path));
    state->file.emplace(std::move(file));
  }
  return RowWriter(std::move(state));
}

Status RowWriter::write(const table::Table& rows) {
  if (state_->columnar) return state_->columnar->write(rows);
  std::string& text = state_->text;
  if (state_->format == table::Format::json_lines) {
    table::append_json_lines(rows, text);
  } else {
    if (!state_->has_header) table::append_csv_header(rows, text);
    table::append_csv_rows(rows, text);
  }
  state_->has_header = true;
  constexpr std::size_t kPutAt = 1 << 20;
  if (text.size() < kPutAt) return Ok{};
  SCORIA_TRY_STATUS(state_->put(text));
  text.clear();
  return Ok{};
}

Status RowWriter::end() {
  if (state_->columnar) return state_->columnar->finish();
  SCORIA_TRY_STATUS(state_->put(state_->text));
  state_->text.clear();
  return Ok{};
}

Status RowWriter::commit() { return state_->file ? state_->file->commit() : Ok{}; }

arrowio::OutputFile RowWriter::take_file() {
  SCORIA_CHECK(state_->file);
  return std::move(*state_->file);
}

std::uint64_t RowWriter::bytes() const { return state_->size; }
std::string RowWriter::sha256() { return state_->hash.finish(); }

}  // namespace scoria::plan
