#include "serve/script/r_stream.h"

#include <algorithm>
#include <vector>

#include "base/na.h"

namespace scoria::serve::script {
namespace {

// SEXP types and flags of a stream (R Internals, 1.8).
constexpr std::int32_t kSymbol = 1, kPairlist = 2, kElement = 9, kLogical = 10, kInteger = 13, kReal = 14, kText = 16,
                       kList = 19, kRaw = 24, kNil = 254;
constexpr std::int32_t kIsObject = 1 << 8, kHasAttributes = 1 << 9, kHasTag = 1 << 10;
constexpr std::int32_t kUtf8 = (1 << 3) << 12, kAscii = (1 << 6) << 12;
constexpr std::int32_t kVersion = 2, kWriter = 4 << 16, kOldestReader = (2 << 16) | (3 << 8);

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

RStream::RStream() : bytes_("B\n") {
  word(kVersion);
  word(kWriter);
  word(kOldestReader);
}

void RStream::word(std::int32_t value) { bytes_.append(reinterpret_cast<const char*>(&value), sizeof value); }

void RStream::element(std::string_view text) {
  word(kElement | (is_ascii(text) ? kAscii : kUtf8));
  word(static_cast<std::int32_t>(text.size()));
  bytes_.append(text);
}

void RStream::missing_element() {
  word(kElement);
  word(-1);
}

void RStream::symbol(std::string_view name) {
  word(kPairlist | kHasTag);
  word(kSymbol);
  element(name);
}

void RStream::texts(std::span<const std::string_view> values) {
  word(kText);
  word(static_cast<std::int32_t>(values.size()));
  for (const auto value : values) element(value);
}

void RStream::begin_list(std::size_t size) {
  word(kList | kHasAttributes);
  word(static_cast<std::int32_t>(size));
}

void RStream::end_list(std::span<const std::string_view> names) {
  symbol("names");
  texts(names);
  word(kNil);
}

void RStream::text(std::string_view value) { texts({&value, 1}); }

void RStream::flag(bool value) {
  word(kLogical);
  word(1);
  word(value ? 1 : 0);
}

void RStream::raw(std::string_view value) {
  word(kRaw);
  word(static_cast<std::int32_t>(value.size()));
  bytes_.append(value);
}

void RStream::named_texts(std::span<const std::pair<std::string, std::string>> items) {
  word(kText | kHasAttributes);
  word(static_cast<std::int32_t>(items.size()));
  for (const auto& [name, value] : items) element(value);
  symbol("names");
  word(kText);
  word(static_cast<std::int32_t>(items.size()));
  for (const auto& [name, value] : items) element(name);
  word(kNil);
}

void RStream::column(const table::Column& column) {
  const auto size = static_cast<std::int32_t>(column.size());
  switch (column.type()) {
    case table::Type::real:
      word(kReal);
      word(size);
      bytes_.append(reinterpret_cast<const char*>(column.reals().data()), column.reals().size_bytes());
      return;
    case table::Type::integer:
      word(kInteger);
      word(size);
      bytes_.append(reinterpret_cast<const char*>(column.integers().data()), column.integers().size_bytes());
      return;
    case table::Type::logical:
      word(kLogical);
      word(size);
      for (std::size_t row = 0; row < column.size(); ++row) word(column.is_null(row) ? kNaInt : column.logicals()[row]);
      return;
    case table::Type::text:
      word(kText);
      word(size);
      for (std::size_t row = 0; row < column.size(); ++row) {
        if (column.is_null(row)) {
          missing_element();
        } else {
          element(column.text_at(row));
        }
      }
      return;
    case table::Type::factor: break;
  }
  word(kInteger | kIsObject | kHasAttributes);
  word(size);
  for (const auto code : column.codes()) word(code < 0 ? kNaInt : code + 1);
  const std::vector<std::string_view> levels(column.levels().begin(), column.levels().end());
  symbol("levels");
  texts(levels);
  symbol("class");
  if (column.ordered()) {
    const std::string_view classes[]{"ordered", "factor"};
    texts(classes);
  } else {
    text("factor");
  }
  word(kNil);
}

void RStream::frame(const table::Table& table) {
  word(kList | kIsObject | kHasAttributes);
  word(static_cast<std::int32_t>(table.columns()));
  for (std::size_t i = 0; i < table.columns(); ++i) column(*table.column(i));
  const std::vector<std::string_view> names(table.names().begin(), table.names().end());
  symbol("names");
  texts(names);
  symbol("row.names");  // R's short form of 1 to n
  word(kInteger);
  word(2);
  word(kNaInt);
  word(-static_cast<std::int32_t>(table.rows()));
  symbol("class");
  text("data.frame");
  word(kNil);
}

}  // namespace scoria::serve::script
