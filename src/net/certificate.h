// A certificate authority of one's own, for servers on machines without a public name.
// Source: RFC 5280. Keys are ECDSA P-256. Threads: free functions.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace scoria::net {

// Makes sure that `folder` holds ca.pem and ca.key (made when missing, ten years) and server.pem (chain: server, CA) and server.key for exactly
// `names`: DNS names, wildcards or IP addresses as subject alternative names. The server's is made anew when names differ or less than
// thirty days of its 397 are left at `now`. Key files are mode 0600. Errors: denied, unavailable, corrupt (a file that is no PEM).
struct CertificateFiles {
  std::filesystem::path ca;
  std::filesystem::path server_chain;
  std::filesystem::path server_key;
};
Result<CertificateFiles> ensure_certificates(const std::filesystem::path& folder, const std::vector<std::string>& names,
                                             WallTime now);

// When the first certificate of a PEM file ends. Errors: not_found, denied, corrupt (it holds none).
Result<WallTime> certificate_end(const std::filesystem::path& file);

}  // namespace scoria::net
