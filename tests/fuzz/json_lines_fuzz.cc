// JSON lines: the reader agrees with nlohmann::json in what it refuses, in types and in values, and what is written reads
// back the same. The first byte chooses how the text arrives and is cut into batches; the rest is the text.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "table/csv_reference.h"
#include "table/json_lines.h"

namespace {

using nlohmann::json;
using scoria::Result;
using scoria::table::Column;
using scoria::table::CsvOptions;
using scoria::table::Table;
using scoria::table::Type;

struct Expected {
  bool refused = false;
  bool unclear = false;  // a number that nlohmann cannot hold
  std::vector<std::string> keys;
  std::vector<json> rows;
};

bool is_special(const json& value) {
  return value.is_string() && (value == "NaN" || value == "Inf" || value == "-Inf");
}

Expected expected(std::string_view text) {
  Expected out;
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    std::set<std::string> seen;
    std::vector<std::string> order;
    bool twice = false;
    const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
      if (event == json::parse_event_t::key && depth == 1) {
        twice = twice || !seen.insert(parsed.get<std::string>()).second;
        order.push_back(parsed.get<std::string>());
      }
      return true;
    };
    json row;
    try {
      if (line.find('\0') != line.npos || line.substr(0, 3) == "\xEF\xBB\xBF") throw std::invalid_argument("");
      row = json::parse(line.begin(), line.end(), watch);
    } catch (const json::out_of_range&) {
      out.unclear = true;
    } catch (const std::exception&) {
      out.refused = true;
      return out;
    }
    if (out.unclear) return out;
    out.refused = out.refused || twice || !row.is_object();
    if (out.refused) return out;
    for (const std::string& key : order) {
      const json& value = row[key];
      const bool nul = value.is_string() && value.get<std::string>().find('\0') != std::string::npos;
      if (value.is_structured() || nul || key.find('\0') != key.npos) out.refused = true;
      if (std::find(out.keys.begin(), out.keys.end(), key) == out.keys.end()) out.keys.push_back(key);
    }
    out.rows.push_back(row);
  }
  return out;
}

// The type of a column, or refusal.
void infer(Expected& all, const std::string& key, Type& type) {
  int bools = 0, numbers = 0, reals = 0, specials = 0, strings = 0;
  for (const json& row : all.rows) {
    if (!row.contains(key)) continue;
    const json& value = row[key];
    bools += value.is_boolean();
    numbers += value.is_number();
    specials += is_special(value);
    strings += value.is_string() && !is_special(value);
    reals += value.is_number_float() || (value.is_number() && std::abs(value.get<double>()) > 2147483647.0);
  }
  const bool words = strings > 0 || (specials > 0 && numbers == 0);
  if ((bools > 0) + (numbers > 0) + (words ? 1 : 0) > 1) all.refused = true;
  type = words ? Type::text : numbers == 0 ? Type::logical : reals > 0 || specials > 0 ? Type::real : Type::integer;
}

double special_value(const json& value) {
  return value == "NaN" ? std::nan("") : value == "Inf" ? HUGE_VAL : -HUGE_VAL;
}

bool same(const Column& column, const Expected& all, const std::string& key) {
  for (std::size_t i = 0; i < all.rows.size(); ++i) {
    const json& row = all.rows[i];
    const bool null = !row.contains(key) || row[key].is_null();
    if (column.is_null(i) != null) return false;
    if (null) continue;
    const json& value = row[key];
    switch (column.type()) {
      case Type::logical:
        if ((column.logicals()[i] != 0) != value.get<bool>()) return false;
        break;
      case Type::integer:
        if (column.integers()[i] != value.get<std::int64_t>()) return false;
        break;
      case Type::real: {
        const double x = is_special(value) ? special_value(value) : value.get<double>();
        const double ours = column.reals()[i];
        if (!scoria::table::reference::same_number(x, ours) && !(x == 0 && ours == 0)) return false;
        break;
      }
      default:
        if (column.text_at(i) != value.get<std::string>()) return false;
    }
  }
  return true;
}

Result<Table> read(std::string_view text, CsvOptions options, std::size_t piece, std::size_t max_rows) {
  SCORIA_TRY(reader, scoria::table::JsonLinesReader::open(
                         std::make_unique<scoria::table::reference::DribblingSource>(text, piece), std::move(options)));
  Table all;
  for (bool first = true;; first = false) {
    SCORIA_TRY(batch, reader.next(max_rows));
    if (!batch) return all;
    SCORIA_TRY(joined, first ? Result<Table>(*batch) : scoria::table::stack(all, *batch));
    all = joined;
  }
}

std::string difference(std::string_view text, std::size_t piece, std::size_t max_rows) {
  Expected all = expected(text);
  const auto actual = read(text, {}, piece, 1u << 20);
  if (all.unclear) return "";
  std::vector<Type> types(all.keys.size());
  // "-0" is an integer to nlohmann and a double here.
  bool has_negative_zero = text.find("-0") != text.npos;
  for (std::size_t i = 0; i < all.keys.size(); ++i) infer(all, all.keys[i], types[i]);
  if (all.refused) return actual.ok() ? "accepted what nlohmann refuses" : "";
  if (!actual.ok()) return "refused: " + actual.error().message;
  const Table& table = actual.value();
  if (table.rows() != all.rows.size() || table.names() != all.keys) return "other rows or columns";
  CsvOptions typed;
  for (std::size_t i = 0; i < all.keys.size(); ++i) {
    const Column& column = *table.column(i);
    if (column.type() != types[i] && !(has_negative_zero && column.type() == Type::real)) return "another type";
    if (!same(column, all, all.keys[i])) return "column '" + all.keys[i] + "' differs";
    typed.types.emplace(all.keys[i], column.type());
  }
  const auto batches = read(text, typed, piece, max_rows);
  if (!batches.ok()) return "batches refused: " + batches.error().message;
  if (!scoria::table::reference::same(batches.value(), table)) return "batches differ";
  std::string written;
  append_json_lines(table, written);
  const auto again = read(written, typed, written.size() + 1, 1u << 20);
  if (!again.ok()) return "what was written is refused: " + again.error().message;
  return scoria::table::reference::same(again.value(), table) ? "" : "what was written reads back differently";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string found = difference(text, 1 + data[0] % 64u, 1 + data[0] / 64u);
  if (!found.empty()) {
    std::fprintf(stderr, "%s\n", found.c_str());
    std::abort();
  }
  return 0;
}
