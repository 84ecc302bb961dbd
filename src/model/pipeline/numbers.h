// What scikit-learn's check_array() does: columns as numbers, or an error that names the cell.
// Threads: free functions over immutable input.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "model/features.h"
#include "table/table.h"

namespace scoria::model::pipeline {

struct Accept {
  bool missing = false;       // NaN, and missing values, which are NaN to scikit-learn
  bool infinite = false;      // HistGradientBoosting takes it
  bool only_float32 = false;  // numbers beyond what float32 holds are refused, as infinite ones are
};

// The columns in their order, as numbers; missing values are NaN. Borrows columns of doubles for as long as `columns` lives.
// Errors: invalid, naming row, column and `class_name`: a text that is no number, a value that is not accepted.
Result<FeatureMatrix> to_numbers(const table::Table& columns, Accept accept, std::string_view class_name,
                                 std::size_t first_row);

}  // namespace scoria::model::pipeline
