// What blob operations answer in Azure Storage's own words. Threads: free functions.
#pragma once

#include <string_view>

#include "base/result.h"

namespace scoria::blob {

Error container_not_found(std::string_view container);
Error blob_not_found(std::string_view container, std::string_view name);
Error blob_exists(std::string_view container, std::string_view name);
Error condition_not_met(std::string_view what);
Error wrong_blob_type(std::string_view name, std::string_view needed);
Error bad_block_list(std::string_view why);

}  // namespace scoria::blob
