// Arrow's C data interface: whatever a record batch says, import ends in a table or an error, releases both structures once, and what was
// imported and exported again is the same. Pointers and buffer sizes are honest, as the interface gives no way to doubt them: text offsets
// stay within their buffer, but in any order. The input is read from the front as choices, then as the contents of buffers.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "table/arrow_c.h"
#include "table/arrow_for_tests.h"

namespace {

using scoria::table::ArrowBatchForTests;
using scoria::table::Column;
using scoria::table::Table;
using scoria::table::Type;

void demand(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

class Choices {
 public:
  Choices(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  bool is_over() const { return at_ == size_; }
  std::uint8_t next() { return at_ < size_ ? data_[at_++] : 0; }
  std::string bytes(std::size_t count) {
    std::string out(count, '\0');
    for (char& byte : out) byte = static_cast<char>(next());
    return out;
  }
  // Mostly a value that fits, at times one that cannot be.
  std::int64_t length(std::int64_t fitting) {
    constexpr std::int64_t kWrong[] = {-1, INT64_MIN, INT64_MAX, 1ll << 49};
    const std::uint8_t which = next();
    return which < 250 ? fitting : kWrong[which % 4];
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

struct Layout {
  const char* format;
  std::size_t width;  // bytes of a value; 0: bits
};
constexpr Layout kFixed[] = {{"b", 0},      {"c", 1},         {"C", 1},       {"s", 2},       {"S", 2},   {"i", 4},
                             {"I", 4},      {"l", 8},         {"L", 8},       {"e", 2},       {"f", 4},   {"g", 8},
                             {"tdD", 4},    {"tdm", 8},       {"tss:", 8},    {"tsn:UTC", 8}, {"ttm", 4}, {"ttn", 8},
                             {"d:9,3", 16}, {"d:9,-2,64", 8}, {"d:9,0,32", 4}};
constexpr const char* kOther[] = {"n",  "+s", "+l", "z",   "w:4", "tDs",  "tiM", "vz",
                                  "+r", "",   "d:", "d:1", "ts",  "tsx:", "tt"};

// A column's format and buffers for `count` values, counted from the buffers' beginnings.
std::pair<std::string, std::vector<std::string>> column(Choices& choices, std::size_t count) {
  const std::string bitmap = choices.next() % 3 == 0 ? choices.bytes((count + 7) / 8) : "";
  const std::uint8_t kind = choices.next();
  if (kind < 120) {
    const Layout& layout = kFixed[kind % std::size(kFixed)];
    const std::size_t size = layout.width == 0 ? (count + 7) / 8 : layout.width * count;
    return {layout.format, {bitmap, choices.bytes(size)}};
  }
  if (kind < 200) {
    const std::string text = choices.bytes(choices.next() % 64);
    std::vector<std::int32_t> small;
    std::vector<std::int64_t> large;
    std::int32_t at = 0;
    for (std::size_t i = 0; i <= count; ++i) {
      const std::uint8_t step = choices.next();
      // Backwards at times, and never beyond the text: that no one could see.
      at = step < 250 ? std::min<std::int32_t>(at + step % 8, static_cast<std::int32_t>(text.size())) : at - 1;
      small.push_back(at);
      large.push_back(at);
    }
    if (kind < 160) return {"u", {bitmap, scoria::table::bytes_of(small), text}};
    return {"U", {bitmap, scoria::table::bytes_of(large), text}};
  }
  if (kind < 235) {
    const std::string text = choices.bytes(choices.next() % 64);
    std::string views;
    for (std::size_t i = 0; i < count; ++i) {
      std::string view = choices.bytes(16);
      if (choices.next() % 4 != 0) {  // small numbers, which are the interesting ones
        for (const std::size_t zero : {1, 2, 3, 9, 10, 11, 13, 14, 15}) view[zero] = '\0';
      }
      views += view;
    }
    const std::vector<std::int64_t> sizes{static_cast<std::int64_t>(text.size())};
    return {"vu", {bitmap, views, text, scoria::table::bytes_of(sizes)}};
  }
  if (kind < 245) return {"n", {}};
  if (kind < 253) return {kOther[choices.next() % std::size(kOther)], {bitmap, choices.bytes(16 * count)}};
  return {choices.bytes(choices.next() % 6), {}};
}

bool is_same(const Column& a, const Column& b) {
  if (a.type() != b.type() || a.size() != b.size() || a.ordered() != b.ordered()) return false;
  for (std::size_t row = 0; row < a.size(); ++row) {
    if (a.is_null(row) != b.is_null(row)) return false;
    if (a.is_null(row)) continue;
    switch (a.type()) {
      case Type::real:
        if (a.reals()[row] != b.reals()[row] && (a.reals()[row] == a.reals()[row] || b.reals()[row] == b.reals()[row]))
          return false;
        break;
      case Type::integer:
        if (a.integers()[row] != b.integers()[row]) return false;
        break;
      case Type::logical:
        if (a.logicals()[row] != b.logicals()[row]) return false;
        break;
      case Type::text:
        if (a.text_at(row) != b.text_at(row)) return false;
        break;
      case Type::factor:
        if (a.codes()[row] != b.codes()[row]) return false;
        break;
    }
  }
  return a.type() != Type::factor || a.levels() == b.levels();
}

void check_round_trip(const Table& table) {
  ArrowSchema schema;
  ArrowArray array;
  scoria::table::export_table(table, &schema, &array);
  const auto again = scoria::table::import_table(&schema, &array);
  demand(again.ok(), "what was exported cannot be imported");
  demand(again.value().names() == table.names() && again.value().rows() == table.rows(), "another shape");
  for (std::size_t i = 0; i < table.columns(); ++i) {
    demand(is_same(*table.column(i), *again.value().column(i)), "a column changed on its way out and in");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Choices choices(data, size);
  const std::size_t rows = choices.next() % 12;
  const std::int64_t offset = choices.next() % 4;
  ArrowBatchForTests batch(static_cast<std::int64_t>(rows));
  while (!choices.is_over()) {
    const std::int64_t own_offset = choices.next() % 4;
    const std::size_t count = rows + static_cast<std::size_t>(offset + own_offset);
    auto [format, buffers] = column(choices, count);
    auto& added = batch.add(format, choices.bytes(choices.next() % 3), std::move(buffers));
    added.array.offset = choices.length(own_offset);
    added.array.length = choices.length(static_cast<std::int64_t>(rows) + offset);
    added.array.null_count = choices.next() < 240 ? -1 : choices.next() - 5;
    added.schema.flags = choices.next();
    if (choices.next() >= 250) added.array.n_buffers -= 1;
    if (choices.next() >= 250) added.schema.n_children = 1;
    if (choices.next() % 4 == 0) {
      const std::size_t entries = choices.next() % 8;
      auto [type, values] = column(choices, entries);
      auto& dictionary =
          batch.add_dictionary(added, type, std::move(values), choices.length(static_cast<std::int64_t>(entries)));
      if (dictionary.array.length > static_cast<std::int64_t>(entries)) dictionary.array.length = -1;
    }
  }
  batch.array()->offset = choices.length(offset);
  const auto table = scoria::table::import_table(batch.schema(), batch.array());
  demand(batch.schema_releases == 1 && batch.array_releases == 1, "both structures are released exactly once");
  if (table.ok()) {
    check_round_trip(table.value());
  } else {
    demand(!table.error().message.empty(), "an error without a message");
  }
  return 0;
}
