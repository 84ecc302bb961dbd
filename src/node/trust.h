// Makes the server's certificate authority one that tasks trust, beside those of the machine, so that they can call the server by HTTPS.
// Threads: free functions.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace scoria::node {

// Writes certs/ca-bundle.pem (the machine's authorities, then the server's) and certs/profile.R below `root`, and returns "NAME=value" for tasks:
// SSL_CERT_FILE, CURL_CA_BUNDLE and REQUESTS_CA_BUNDLE, which OpenSSL, curl and Python's requests read; and R_PROFILE_USER, as R's httr
// reads none of them. Nothing where `ca_file` is empty or missing: the server is one of the machine's own trust, or has no HTTPS.
// Errors: denied, exhausted, unavailable.
Result<std::vector<std::string>> make_tasks_trust(const std::filesystem::path& root, const std::string& ca_file);

}  // namespace scoria::node
