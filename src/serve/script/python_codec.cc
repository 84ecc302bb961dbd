#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

#include "base/na.h"
#include "serve/script/codec.h"

// service.py's bytes, from beside this file.
asm(".section .rodata\n.global kServicePyBegin\nkServicePyBegin:\n.incbin \"" SCRIPT_SOURCE
    "/service.py\"\n.global kServicePyEnd\nkServicePyEnd:\n.byte 0\n.previous\n");
extern "C" {
extern const char kServicePyBegin[], kServicePyEnd[];
}

namespace scoria::serve::script {
namespace {

constexpr std::uint32_t kMissing = 0xffffffff;
constexpr std::size_t kMostColumns = 10'000;

template <typename Number>
void put(std::string& out, Number value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

using Members = std::vector<std::pair<std::string, std::string>>;

std::string write_members(std::span<const std::pair<std::string, std::string>> members) {
  std::string out;
  put(out, static_cast<std::uint32_t>(members.size()));
  for (const auto& [name, value] : members) {
    put(out, static_cast<std::uint32_t>(name.size()));
    put(out, static_cast<std::uint64_t>(value.size()));
    out.append(name).append(value);
  }
  return out;
}

// What a worker sent, read with care: it may run anybody's code.
class Input {
 public:
  explicit Input(std::string_view bytes) : bytes_(bytes) {}
  template <typename Number>
  bool get(Number& value) {
    if (bytes_.size() < sizeof value) return false;
    memcpy(&value, bytes_.data(), sizeof value);
    bytes_.remove_prefix(sizeof value);
    return true;
  }
  bool take(std::uint64_t size, std::string_view& into) {
    if (size > bytes_.size()) return false;
    into = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return true;
  }
  std::size_t left() const { return bytes_.size(); }

 private:
  std::string_view bytes_;
};

bool read_members(std::string_view bytes, Members& members) {
  Input input(bytes);
  std::uint32_t count = 0;
  if (!input.get(count) || count > input.left()) return false;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint32_t name_size = 0;
    std::uint64_t size = 0;
    std::string_view name, value;
    if (!input.get(name_size) || !input.get(size) || !input.take(name_size, name) || !input.take(size, value))
      return false;
    members.emplace_back(name, value);
  }
  return true;
}

std::string member(const Members& members, std::string_view name) {
  for (const auto& [key, value] : members) {
    if (key == name) return value;
  }
  return {};
}

void put_texts(std::string& out, std::size_t count, const auto& text_at, const auto& is_missing) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view text = text_at(i);
    put(out, is_missing(i) ? kMissing : static_cast<std::uint32_t>(text.size()));
    bytes.append(text);
  }
  out += bytes;
}

std::pair<char, std::string> column_bytes(const table::Column& column) {
  std::string out;
  const auto is_null = [&](std::size_t row) { return column.is_null(row); };
  switch (column.type()) {
    case table::Type::real:
      out.assign(reinterpret_cast<const char*>(column.reals().data()), column.reals().size_bytes());
      return {'d', out};
    case table::Type::integer:
      out.assign(reinterpret_cast<const char*>(column.integers().data()), column.integers().size_bytes());
      return {'i', out};
    case table::Type::logical:
      for (std::size_t row = 0; row < column.size(); ++row)
        out.push_back(static_cast<char>(column.is_null(row) ? 2 : column.logicals()[row]));
      return {'b', out};
    case table::Type::text:
      put_texts(
          out, column.size(), [&](std::size_t row) { return column.text_at(row); }, is_null);
      return {'s', out};
    case table::Type::factor: break;
  }
  put(out, static_cast<std::uint32_t>(column.levels().size()));
  put_texts(
      out, column.levels().size(), [&](std::size_t i) { return std::string_view(column.levels()[i]); },
      [](std::size_t) { return false; });
  out.append(reinterpret_cast<const char*>(column.codes().data()), column.codes().size_bytes());
  return {'f', out};
}

std::string write_table(const table::Table& table) {
  std::string out;
  put(out, static_cast<std::uint32_t>(table.columns()));
  put(out, static_cast<std::uint64_t>(table.rows()));
  for (std::size_t i = 0; i < table.columns(); ++i) {
    const auto [type, bytes] = column_bytes(*table.column(i));
    out.push_back(type);
    put(out, static_cast<std::uint32_t>(table.names()[i].size()));
    put(out, static_cast<std::uint64_t>(bytes.size()));
    out.append(table.names()[i]).append(bytes);
  }
  return out;
}

template <typename Number>
std::vector<Number> numbers_of(std::string_view bytes) {
  std::vector<Number> values(bytes.size() / sizeof(Number));
  if (!values.empty()) memcpy(values.data(), bytes.data(), values.size() * sizeof(Number));
  return values;
}

table::ColumnPtr column_of(char type, std::uint64_t rows, std::string_view bytes) {
  if (type == 'd' && bytes.size() == rows * sizeof(double)) return table::Column::real(numbers_of<double>(bytes));
  if (type == 'i' && bytes.size() == rows * sizeof(std::int32_t))
    return table::Column::integer(numbers_of<std::int32_t>(bytes));
  table::Validity validity;
  const auto set_null = [&](std::size_t row) {
    if (validity.all_valid()) validity = table::Validity(rows);
    validity.set_null(row);
  };
  if (type == 'b' && bytes.size() == rows) {
    std::vector<std::uint8_t> values(rows);
    for (std::size_t row = 0; row < rows; ++row) {
      values[row] = bytes[row] == 1 ? 1 : 0;
      if (bytes[row] == 2) set_null(row);
    }
    return table::Column::logical(std::move(values), std::move(validity));
  }
  if (type != 's' || bytes.size() / sizeof(std::uint32_t) < rows) return nullptr;
  Input texts(bytes.substr(rows * sizeof(std::uint32_t)));
  std::vector<std::string> values;
  for (const auto size : numbers_of<std::uint32_t>(bytes.substr(0, rows * sizeof(std::uint32_t)))) {
    std::string_view text;
    if (size == kMissing) {
      set_null(values.size());
    } else if (!texts.take(size, text)) {
      return nullptr;
    }
    values.emplace_back(text);
  }
  return table::Column::text(std::span<const std::string>(values), std::move(validity));
}

Result<Answer> read_table(std::string_view bytes) {
  const Error broken{Code::corrupt, "the worker's answer is no table"};
  Input input(bytes);
  std::uint32_t columns = 0;
  std::uint64_t rows = 0;
  if (!input.get(columns) || !input.get(rows) || columns == 0 || columns > kMostColumns || rows > bytes.size())
    return broken;
  table::Table table(rows);
  for (std::uint32_t i = 0; i < columns; ++i) {
    char type = 0;
    std::uint32_t name_size = 0;
    std::uint64_t size = 0;
    std::string_view name, data;
    if (!input.get(type) || !input.get(name_size) || !input.get(size) || !input.take(name_size, name) ||
        !input.take(size, data))
      return broken;
    auto column = column_of(type, rows, data);
    if (column == nullptr) return broken;
    table.add(std::string(name), std::move(column));
  }
  return Answer(std::move(table));
}

Result<Answer> read_reply(std::string_view bytes) {
  Members members;
  if (!read_members(bytes, members)) return Error{Code::corrupt, "the worker's answer is no reply"};
  net::HttpReply reply;
  reply.headers.emplace_back("Content-Type", member(members, "type"));
  reply.body = member(members, "body");
  return Answer(std::move(reply));
}

void note_output(const Members& members, Said& said) {
  said.output = member(members, "output") + member(members, "warnings");
}

class PythonCodec final : public Codec {
 public:
  std::string encode_start(const ScriptPlan& plan) const override {
    const std::string source(kServicePyBegin, static_cast<std::size_t>(kServicePyEnd - kServicePyBegin));
    return write_members(Members{{"source", source},
                                 {"form", name_of(plan.form)},
                                 {"script", plan.script},
                                 {"model", plan.model},
                                 {"function", plan.function}});
  }

  std::string encode(const Question& question) const override {
    if (const auto* table = std::get_if<table::Table>(&question)) return write_table(*table);
    const auto& request = std::get<WholeRequest>(question);
    return write_members(Members{{"method", request.method},
                                 {"path", request.path},
                                 {"query", request.query},
                                 {"headers", write_members(request.headers)},
                                 {"body", request.body},
                                 {"peer", request.peer}});
  }

  Result<Answer> decode(std::string_view payload, bool is_rows, Said& said) const override {
    Members members;
    if (!read_members(payload, members)) return Error{Code::corrupt, "the worker's answer cannot be read"};
    note_output(members, said);
    const std::string value = member(members, "value");
    return is_rows ? read_table(value) : read_reply(value);
  }

  Said decode_failure(std::string_view payload) const override {
    Members members;
    if (!read_members(payload, members)) return {.message = "the worker failed, and its reason cannot be read"};
    Said said{.message = member(members, "message"), .calls = member(members, "calls")};
    note_output(members, said);
    return said;
  }
};

}  // namespace

std::unique_ptr<Codec> make_python_codec() { return std::make_unique<PythonCodec>(); }

}  // namespace scoria::serve::script
