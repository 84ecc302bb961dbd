// What a model is, as JSON: docs/formats/model-json.md. `scoria inspect --json` and the C interface show the same.
// Threads: a pure function.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "model/model.h"

namespace scoria::model {

// Text of the file that is not UTF-8 is for dump() to replace: error_handler_t::replace.
nlohmann::ordered_json description_json(const Description& description);

}  // namespace scoria::model
