// Whether a request's If-* headers hold for a blob as it is. Source: "Specifying conditional headers for Blob service operations".
// Threads: free function.
#pragma once

#include "blob/blob_store.h"

namespace scoria::blob {

// `existing`: null where there is no blob. Errors: conflict, api_code BlobAlreadyExists (If-None-Match: * and it is there) or
// ConditionNotMet. Times count in whole seconds, as the headers carry them.
Status check_conditions(const Conditions& conditions, std::string_view container, std::string_view name,
                        const BlobProperties* existing);

}  // namespace scoria::blob
