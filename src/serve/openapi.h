// What a service takes and gives, for programs and people: OpenAPI 3 of all services, Swagger 2 of one (ML Server's), V2 metadata, a page to try it.
// Threads: free functions.
#pragma once

#include <string>
#include <vector>

#include "serve/served_model.h"

namespace scoria::serve {

std::string openapi_document(const std::vector<ServedModelPtr>& models, bool has_default);
std::string swagger_document(const ServedModel& model);
std::string inference_metadata(const ServedModel& model);

}  // namespace scoria::serve
