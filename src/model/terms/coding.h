// How a factor becomes columns of a model matrix: one per level, or by R's contrasts.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "rdata/value.h"

namespace scoria::model::terms {

// Values in a contrast matrix that is not 0 and 1 only. Levels and names are limited by the number of expanded columns.
inline constexpr std::size_t kMaxContrastCells = 4'000'000;

struct Coding {
  std::vector<std::string> names;        // behind the variable's name, one per column
  std::vector<std::uint32_t> indicator;  // not empty: column j is 1 at this level and 0 elsewhere
  std::vector<double> values;            // else levels x columns, column-major
};

// "1" to `count`, as R names columns that have no names.
std::vector<std::string> numbered(std::size_t count);

// A column for each level.
Coding full_coding(const std::vector<std::string>& levels);

// `contrasts` is what the fit has kept for the factor: the name of one of R's functions, or a matrix with a row for each level.
// nullptr: contr.treatment, of an ordered factor contr.poly, R's defaults.
// Errors: unsupported, for a function that the file does not hold; corrupt, for fewer than two levels or a matrix of other
// rows; too_large, for more than kMaxContrastCells, and more than 95 levels for contr.poly (as R).
Result<Coding> contrast_coding(const std::vector<std::string>& levels, bool is_ordered, const rdata::Value* contrasts);

}  // namespace scoria::model::terms
