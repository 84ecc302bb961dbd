#include "table/json_lines.h"

#include <simdjson.h>

#include <deque>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "table/csv_record.h"
#include "table/csv_rows.h"
#include "table/json_column.h"
#include "table/source_buffer.h"

namespace scoria::table {
namespace {

namespace ondemand = simdjson::ondemand;

static_assert(SourceBuffer::kPadding >= simdjson::SIMDJSON_PADDING);

// A batch in which nearly every cell is absent would take far more memory than its text: a key that changes with every
// line is data, not a column. Sixteen million cells are a gigabyte at most.
constexpr std::size_t kCellsAllowed = 16u << 20;
constexpr std::size_t kCellsPerValue = 100;

std::string_view without_blanks(std::string_view token) {
  const std::size_t end = token.find_last_not_of(" \t\r\n");
  return token.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

// What is wrong with a line: the key it is about ("" when about none) and what to say.
struct Fault {
  std::string key;
  std::string what;
  Code code = Code::invalid;
};

std::optional<Fault> malformed(simdjson::error_code error) {
  return Fault{"", std::string("not a JSON object: ") + simdjson::error_message(error), Code::invalid};
}

class Batch {
 public:
  explicit Batch(const CsvOptions& options) : options_(options) {
    if (options.only) only_.insert(options.only->begin(), options.only->end());
  }

  std::size_t rows() const { return rows_; }

  // Adds the object of one line, which has kPadding readable bytes after it.
  std::optional<Fault> add(ondemand::parser& parser, std::string_view line) {
    ondemand::document document;
    const simdjson::padded_string_view padded(line, line.size() + simdjson::SIMDJSON_PADDING);
    if (const auto error = parser.iterate(padded).get(document)) return malformed(error);
    ondemand::object object;
    if (const auto error = document.get_object().get(object)) return malformed(error);
    std::size_t expected = 0;
    for (auto next : object) {
      ondemand::field field;
      if (const auto error = std::move(next).get(field)) return malformed(error);
      std::string_view key;
      if (const auto error = field.unescaped_key().get(key)) return malformed(error);
      if (key.find('\0') != std::string_view::npos) return Fault{"", "a key with a NUL character", Code::invalid};
      Key* column = find(key, expected);
      if (column == nullptr) {
        return Fault{"", "more than " + std::to_string(options_.max_columns) + " different keys", Code::too_large};
      }
      if (auto fault = set(*column, std::move(field.value()))) return fault;
    }
    // The end of the object must be the end of the line.
    const char* rest = nullptr;
    if (document.current_location().get(rest) != simdjson::OUT_OF_BOUNDS) {
      return Fault{"", "text after the object; every line holds one object", Code::invalid};
    }
    ++rows_;
    if (rows_ * keys_.size() > kCellsAllowed && rows_ * keys_.size() / kCellsPerValue > values_) {
      return Fault{"",
                   std::to_string(keys_.size()) + " different keys in " + std::to_string(rows_) +
                       " lines, nearly all of them absent from each; keys must be column names",
                   Code::too_large};
    }
    return std::nullopt;
  }

  Table finish() && {
    Table table(rows_);
    for (Key& key : keys_) {
      if (key.wanted) table.add(key.name, std::move(key.column).finish(rows_));
    }
    return table;
  }

 private:
  struct Key {
    std::string name;
    bool wanted;
    JsonColumn column;
    std::size_t seen_in = ~std::size_t{0};  // the last row that had it
  };

  // Lines mostly have the same keys in the same order: `expected` is the position after the last key found.
  Key* find(std::string_view name, std::size_t& expected) {
    if (expected >= keys_.size() || keys_[expected].name != name) {
      const auto at = position_.find(name);
      if (at != position_.end()) {
        expected = at->second;
      } else {
        if (keys_.size() == options_.max_columns) return nullptr;
        expected = keys_.size();
        const auto type = options_.types.find(name);
        const bool wanted = !options_.only || only_.contains(name);
        keys_.push_back({std::string(name), wanted,
                         JsonColumn(type == options_.types.end() ? std::nullopt : std::optional(type->second))});
        position_.emplace(keys_.back().name, expected);
      }
    }
    return &keys_[expected++];
  }

  std::optional<Fault> set(Key& key, ondemand::value value) {
    const auto fault = [&](std::string what) { return Fault{key.name, std::move(what), Code::invalid}; };
    if (std::exchange(key.seen_in, rows_) == rows_) return fault("the key stands twice in one object");
    ondemand::json_type type;
    if (const auto error = value.type().get(type)) return fault(simdjson::error_message(error));
    ++values_;
    std::string wrong;
    switch (type) {
      case ondemand::json_type::null: {
        bool is_null = false;
        if (value.is_null().get(is_null) || !is_null) return fault("neither null nor another value");
        if (key.wanted) wrong = key.column.set_null(rows_);
        break;
      }
      case ondemand::json_type::boolean: {
        bool truth = false;
        if (value.get_bool().get(truth)) return fault("neither true nor false");
        if (key.wanted) wrong = key.column.set_bool(rows_, truth);
        break;
      }
      case ondemand::json_type::number: {
        // The token as it stands: simdjson's own reading would refuse what does not fit 64 bits.
        const std::string_view token = without_blanks(value.raw_json_token());
        if (!is_json_number(token)) return fault("'" + excerpt(token) + "' is not a JSON number");
        if (key.wanted) wrong = key.column.set_number(rows_, token);
        break;
      }
      case ondemand::json_type::string: {
        std::string_view text;
        if (const auto error = value.get_string().get(text)) return fault(simdjson::error_message(error));
        if (key.wanted) wrong = key.column.set_string(rows_, text);
        break;
      }
      case ondemand::json_type::object: return fault("an object inside an object; only plain values are read");
      case ondemand::json_type::array: return fault("an array; only plain values are read");
    }
    if (!wrong.empty()) return fault(std::move(wrong));
    return std::nullopt;
  }

  const CsvOptions& options_;
  std::unordered_set<std::string_view> only_;
  std::deque<Key> keys_;  // never moves: position_ looks at the names
  std::unordered_map<std::string_view, std::size_t> position_;
  std::size_t rows_ = 0;
  std::size_t values_ = 0;
};

}  // namespace

struct JsonLinesReader::State {
  State(std::unique_ptr<ByteSource> source, CsvOptions reader_options)
      : buffer(std::move(source)), options(std::move(reader_options)) {}

  Error error(const Fault& fault) const {
    std::string message = options.source_name + ", line " + std::to_string(line);
    if (!fault.key.empty()) message += ", key '" + excerpt(fault.key) + "'";
    return Error{fault.code, message + ": " + fault.what};
  }

  // The next line without its end; nullopt after the last. The line feed is not consumed.
  Result<std::optional<std::string_view>> next_line() {
    for (;;) {
      const std::string_view text = buffer.text();
      const std::size_t end = text.find('\n');
      if ((end == std::string_view::npos ? text.size() : end + 1) > options.max_record_bytes) {
        return error(
            {"", "longer than the limit of " + std::to_string(options.max_record_bytes) + " bytes", Code::too_large});
      }
      if (end != std::string_view::npos) return std::optional(text.substr(0, end));
      if (buffer.at_end()) return text.empty() ? std::nullopt : std::optional(text);
      SCORIA_TRY_STATUS(buffer.fill());
    }
  }

  Result<std::optional<Table>> next(std::size_t max_rows) {
    Batch batch(options);
    while (batch.rows() < max_rows) {
      SCORIA_TRY(found, next_line());
      if (!found) break;
      std::string_view text = *found;
      if (line == 1) text.remove_prefix(skip_byte_order_mark(text));
      if (text.find_first_not_of(" \t\r") != std::string_view::npos) {
        if (const auto fault = batch.add(parser, text)) return error(*fault);
      }
      buffer.consume(std::min(found->size() + 1, buffer.text().size()));
      ++line;
    }
    if (batch.rows() == 0) return std::optional<Table>();
    return std::optional<Table>(std::move(batch).finish());
  }

  SourceBuffer buffer;
  CsvOptions options;
  std::size_t line = 1;
  ondemand::parser parser;
  std::optional<Error> failure;  // returned again by every later call
};

JsonLinesReader::JsonLinesReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
JsonLinesReader::JsonLinesReader(JsonLinesReader&&) noexcept = default;
JsonLinesReader::~JsonLinesReader() = default;

Result<JsonLinesReader> JsonLinesReader::open(std::unique_ptr<ByteSource> source, CsvOptions options) {
  return JsonLinesReader(std::make_unique<State>(std::move(source), std::move(options)));
}

Result<std::optional<Table>> JsonLinesReader::next(std::size_t max_rows) {
  SCORIA_CHECK(max_rows > 0);
  if (state_->failure) return *state_->failure;
  auto batch = state_->next(max_rows);
  if (!batch.ok()) state_->failure = batch.error();
  return batch;
}

}  // namespace scoria::table
