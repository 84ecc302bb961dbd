// JSON documents as the REST services take and give them. Field names are Azure Batch's newest shape (2022-10-01.16.0) everywhere
// inside the program; only spec/shape.h knows the others. Below "~" stands what clients never see.
#pragma once

#include <nlohmann/json.hpp>

namespace scoria::spec {

using Json = nlohmann::json;

inline constexpr const char* kPrivate = "~";

}  // namespace scoria::spec
