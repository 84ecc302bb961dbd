// Matches a table's columns with a model's features and turns them into the numbers that kernels read.
// Threads: free functions over immutable input.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/model.h"
#include "table/table.h"

namespace scoria::model {

enum class UnseenLevel : std::uint8_t {
  refuse,   // an error that names row, column and the known levels
  missing,  // a missing value and a note, as R's gbm does
};

// Column-major features of one table. A missing value is na_real(); factors are 0-based level codes.
// Borrows: the table's own buffers where they are doubles already, for as long as the table lives.
struct FeatureMatrix {
  std::size_t rows = 0;
  std::vector<const double*> columns;  // one per feature
  std::vector<std::string> notes;

  std::vector<std::vector<double>> converted;  // what columns points into where a conversion was needed
};

// Errors: invalid, naming column, row (counted from `first_row`) and what is allowed.
Result<FeatureMatrix> bind_features(const table::Table& table, std::span<const Feature> features, UnseenLevel unseen,
                                    std::size_t first_row);

// For each row, whether any of the columns holds NA or NaN.
std::vector<bool> incomplete_rows(const FeatureMatrix& matrix);

// The subset of rows, copied.
FeatureMatrix take_rows(const FeatureMatrix& matrix, std::span<const std::uint32_t> rows);

// "'a', 'b', 'c' and 9 more": for messages about what is allowed.
std::string listed(std::span<const std::string> names);

}  // namespace scoria::model
