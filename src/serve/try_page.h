// A page that lists what is served, and sends rows to it. Threads: free function.
#pragma once

#include <string>
#include <vector>

#include "serve/served_model.h"

namespace scoria::serve {

std::string try_page(const std::vector<ServedModelPtr>& models);

}  // namespace scoria::serve
