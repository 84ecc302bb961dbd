#include "plan/pack_rows.h"

#include <charconv>
#include <cmath>

#include "pack/key.h"
#include "plan/set_rows.h"

namespace scoria::plan {
namespace {

using table::Column;
using table::Type;

// A key column, its cells compared and turned to text without a detour where they are of the common types.
class KeyColumn {
 public:
  explicit KeyColumn(const Column& column) : column_(column), type_(column.type()) {
    has_nulls_ = !column.validity().all_valid();
    if (type_ == Type::integer) integers_ = column.integers().data();
    if (type_ == Type::real) reals_ = column.reals().data();
    if (type_ == Type::factor) codes_ = column.codes().data();
  }

  bool is_null(std::size_t row) const { return has_nulls_ && column_.is_null(row); }

  // Precondition: neither is null.
  bool is_same(std::size_t a, std::size_t b) const {
    switch (type_) {
      case Type::integer: return integers_[a] == integers_[b];
      case Type::real: return reals_[a] == reals_[b];
      case Type::factor: return codes_[a] == codes_[b];
      case Type::logical: return column_.logicals()[a] == column_.logicals()[b];
      case Type::text: return column_.text_at(a) == column_.text_at(b);
    }
    return false;
  }

  // False: no key of a pack is that long.
  bool append(std::size_t row, std::string& key) const {
    char digits[24];
    if (type_ == Type::integer) return append_whole(integers_[row], digits, key);
    constexpr double kExact = 9007199254740992.0;  // up to here every whole number is a double
    if (type_ == Type::real && std::abs(reals_[row]) <= kExact && reals_[row] == std::trunc(reals_[row])) {
      return append_whole(static_cast<std::int64_t>(reals_[row]), digits, key);
    }
    if (type_ == Type::text) return append_text(column_.text_at(row), key);
    return append_text(key_text(column_, row), key);
  }

 private:
  static bool append_whole(std::int64_t number, char (&digits)[24], std::string& key) {
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    pack::append_part(key, {digits, static_cast<std::size_t>(end - digits)});
    return true;
  }
  static bool append_text(std::string_view text, std::string& key) {
    if (text.size() > pack::kMostPartBytes) return false;
    pack::append_part(key, text);
    return true;
  }

  const Column& column_;
  Type type_;
  bool has_nulls_ = false;
  const std::int32_t* integers_ = nullptr;
  const double* reals_ = nullptr;
  const std::int32_t* codes_ = nullptr;
};

}  // namespace

Result<std::vector<KeyRun>> find_runs(const pack::Pack& pack, std::span<const table::ColumnPtr> columns,
                                      std::size_t first, std::size_t count) {
  std::vector<KeyColumn> keys;
  for (const table::ColumnPtr& column : columns) keys.emplace_back(*column);
  const auto has_null = [&](std::size_t row) {
    for (const KeyColumn& key : keys) {
      if (key.is_null(row)) return true;
    }
    return false;
  };
  const auto is_same = [&](std::size_t a, std::size_t b) {
    for (const KeyColumn& key : keys) {
      if (!key.is_same(a, b)) return false;
    }
    return true;
  };
  std::vector<KeyRun> runs;
  std::string bytes;                // of all keys that are looked up
  std::vector<std::size_t> begins;  // of each, in bytes
  std::vector<std::size_t> whose;   // place in runs
  bool last_is_null = true;
  for (std::size_t row = first; row < first + count; ++row) {
    const bool is_null = has_null(row);
    if (row > first && !is_null && !last_is_null && is_same(row - 1, row)) {
      ++runs.back().count;
      continue;
    }
    last_is_null = is_null;
    runs.push_back({.first = static_cast<std::uint32_t>(row), .count = 1});
    if (is_null) continue;
    const std::size_t begin = bytes.size();
    bool is_key = true;
    for (const KeyColumn& key : keys) is_key = is_key && key.append(row, bytes);
    if (!is_key) {
      bytes.resize(begin);
      continue;
    }
    begins.push_back(begin);
    whose.push_back(runs.size() - 1);
  }
  std::vector<std::string_view> looked_up;
  looked_up.reserve(begins.size());
  begins.push_back(bytes.size());
  for (std::size_t i = 0; i < whose.size(); ++i) {
    looked_up.push_back(std::string_view(bytes).substr(begins[i], begins[i + 1] - begins[i]));
  }
  std::vector<pack::Found> found(looked_up.size());
  SCORIA_TRY_STATUS(pack.find(looked_up, found));
  for (std::size_t i = 0; i < whose.size(); ++i) runs[whose[i]].model = found[i];
  return runs;
}

}  // namespace scoria::plan
