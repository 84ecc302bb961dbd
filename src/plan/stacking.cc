#include "plan/stacking.h"

namespace scoria::plan {

Result<table::Table> stack_all(std::span<const table::Table> tables) {
  SCORIA_CHECK(!tables.empty());
  if (tables.size() == 1) return tables[0];
  SCORIA_TRY(above, stack_all(tables.first(tables.size() / 2)));
  SCORIA_TRY(below, stack_all(tables.subspan(tables.size() / 2)));
  return table::stack(above, below);
}

}  // namespace scoria::plan
