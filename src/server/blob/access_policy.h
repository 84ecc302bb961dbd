// Stored access policies of a container: the XML of Set and Get Container ACL. Threads: free functions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "auth/sas.h"
#include "base/result.h"

namespace scoria::server::storage {

using Policies = std::map<std::string, std::string>;  // by id; the value is the policy's XML as we write it

// The body of Set Container ACL; empty: none. Errors: invalid, api_code InvalidXmlDocument, InvalidXmlNodeValue.
Result<Policies> read_policies(std::string_view body);
std::string write_policies(const Policies& policies);

// What one of the values says.
std::optional<auth::AccessPolicy> stored_policy(std::string_view xml);

}  // namespace scoria::server::storage
