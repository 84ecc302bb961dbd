#include "plan/stacking.h"

namespace scoria::plan {

Result<table::Table> stack_all(std::span<const table::Table> tables) {
  SCORIA_CHECK(!tables.empty());
  if (tables.size() == 1) return tables[0];
  SCORIA_TRY(above, stack_all(tables.first(tables.size() / 2)));
  SCORIA_TRY(below, stack_all(tables.subspan(tables.size() / 2)));
  return table::stack(above, below);
}

Result<table::Table> stack_columns(std::span<const table::Table> tables, const std::vector<std::string>& names) {
  std::vector<table::Table> parts;
  for (const table::Table& table : tables) {
    table::Table& part = parts.emplace_back(table.rows());
    for (const std::string& name : names) {
      if (const table::ColumnPtr column = table.find(name)) part.add(name, column);
    }
  }
  return stack_all(parts);
}

}  // namespace scoria::plan
