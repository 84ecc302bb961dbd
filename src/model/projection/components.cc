#include "model/projection/components.h"

#include "model/pipeline/numbers.h"

namespace scoria::model::projection {

Components::Components(linear::Affine components, std::vector<double> subtract, std::vector<double> divide,
                       std::string prefix, std::string class_name)
    : components_(std::move(components)),
      subtract_(std::move(subtract)),
      divide_(std::move(divide)),
      prefix_(std::move(prefix)),
      class_name_(std::move(class_name)) {
  SCORIA_CHECK(subtract_.empty() || subtract_.size() == components_.inputs);
  SCORIA_CHECK(divide_.empty() || divide_.size() == components_.outputs);
}

std::vector<std::string> Components::names_out(std::span<const std::string> /*names*/) const {
  std::vector<std::string> names;
  for (std::size_t k = 0; k < components_.outputs; ++k) names.push_back(prefix_ + std::to_string(k));
  return names;
}

Result<table::Table> Components::transform(const table::Table& columns, std::size_t first_row) const {
  SCORIA_TRY(x, pipeline::to_numbers(columns, {}, class_name_, first_row));
  NumberColumns centered(subtract_.size());
  for (std::size_t j = 0; j < centered.size(); ++j) {
    centered[j].assign(x.columns[j], x.columns[j] + x.rows);
    for (double& value : centered[j]) value -= subtract_[j];
    x.columns[j] = centered[j].data();
  }
  NumberColumns coordinates(components_.outputs, std::vector<double>(x.rows));
  InlineExecutor inside;
  linear::for_each_block(
      x.rows, inside, [&](std::size_t first, std::size_t count) { components_.apply(x, first, count, coordinates); });
  const std::vector<std::string> names = names_out({});
  table::Table out(x.rows);
  for (std::size_t k = 0; k < coordinates.size(); ++k) {
    if (!divide_.empty()) {
      for (double& value : coordinates[k]) value /= divide_[k];
    }
    out.add(names[k], table::Column::real(std::move(coordinates[k])));
  }
  return out;
}

}  // namespace scoria::model::projection
