#include "expr/scalar.h"

#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "base/na.h"
#include "expr/convert.h"

namespace scoria::expr {

using table::Column;
using table::ColumnPtr;
using table::Type;

Scalar Scalar::na(Type type) {
  switch (type) {
    case Type::logical: return {false, true};
    case Type::integer: return {std::int32_t{0}, true};
    case Type::real: return {0.0, true};
    default: return {std::string(), true};
  }
}

Scalar Scalar::from(const Column& column, std::size_t row) {
  if (column.is_null(row)) return na(column.type());
  switch (column.type()) {
    case Type::logical: return {column.logicals()[row] != 0, false};
    case Type::integer: return {column.integers()[row], false};
    case Type::real: return {column.reals()[row], false};
    case Type::text: return {std::string(column.text_at(row)), false};
    case Type::factor: break;
  }
  return {column.levels()[static_cast<std::size_t>(column.codes()[row])], false};
}

Type Scalar::type() const {
  constexpr std::array<Type, 4> kTypes = {Type::logical, Type::integer, Type::real, Type::text};
  return kTypes[value.index()];
}

ColumnPtr Scalar::column() const {
  table::Validity validity;
  if (is_missing) {
    validity = table::Validity(1);
    validity.set_null(0);
  }
  switch (type()) {
    case Type::logical:
      return Column::logical({static_cast<std::uint8_t>(std::get<bool>(value) && !is_missing)}, std::move(validity));
    case Type::integer: return Column::integer({std::get<std::int32_t>(value)}, std::move(validity));
    case Type::real: return Column::real({std::get<double>(value)}, std::move(validity));
    default: break;
  }
  const std::string text = is_missing ? std::string() : std::get<std::string>(value);
  return Column::text({0, static_cast<std::int64_t>(text.size())}, text, std::move(validity));
}

std::string Scalar::text() const {
  if (is_missing) return "NA";
  switch (type()) {
    case Type::logical: return std::get<bool>(value) ? "TRUE" : "FALSE";
    case Type::integer: return std::to_string(std::get<std::int32_t>(value));
    case Type::real: {
      std::string out;
      append_number(std::get<double>(value), out);
      return out;
    }
    default: return std::get<std::string>(value);
  }
}

Result<Scalar> Scalar::as(Type to) const {
  const Type from = type();
  if (from == to) return *this;
  const auto refuse = [&] {
    return Error{Code::invalid, "value " + text() + " is " + std::string(table::type_name(from)) + ", must be " +
                                    std::string(table::type_name(to))};
  };
  if (from == Type::text || to == Type::text || to == Type::factor || to == Type::logical) {
    // A plain NA is of every type.
    if (from == Type::logical && is_missing) return na(to);
    return refuse();
  }
  if (is_missing) return na(to);
  if (from == Type::logical) {
    const std::int32_t number = std::get<bool>(value) ? 1 : 0;
    return to == Type::integer ? Scalar{number, false} : Scalar{static_cast<double>(number), false};
  }
  if (from == Type::integer) return Scalar{static_cast<double>(std::get<std::int32_t>(value)), false};
  const double number = std::get<double>(value);
  if (std::trunc(number) != number || std::fabs(number) > std::numeric_limits<std::int32_t>::max()) return refuse();
  return Scalar{static_cast<std::int32_t>(number), false};
}

}  // namespace scoria::expr
