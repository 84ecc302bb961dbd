#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/na.h"
#include "table/table.h"

namespace scoria::table {
namespace {

bool is_words(Type type) { return type == Type::text || type == Type::factor; }

bool is_all_null(const Column& column) { return column.validity().null_count(column.size()) == column.size(); }

// The type that holds the values of both, or nothing.
std::optional<Type> common_type(const Column& above, const Column& below) {
  const Type a = above.type();
  const Type b = below.type();
  if (a == b) return a;
  if (is_all_null(above)) return b;
  if (is_all_null(below)) return a;
  if (is_words(a) != is_words(b)) return std::nullopt;
  if (is_words(a)) return Type::text;
  return a == Type::real || b == Type::real ? Type::real : Type::integer;
}

double real_at(const Column& column, std::size_t row) {
  if (column.is_null(row)) return na_real();
  switch (column.type()) {
    case Type::real: return column.reals()[row];
    case Type::integer: return column.integers()[row];
    default: return column.logicals()[row];
  }
}

std::int32_t integer_at(const Column& column, std::size_t row) {
  if (column.is_null(row)) return kNaInt;
  return column.type() == Type::integer ? column.integers()[row] : column.logicals()[row];
}

// Both parts one after the other as the common type. A part may be null: `rows` missing values.
struct Part {
  const Column* column;
  std::size_t rows;

  bool is_null(std::size_t row) const { return column == nullptr || column->is_null(row); }
};

template <typename Visit>
void each_row(const Part& above, const Part& below, Visit visit) {
  for (const Part* part : {&above, &below}) {
    for (std::size_t row = 0; row < part->rows; ++row) visit(*part, row);
  }
}

ColumnPtr join_text(const Part& above, const Part& below) {
  const std::size_t rows = above.rows + below.rows;
  Validity validity(rows);
  std::vector<std::int64_t> offsets{0};
  offsets.reserve(rows + 1);
  std::string bytes;
  each_row(above, below, [&](const Part& part, std::size_t row) {
    if (part.is_null(row)) {
      validity.set_null(offsets.size() - 1);
    } else if (part.column->type() == Type::text) {
      bytes += part.column->text_at(row);
    } else {
      bytes += part.column->levels()[static_cast<std::size_t>(part.column->codes()[row])];
    }
    offsets.push_back(static_cast<std::int64_t>(bytes.size()));
  });
  return Column::text(std::move(offsets), std::move(bytes), std::move(validity));
}

ColumnPtr join_factor(const Part& above, const Part& below) {
  auto levels = std::make_shared<std::vector<std::string>>();
  std::unordered_map<std::string, std::int32_t> code_of;
  std::vector<std::int32_t> codes;
  codes.reserve(above.rows + below.rows);
  bool ordered = true;
  for (const Part* part : {&above, &below}) {
    const bool has_levels = part->column != nullptr && part->column->type() == Type::factor;
    std::vector<std::int32_t> translated;
    if (has_levels) {
      for (const std::string& level : part->column->levels()) {
        const auto [at, is_new] = code_of.emplace(level, static_cast<std::int32_t>(levels->size()));
        if (is_new) levels->push_back(level);
        translated.push_back(at->second);
      }
      ordered = ordered && part->column->ordered();
    }
    for (std::size_t row = 0; row < part->rows; ++row) {
      codes.push_back(part->is_null(row) ? -1 : translated[static_cast<std::size_t>(part->column->codes()[row])]);
    }
  }
  // An order survives only where both sides agree on it: a joined level has no place in it.
  for (const Part* part : {&above, &below}) {
    if (part->column != nullptr && part->column->type() == Type::factor) {
      ordered = ordered && part->column->levels() == *levels;
    }
  }
  return Column::factor(std::move(codes), std::move(levels), ordered);
}

ColumnPtr join(Type type, const Part& above, const Part& below) {
  const std::size_t rows = above.rows + below.rows;
  switch (type) {
    case Type::text: return join_text(above, below);
    case Type::factor: return join_factor(above, below);
    case Type::real: {
      std::vector<double> values;
      values.reserve(rows);
      each_row(above, below, [&](const Part& part, std::size_t row) {
        values.push_back(part.is_null(row) ? na_real() : real_at(*part.column, row));
      });
      return Column::real(std::move(values));
    }
    case Type::integer: {
      std::vector<std::int32_t> values;
      values.reserve(rows);
      each_row(above, below, [&](const Part& part, std::size_t row) {
        values.push_back(part.is_null(row) ? kNaInt : integer_at(*part.column, row));
      });
      return Column::integer(std::move(values));
    }
    case Type::logical: {
      std::vector<std::uint8_t> values;
      values.reserve(rows);
      Validity validity(rows);
      each_row(above, below, [&](const Part& part, std::size_t row) {
        if (part.is_null(row)) validity.set_null(values.size());
        values.push_back(part.is_null(row) ? std::uint8_t{0} : part.column->logicals()[row]);
      });
      return Column::logical(std::move(values), std::move(validity));
    }
  }
  throw_bug(__FILE__, __LINE__, "a known Type");
}

Status refuse_repeats(const Table& table, std::string_view which) {
  std::unordered_set<std::string_view> seen;
  for (const std::string& name : table.names()) {
    if (!seen.insert(name).second) {
      return Error{Code::invalid, "the " + std::string(which) + " table has two columns '" + name +
                                      "': rows can be stacked by name only when names differ"};
    }
  }
  return Ok{};
}

}  // namespace

Result<Table> stack(const Table& above, const Table& below) {
  SCORIA_TRY_STATUS(refuse_repeats(above, "upper"));
  SCORIA_TRY_STATUS(refuse_repeats(below, "lower"));
  std::unordered_map<std::string_view, std::size_t> below_at;
  for (std::size_t i = 0; i < below.columns(); ++i) below_at.emplace(below.names()[i], i);
  Table out(above.rows() + below.rows());
  for (std::size_t i = 0; i < above.columns(); ++i) {
    const std::string& name = above.names()[i];
    const Column& upper = *above.column(i);
    const auto at = below_at.find(name);
    if (at == below_at.end()) {
      out.add(name, join(upper.type(), {&upper, above.rows()}, {nullptr, below.rows()}));
      continue;
    }
    const Column& lower = *below.column(at->second);
    below_at.erase(at);
    const auto type = common_type(upper, lower);
    if (!type) {
      return Error{Code::invalid, "column '" + name + "' is " + std::string(type_name(upper.type())) +
                                      " in the upper table and " + std::string(type_name(lower.type())) +
                                      " in the lower: give it one type in both"};
    }
    out.add(name, join(*type, {&upper, above.rows()}, {&lower, below.rows()}));
  }
  for (std::size_t i = 0; i < below.columns(); ++i) {
    if (!below_at.contains(below.names()[i])) continue;
    const Column& lower = *below.column(i);
    out.add(below.names()[i], join(lower.type(), {nullptr, above.rows()}, {&lower, below.rows()}));
  }
  return out;
}

}  // namespace scoria::table
