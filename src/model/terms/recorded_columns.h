// What a fitted object's own rows tell of the columns it was fitted to: whether one was a factor, and with which levels.
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "rdata/value.h"

namespace scoria::model::terms {

struct RecordedColumn {
  bool is_known = false;            // false: the object does not say what the column was
  std::vector<std::string> levels;  // of a factor; empty for anything else
};

// `data` is the data frame that the fit was given (slot `data` of a glm), `frame` its model frame (slot `model`); nullptr where
// the object has none. A model frame tells of `x` by the columns x, unclass(x), which keeps the levels, and as.numeric(x): values
// that are no codes were no factor's.
RecordedColumn recorded_column(const rdata::Value* data, const rdata::Value* frame, const std::string& name);

}  // namespace scoria::model::terms
