// Predictions as text: doubles in the fewest digits that read back as the same bits, and by a stated rule what JSON has no number for.
// Threads: free functions.
#pragma once

#include <string>

#include "base/result.h"
#include "model/model.h"

namespace scoria::serve {

// What stands for a missing value, NaN and the infinities.
enum class NoNumber : unsigned char {
  strict,   // missing and NaN: null; infinite: an error
  text,     // "NA", "NaN", "Inf", "-Inf": as R's jsonlite
  literal,  // null, NaN, Infinity, -Infinity: as Python's json and TensorFlow Serving, no standard JSON
};
Result<NoNumber> no_number_named(const std::string& name);

// One value. Errors: out_of_range (an infinite number where NoNumber is strict).
Status append_value(std::string& out, const table::Column& column, std::size_t row, NoNumber rule);
// The values of a column, with commas between.
Status append_column(std::string& out, const table::Column& column, NoNumber rule);
// [1,2] of one column; of several [{"a":1,"b":2},...] with the labels behind the type as names.
Status append_rows(std::string& out, const table::Table& table, NoNumber rule);
void append_text(std::string& out, std::string_view text);  // with its quotes

// "prob:yes" -> "yes"
std::string_view label_of(std::string_view column_name);

}  // namespace scoria::serve
