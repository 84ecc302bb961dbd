// What a service takes and gives, for programs and people: OpenAPI 3 of all services, Swagger 2 of one (ML Server's), V2 metadata, a page to try it.
// Threads: free functions.
#pragma once

#include <string>

#include "serve/catalog.h"

namespace scoria::serve {

// `has_first`: the first of these also answers /score. A script that answers whole requests is named, with the path of its own document.
std::string openapi_document(const Catalog::Services& services, bool has_first);
// `has_login`: with /login and its tokens.
std::string swagger_document(const ServiceVersion& version, bool has_login);
std::string inference_metadata(const ServiceVersion& version, const Service& service);
// [{"name", "version", "description", "kind", "weight", "sha256"}]: GET /services, as ML Server's clients list them.
std::string service_list(const Catalog::Services& services);

}  // namespace scoria::serve
