// What a model of a set gets to see of a table.
// Threads: free function over immutable input.
#pragma once

#include <span>
#include <string>

#include "model/model.h"
#include "plan/model_set.h"
#include "table/table.h"

namespace scoria::plan {

// A model that knows its columns only by position is not given the keys among them, and one that has a key for a number gets one.
table::Table model_inputs(const table::Table& rows, std::span<const std::string> keys,
                          const model::Description& description, const SetOptions& options);

}  // namespace scoria::plan
