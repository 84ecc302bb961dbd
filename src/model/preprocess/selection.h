// Which columns a ColumnTransformer gives to one of its transformers: names, positions, slices, masks, as they stand in a file.
// Threads: free functions.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "pickle/object.h"

namespace scoria::model::preprocess {

// Texts in a list, a tuple, an array or a pandas Index. Errors: corrupt: anything else.
Result<std::vector<std::string>> column_names(const pickle::Value& value);

// Positions among `count` columns, in the order of `chosen`: one name or position, several of them in a list, an array or an Index, a
// slice (of names: with its end), a mask. `names` may be empty: then there are none. Positions below 0 count from the end.
// Errors: corrupt, saying what is wrong: a name or position that is not there; unsupported: a function that chooses.
Result<std::vector<std::size_t>> selected_columns(const pickle::Value& chosen, const std::vector<std::string>& names,
                                                  std::size_t count);

}  // namespace scoria::model::preprocess
