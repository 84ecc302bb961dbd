#include "model/pipeline/class_labels.h"

#include <cmath>

#include "base/na.h"
#include "pickle/array.h"
#include "table/number_format.h"

namespace scoria::model::pipeline {
namespace {

std::string number_text(double x) {
  char text[table::kNumberRoom];
  return std::string(text, table::write_real(text, x));
}

}  // namespace

Result<ClassLabels> ClassLabels::read(const pickle::Object& object, std::string_view attribute) {
  SCORIA_TRY(value, object.get(attribute));
  return of(*value, object, attribute);
}

Result<ClassLabels> ClassLabels::of(const pickle::Value& array, const pickle::Object& object,
                                    std::string_view attribute) {
  const bool is_array = array.kind == pickle::Kind::array && array.array->shape.size() == 1;
  if (!is_array || array.array->count == 0) return object.corrupt(attribute, "must be an array of labels");
  ClassLabels labels;
  std::vector<std::string> names;
  auto texts = pickle::to_strings(array);
  if (texts.ok()) {
    names = std::move(texts).value();
  } else {
    auto numbers = pickle::to_numbers(array);
    if (!numbers.ok()) return object.corrupt(attribute, "must hold numbers or texts");
    labels.numbers_ = std::move(numbers).value();
    const bool is_truth = array.array->type->kind == pickle::ElementKind::boolean;
    bool are_whole = true;
    for (const double x : labels.numbers_) are_whole = are_whole && x == std::trunc(x) && std::fabs(x) <= 2147483647.0;
    labels.kind_ = is_truth ? Kind::truth : are_whole ? Kind::whole : Kind::number;
    for (const double x : labels.numbers_) {
      names.push_back(is_truth ? (x != 0 ? "True" : "False") : number_text(x));
    }
  }
  labels.names_ = std::make_shared<const std::vector<std::string>>(std::move(names));
  return labels;
}

ClassLabels ClassLabels::made_of(Kind kind, std::vector<double> numbers, std::vector<std::string> names) {
  SCORIA_CHECK(!names.empty() && numbers.size() == (kind == Kind::text ? 0 : names.size()));
  ClassLabels labels;
  labels.kind_ = kind;
  labels.numbers_ = std::move(numbers);
  labels.names_ = std::make_shared<const std::vector<std::string>>(std::move(names));
  return labels;
}

table::ColumnPtr ClassLabels::column(std::vector<std::int32_t> positions) const {
  if (kind_ == Kind::text || kind_ == Kind::truth) return table::Column::factor(std::move(positions), names_);
  std::vector<double> values(positions.size(), na_real());
  std::vector<std::int32_t> whole(kind_ == Kind::whole ? positions.size() : 0, kNaInt);
  for (std::size_t row = 0; row < positions.size(); ++row) {
    if (positions[row] < 0) continue;
    const double label = numbers_[static_cast<std::size_t>(positions[row])];
    if (kind_ == Kind::whole) {
      whole[row] = static_cast<std::int32_t>(label);
    } else {
      values[row] = label;
    }
  }
  return kind_ == Kind::whole ? table::Column::integer(std::move(whole)) : table::Column::real(std::move(values));
}

std::vector<std::int32_t> first_largest(const NumberColumns& values) {
  SCORIA_CHECK(!values.empty());
  std::vector<std::int32_t> best(values[0].size(), 0);
  std::vector<double> largest = values[0];
  for (std::size_t k = 1; k < values.size(); ++k) {
    for (std::size_t row = 0; row < best.size(); ++row) {
      const double x = values[k][row];
      const bool is_larger = x > largest[row] || (std::isnan(x) && !std::isnan(largest[row]));
      if (!is_larger) continue;
      largest[row] = x;
      best[row] = static_cast<std::int32_t>(k);
    }
  }
  return best;
}

}  // namespace scoria::model::pipeline
