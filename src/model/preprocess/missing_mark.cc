#include "model/preprocess/missing_mark.h"

#include <cmath>

namespace scoria::model::preprocess {

using table::Type;

namespace {

double number_at(const table::Column& column, std::size_t row) {
  switch (column.type()) {
    case Type::real: return column.reals()[row];
    case Type::integer: return column.integers()[row];
    default: return column.logicals()[row];
  }
}

std::string_view text_at(const table::Column& column, std::size_t row) {
  if (column.type() == Type::text) return column.text_at(row);
  return column.levels()[static_cast<std::size_t>(column.codes()[row])];
}

bool is_absent(const table::Column& column, std::size_t row) {
  if (column.is_null(row)) return true;
  if (column.type() == Type::real) return std::isnan(column.reals()[row]);
  return holds_texts(column) && text_at(column, row).empty();
}

}  // namespace

Result<MissingMark> MissingMark::read(const pickle::Object& object) {
  MissingMark mark;
  const pickle::Value* value = pickle::attribute(object.value(), "missing_values");
  if (value == nullptr) return object.corrupt("missing_values", "is absent");
  if (value->kind == pickle::Kind::none) return mark;
  if (value->kind == pickle::Kind::global && value->global->name == "NA") return mark;
  const bool is_imputer = object.name() == "sklearn.preprocessing.Imputer";  // until 0.21, where NaN is a text
  if (is_imputer && pickle::is_text(*value, "NaN")) return mark;
  if (pickle::is_text(*value)) {
    mark.kind_ = Kind::text;
    mark.text_ = value->text;
    return mark;
  }
  auto number = pickle::to_number(*value);
  if (!number.ok()) {
    return Error{Code::unsupported, object.corrupt("missing_values", number.error().message).message};
  }
  if (!std::isnan(number.value())) {
    mark.kind_ = Kind::number;
    mark.number_ = number.value();
  }
  return mark;
}

std::vector<std::uint8_t> MissingMark::rows(const table::Column& column) const {
  std::vector<std::uint8_t> marked(column.size(), 0);
  for (std::size_t row = 0; row < marked.size(); ++row) {
    bool is_marked = false;
    switch (kind_) {
      case Kind::absence: is_marked = is_absent(column, row); break;
      case Kind::number:
        is_marked = !column.is_null(row) && !holds_texts(column) && number_at(column, row) == number_;
        break;
      case Kind::text: is_marked = !column.is_null(row) && holds_texts(column) && text_at(column, row) == text_; break;
    }
    marked[row] = is_marked ? 1 : 0;
  }
  return marked;
}

Status MissingMark::check(const table::Column& column, const std::string& name, bool takes_infinite,
                          std::size_t first_row, const std::string& class_name) const {
  const bool is_real = column.type() == Type::real;
  for (std::size_t row = 0; row < column.size(); ++row) {
    const bool is_missing = column.is_null(row) || (is_real && std::isnan(column.reals()[row]));
    const bool is_infinite = is_real && std::isinf(column.reals()[row]);
    if ((!is_missing || is_absence()) && (!is_infinite || takes_infinite)) continue;
    return Error{Code::invalid, "row " + std::to_string(first_row + row) + ", column '" + name + "': the value is " +
                                    (is_missing ? "missing" : "infinite") + ", which " + class_name + " does not take"};
  }
  return Ok{};
}

}  // namespace scoria::model::preprocess
