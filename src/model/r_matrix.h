// A numeric matrix of an R object, with the names of its rows and columns.
// Threads: plain value. Ownership: owns its numbers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/r_object.h"

namespace scoria::model {

struct RMatrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> values;             // column-major; NA is na_real()
  std::vector<std::string> row_names;     // empty where there are none
  std::vector<std::string> column_names;  // likewise

  double at(std::size_t row, std::size_t column) const { return values[column * rows + row]; }
};

// Errors: corrupt, naming the slot: absent, not numbers, dimensions or names that do not fit.
Result<RMatrix> read_matrix(const RObject& object, std::string_view slot);
// The same of a value that is no slot; `where` names it in messages.
Result<RMatrix> read_matrix(const rdata::Value& value, const RObject& object, std::string_view where);

// The dim attribute as sizes; empty where it is absent or holds something else than sizes whose product is `count`.
std::vector<std::size_t> dimensions(const rdata::Value& value, std::size_t count);

// Names of one dimension, from attribute dimnames; empty where there are none.
std::vector<std::string> dimension_names(const rdata::Value& value, std::size_t dimension);

}  // namespace scoria::model
