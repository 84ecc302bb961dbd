#include "plan/set_inputs.h"

#include <algorithm>

#include "table/number_text.h"

namespace scoria::plan {
namespace {

using table::Column;
using table::ColumnPtr;
using table::Table;
using table::Type;

// Text as numbers where all of it is: a key that is a feature as well. Else the column as it is, which the model then refuses.
ColumnPtr as_numbers(const ColumnPtr& column) {
  if (column->type() != Type::text) return column;
  std::vector<double> numbers(column->size());
  table::Validity validity(column->size());
  for (std::size_t row = 0; row < column->size(); ++row) {
    if (column->is_null(row)) {
      validity.set_null(row);
      continue;
    }
    const auto number = table::parse_real(column->text_at(row));
    if (!number) return column;
    numbers[row] = *number;
  }
  return Column::real(std::move(numbers), validity);
}

}  // namespace

Table model_inputs(const Table& rows, std::span<const std::string> keys, const model::Description& description,
                   const SetOptions& options) {
  Table inputs(rows.rows());
  const auto number_of = [&](const std::string& name) -> const model::Feature* {
    const auto& features = description.features;
    std::size_t at = 0;
    if (options.features.empty()) {
      const auto same = [&](const model::Feature& feature) { return feature.name == name; };
      at = static_cast<std::size_t>(std::find_if(features.begin(), features.end(), same) - features.begin());
    } else {
      const auto found = std::find(options.features.begin(), options.features.end(), name);
      at = static_cast<std::size_t>(found - options.features.begin());
    }
    return at < features.size() ? &features[at] : nullptr;
  };
  for (std::size_t i = 0; i < rows.columns(); ++i) {
    const std::string& name = rows.names()[i];
    if (std::find(keys.begin(), keys.end(), name) == keys.end()) {
      inputs.add(name, rows.column(i));
      continue;
    }
    const model::Feature* feature = number_of(name);
    if (feature == nullptr) continue;
    const bool is_text = feature->kind == model::FeatureKind::factor || feature->kind == model::FeatureKind::ordered;
    inputs.add(name, is_text ? rows.column(i) : as_numbers(rows.column(i)));
  }
  return inputs;
}

}  // namespace scoria::plan
