#include <algorithm>
#include <utility>

#include "table/csv.h"
#include "table/csv_rows.h"
#include "table/source_buffer.h"

namespace scoria::table {
namespace {

struct Header {
  CsvLayout layout;
  std::size_t next;  // where the first row begins
  std::size_t line;  // its line number
};

// nullopt when the text, which goes on, does not hold the whole header yet.
Result<std::optional<Header>> read_header(std::string_view text, bool at_end, const CsvOptions& options) {
  SCORIA_TRY_STATUS(CsvLayout::check(options));
  if (text.size() < 3 && !at_end) return std::optional<Header>();
  const std::size_t begin = skip_blank_lines(text, skip_byte_order_mark(text));
  const std::size_t line = 1 + count_lines(text.substr(0, begin));
  if (begin == text.size()) {
    if (!at_end) return std::optional<Header>();
    return Error{Code::invalid, options.source_name + " is empty: it needs a header line with the column names"};
  }
  const CsvRecord record =
      scan_record(text, begin, at_end, options.separator, {options.max_record_bytes, options.max_columns});
  if (record.state == CsvRecord::State::incomplete) return std::optional<Header>();
  CsvFault fault = record.fault;
  if (record.state == CsvRecord::State::complete) {
    const std::size_t invalid = find_invalid_utf8(text.substr(begin, record.next - begin));
    if (invalid == std::string_view::npos) {
      SCORIA_TRY(layout, CsvLayout::make(options, record));
      const std::size_t row_line = line + count_lines(text.substr(begin, record.next - begin));
      return std::optional<Header>(Header{std::move(layout), record.next, row_line});
    }
    fault = {begin + invalid, kNoField, "a byte that is not UTF-8; convert the text to UTF-8", Code::invalid};
  }
  return csv_error(options.source_name, line + count_lines(text.substr(begin, fault.position - begin)), fault);
}

}  // namespace

Result<Table> read_csv(std::string_view text, const CsvOptions& options) {
  SCORIA_TRY(header, read_header(text, true, options));
  CsvIndex index = header->layout.index();
  return header->layout.read(index, text, header->next, header->line, CsvGuess::from_all_rows);
}

struct CsvReader::State {
  explicit State(std::unique_ptr<ByteSource> source) : buffer(std::move(source)) {}

  Result<std::optional<Table>> next(std::size_t max_rows) {
    std::size_t rows = 0;
    std::size_t scanned = 0;  // bytes of the batch
    while (rows < max_rows) {
      const CsvIndex::Found found = index->find(buffer.text(), scanned, buffer.at_end(), max_rows - rows);
      if (found == CsvIndex::Found::end) break;
      if (found == CsvIndex::Found::fault) return layout->error(index->fault(), buffer.text(), 0, line);
      if (found == CsvIndex::Found::more) {
        SCORIA_TRY_STATUS(buffer.fill());
        continue;
      }
      const std::size_t taken = std::min(index->block().rows, max_rows - rows);
      rows += taken;
      scanned = index->end_of_rows(taken);
    }
    if (rows == 0 && has_begun) return std::optional<Table>();
    const std::string_view batch = buffer.text().substr(0, scanned);
    SCORIA_TRY(table, layout->read(*index, batch, 0, line, CsvGuess::from_first_rows));
    if (!has_begun) layout->settle(table);
    has_begun = true;
    line += count_lines(batch);
    buffer.consume(scanned);
    return std::optional<Table>(std::move(table));
  }

  SourceBuffer buffer;
  std::size_t line = 1;    // the number of the line that buffer.text() begins with
  bool has_begun = false;  // a batch was returned
  std::optional<CsvLayout> layout;
  std::optional<CsvIndex> index;
  std::vector<std::string> header;
  std::optional<Error> failure;  // returned again by every later call
};

CsvReader::CsvReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
CsvReader::CsvReader(CsvReader&&) noexcept = default;
CsvReader::~CsvReader() = default;

Result<CsvReader> CsvReader::open(std::unique_ptr<ByteSource> source, const CsvOptions& options) {
  auto state = std::make_unique<State>(std::move(source));
  for (;;) {
    SCORIA_TRY(header, read_header(state->buffer.text(), state->buffer.at_end(), options));
    if (header) {
      state->layout = std::move(header->layout);
      state->buffer.consume(header->next);
      state->line = header->line;
      break;
    }
    SCORIA_TRY_STATUS(state->buffer.fill());
  }
  state->index = state->layout->index();
  state->header = state->layout->names();
  return CsvReader(std::move(state));
}

const std::vector<std::string>& CsvReader::header() const { return state_->header; }

Result<std::optional<Table>> CsvReader::next(std::size_t max_rows) {
  SCORIA_CHECK(max_rows > 0);
  if (state_->failure) return *state_->failure;
  auto batch = state_->next(max_rows);
  if (!batch.ok()) state_->failure = batch.error();
  return batch;
}

}  // namespace scoria::table
