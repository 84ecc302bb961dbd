// vmSize names and what they stand for: a table of common Azure sizes, and the configuration's own.
// Source: Azure's lists of virtual machine sizes (cores, memory, GPUs). Threads: immutable.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "pool/provider.h"

namespace scoria::pool {

// By any spelling of case; nothing for a name that is in no table (callers answer UnsupportedVMSize).
std::optional<ResourceClass> find_resource_class(std::string_view vm_size,
                                                 const std::map<std::string, ResourceClass>& own);

}  // namespace scoria::pool
