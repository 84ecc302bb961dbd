// A page that lists what is served, and sends rows to it. Threads: free function.
#pragma once

#include <string>

#include "serve/catalog.h"

namespace scoria::serve {

std::string try_page(const Catalog::Services& services);

}  // namespace scoria::serve
