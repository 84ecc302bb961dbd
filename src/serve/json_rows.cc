#include "serve/json_rows.h"

#include <simdjson.h>

#include <limits>
#include <memory>

namespace scoria::serve {
namespace {

using simdjson::ondemand::json_type;
using Value = simdjson::ondemand::value;

[[noreturn]] void stop(std::string code, std::string message, int status = 400) {
  throw Refusal{one_mistake(status, std::move(code), std::move(message))};
}

class Reader {
 public:
  Reader(const Envelope& envelope, const JsonLimits& limits, RowBuilder& rows)
      : envelope_(envelope), limits_(limits), rows_(rows), schema_(rows.schema()) {}

  void read(simdjson::ondemand::document& document) {
    if (document.type() == json_type::array && envelope_.may_be_bare) {
      read_array(document.get_array());
    } else if (document.type() == json_type::object) {
      read_top(document.get_object());
    } else {
      stop("bad_request",
           envelope_.may_be_bare ? "the body must be a JSON object or array" : "the body must be a JSON object");
    }
    if (rows_.has_too_many_mistakes()) return;  // the rest was not looked at
    const char* rest = nullptr;
    if (document.current_location().get(rest) == simdjson::SUCCESS)
      stop("bad_json", "something stands behind the end of the JSON");
    if (is_columns_) rows_.end_columns();
    if (rows_.rows() == 0) stop("bad_request", "there is no row");
  }

 private:
  const Envelope::Member* member(std::string_view name) const {
    for (const auto& one : envelope_.members) {
      if (one.name == name) return &one;
    }
    return nullptr;
  }

  std::string names() const {
    std::string list;
    for (const auto& one : envelope_.members) list += (list.empty() ? "\"" : ", \"") + std::string(one.name) + "\"";
    return list;
  }

  std::string forms() const {
    if (!envelope_.forms.empty()) return std::string(envelope_.forms);
    return (envelope_.members.size() > 1 ? "one of " : "") + names();
  }

  void read_top(simdjson::ondemand::object object) {
    bool has_rows = false, has_bare = false;
    std::size_t count = 0;
    for (auto field : object) {
      if (++count > limits_.keys) too_many_keys();
      const std::string_view name = field.unescaped_key();
      const Envelope::Member* known = schema_.find(name) ? nullptr : member(name);
      Value value = field.value();
      if (known != nullptr && !is(value, '[') && !is(value, '{'))
        stop("bad_request", "\"" + std::string(name) + "\" must be rows: an array or an object");
      if (known != nullptr) {
        if (has_rows) stop("bad_request", "there must be one of " + names() + ", not two");
        if (has_bare) stop("bad_request", "rows are there twice: in \"" + std::string(name) + "\" and beside it");
        has_rows = true;
        if (known->rows == Envelope::Rows::split) {
          read_split(value.get_object());
        } else {
          read_any(value);
        }
      } else if (envelope_.may_be_bare && !has_rows) {
        has_bare = read_bare_member(name, value) || has_bare;
      }
    }
    if (!has_rows && !has_bare) stop("bad_request", "the body must have " + forms());
    if (has_bare && !is_columns_) rows_.end_row();
  }

  // A member of a bare record, or a bare column. Whether it is a feature's.
  bool read_bare_member(std::string_view name, Value value) {
    const auto feature = schema_.find(name);
    if (!feature) return false;
    if (is(value, '[')) {
      if (rows_.rows() > 0)
        stop("bad_request", "'" + std::string(name) + "' is a list, other columns are single values");
      is_columns_ = true;
      read_column(*feature, value.get_array());
      return true;
    }
    if (is_columns_) stop("bad_request", "'" + std::string(name) + "' is a single value, other columns are lists");
    if (rows_.rows() == 0) rows_.begin_row();
    rows_.set(*feature, cell(value));
    return true;
  }

  void read_any(Value value) {
    if (is(value, '[')) return read_array(value.get_array());
    simdjson::ondemand::object object = value.get_object();
    std::size_t count = 0;
    for (auto field : object) {
      if (++count > limits_.keys) too_many_keys();
      const std::string_view name = field.unescaped_key();
      (void)read_bare_member(name, field.value());
    }
    if (!is_columns_) {
      if (rows_.rows() == 0) rows_.begin_row();
      rows_.end_row();
    }
  }

  void read_array(simdjson::ondemand::array array) {
    for (auto element : array) {
      if (rows_.rows() >= limits_.rows)
        stop("too_many_rows", "there are more than " + std::to_string(limits_.rows) + " rows", 413);
      if (rows_.has_too_many_mistakes()) return;
      Value value = element.value();
      if (is(value, '{')) {
        read_record(value.get_object());
      } else if (is(value, '[')) {
        read_positions(value.get_array(), nullptr);
      } else {
        stop("wrong_type", "row " + std::to_string(rows_.rows() + 1) + " must be an object or an array");
      }
    }
  }

  void read_record(simdjson::ondemand::object object) {
    rows_.begin_row();
    std::size_t count = 0, expected = 0;
    for (auto field : object) {
      if (++count > limits_.keys) too_many_keys();
      const std::string_view name = field.unescaped_key();
      // Records name their columns in the order that the model knows, mostly.
      std::optional<std::size_t> feature;
      if (expected < schema_.features().size() && schema_.features()[expected].name == name) {
        feature = expected;
      } else {
        feature = schema_.find(name);
      }
      if (feature) expected = *feature + 1;
      if (feature) rows_.set(*feature, cell(field.value()));
    }
    rows_.end_row();
  }

  // By position; or, where a split frame has names, by those.
  void read_positions(simdjson::ondemand::array array, const std::vector<std::optional<std::size_t>>* columns) {
    rows_.begin_row();
    const std::size_t size = columns != nullptr ? columns->size() : schema_.features().size();
    std::size_t at = 0;
    for (auto element : array) {
      if (at == size)
        stop("ragged_columns",
             "row " + std::to_string(rows_.rows()) + " has more than " + std::to_string(size) + " values");
      const auto feature = columns != nullptr ? (*columns)[at] : std::optional(at);
      ++at;
      Value value = element.value();
      if (feature) rows_.set(*feature, cell(value));
    }
    if (at < size) {
      stop("ragged_columns", "row " + std::to_string(rows_.rows()) + " has " + std::to_string(at) +
                                 " values instead of " + std::to_string(size));
    }
    rows_.end_row();
  }

  void read_column(std::size_t feature, simdjson::ondemand::array array) {
    if (rows_.has(feature)) stop("duplicate_key", "column '" + schema_.features()[feature].name + "' is there twice");
    std::size_t count = 0;
    for (auto element : array) {
      if (++count > limits_.rows)
        stop("too_many_rows", "there are more than " + std::to_string(limits_.rows) + " rows", 413);
      rows_.set_next(feature, cell(element.value()));
      if (rows_.has_too_many_mistakes()) return;
    }
  }

  // {"columns": [...], "index": [...], "data": [[...]]}; columns must come before data.
  void read_split(simdjson::ondemand::object object) {
    std::vector<std::optional<std::size_t>> columns;
    std::vector<bool> seen(schema_.features().size());
    bool has_columns = false;
    for (auto field : object) {
      const std::string_view name = field.unescaped_key();
      if (name == "columns") {
        if (rows_.rows() > 0) stop("bad_request", "\"columns\" must stand in front of \"data\"");
        has_columns = true;
        for (auto element : field.value().get_array()) {
          if (columns.size() == limits_.keys) too_many_keys();
          const std::string_view column = element.get_string();
          const auto feature = schema_.find(column);
          if (feature && seen[*feature]) stop("duplicate_key", "column '" + std::string(column) + "' is there twice");
          if (feature) seen[*feature] = true;
          columns.push_back(feature);
        }
      } else if (name == "data") {
        for (auto element : field.value().get_array()) {
          if (rows_.rows() >= limits_.rows)
            stop("too_many_rows", "there are more than " + std::to_string(limits_.rows) + " rows", 413);
          if (rows_.has_too_many_mistakes()) return;
          read_positions(element.get_array(), has_columns ? &columns : nullptr);
        }
      }
    }
  }

  static bool is(Value& value, char first) { return value.raw_json_token()[0] == first; }

  Cell cell(Value value) {
    const std::string_view token = value.raw_json_token();
    switch (token[0]) {
      case '"': {
        const std::string_view text = value.get_string();
        if (text.size() > limits_.text)
          stop("out_of_range", "a text has more than " + std::to_string(limits_.text) + " bytes", 413);
        return {.kind = Cell::Kind::text, .text = text};
      }
      case 't':
      case 'f': return {.kind = Cell::Kind::boolean, .boolean = value.get_bool()};
      case 'n':
        if (value.is_null()) return {};
        stop("bad_json", "something that begins with 'n' is not null");
      case 'N': return special(token, "NaN", std::numeric_limits<double>::quiet_NaN());
      case 'I': return special(token, "Infinity", std::numeric_limits<double>::infinity());
      case '[':
      case '{':
        stop("wrong_type",
             "row " + std::to_string(rows_.rows()) + ": a value must be a number, a text, true, false or null");
      default: break;
    }
    if (token.starts_with("-I")) return special(token, "-Infinity", -std::numeric_limits<double>::infinity());
    double number = 0;
    const auto error = value.get_double().get(number);
    if (error == simdjson::NUMBER_ERROR)
      stop("out_of_range", "'" + trimmed(token) + "' is no number that a double can hold");
    if (error != simdjson::SUCCESS) throw simdjson::simdjson_error(error);
    return {.kind = Cell::Kind::number, .number = number, .text = trim(token)};
  }

  // What Python and others write although JSON has no word for it.
  static Cell special(std::string_view token, std::string_view word, double number) {
    if (trim(token) != word) stop("bad_json", "'" + trimmed(token) + "' is no JSON value");
    return {.kind = Cell::Kind::number, .number = number, .text = word};
  }

  static std::string_view trim(std::string_view token) {
    while (!token.empty() &&
           (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' || token.back() == '\t'))
      token.remove_suffix(1);
    return token;
  }
  static std::string trimmed(std::string_view token) { return std::string(trim(token).substr(0, 100)); }

  [[noreturn]] void too_many_keys() const {
    stop("too_many_columns", "an object has more than " + std::to_string(limits_.keys) + " names", 413);
  }

  const Envelope& envelope_;
  const JsonLimits& limits_;
  RowBuilder& rows_;
  const Schema& schema_;
  bool is_columns_ = false;
};

// A thread's parser, with room for what it had to read so far.
class Parser {
 public:
  simdjson::ondemand::parser& for_body(std::size_t size, std::size_t depth) {
    if (parser_ == nullptr || size > room_) {
      room_ = std::max<std::size_t>(size, 64u << 10);
      parser_ = std::make_unique<simdjson::ondemand::parser>();
      if (const auto error = parser_->allocate(room_, depth); error != simdjson::SUCCESS) {
        parser_.reset();
        throw simdjson::simdjson_error(error);
      }
    }
    return *parser_;
  }
  // A large body is no reason to keep its room.
  void shrink() {
    if (room_ > (8u << 20)) parser_.reset();
  }

 private:
  std::unique_ptr<simdjson::ondemand::parser> parser_;
  std::size_t room_ = 0;
};

bool read_with(simdjson::ondemand::parser& parser, std::string& body, const Envelope& envelope,
               const JsonLimits& limits, RowBuilder& into, Problem& problem) {
  body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
  simdjson::ondemand::document document = parser.iterate(body.data(), body.size(), body.capacity());
  try {
    Reader(envelope, limits, into).read(document);
    return true;
  } catch (const simdjson::simdjson_error& error) {
    const char* at = nullptr;
    std::string where;
    if (document.current_location().get(at) == simdjson::SUCCESS && at >= body.data() &&
        at <= body.data() + body.size()) {
      where = " near byte " + std::to_string(at - body.data() + 1);
    }
    problem = one_mistake(400, "bad_json", "the body is not JSON as it should be" + where + ": " + error.what());
    return false;
  }
}

}  // namespace

bool read_json_rows(std::string& body, const Envelope& envelope, const JsonLimits& limits, RowBuilder& into,
                    Problem& problem) {
  thread_local Parser parser;
  bool is_read = false;
  // RFC 8259 8.1 lets it pass; .NET and PowerShell write it.
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (body.starts_with(kByteOrderMark)) body.erase(0, kByteOrderMark.size());
  try {
    is_read = read_with(parser.for_body(body.size(), limits.depth), body, envelope, limits, into, problem);
  } catch (const Refusal& refusal) {
    problem = refusal.problem;
  } catch (const simdjson::simdjson_error& error) {
    problem = error.error() == simdjson::EMPTY
                  ? one_mistake(400, "bad_request", "the body is empty")
                  : one_mistake(400, "bad_json", std::string("the body is not JSON: ") + error.what());
  }
  parser.shrink();
  return is_read;
}

}  // namespace scoria::serve
