// Which names containers and blobs may have. Source: "Naming and referencing containers, blobs, and metadata" of Azure Storage.
// Threads: free functions.
#pragma once

#include <string_view>

#include "base/result.h"

namespace scoria::blob {

// 3 to 63 lower-case letters, digits and single hyphens between them; also $root, $web and $logs. Such a name is one safe file name.
// Errors: invalid, api_code InvalidResourceName.
Status check_container_name(std::string_view name);

// 1 to 1024 characters of UTF-8, any of them. Blob names never become file names. Errors: as above.
Status check_blob_name(std::string_view name);

// How many code points `text` has, or none where it is no UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool is_utf8(std::string_view text, std::size_t& characters);

// The base64 of block ids: 1 to 64 bytes decoded. Errors: invalid, api_code InvalidQueryParameterValue.
Status check_block_id(std::string_view id);

}  // namespace scoria::blob
