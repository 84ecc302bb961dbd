#include "node/trust.h"

#include <stdlib.h>

#include "base/file.h"

namespace scoria::node {
namespace {

// Where distributions keep what they trust, as one file: Debian and Ubuntu, Fedora and its kin, SUSE, Alpine.
constexpr const char* kBundles[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                    "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

// R reads it as the user's profile, also with --no-environ and --no-site-file; the profile that it would have read runs at its end.
constexpr const char* kProfile =
    R"(# Made by Scoria: httr trusts the certificate authority of the server that this node belongs to.
local({
  bundle <- Sys.getenv("CURL_CA_BUNDLE")
  if (nzchar(bundle)) {
    setHook(packageEvent("httr", "onLoad"), function(...) {
      httr <- asNamespace("httr")
      httr$set_config(httr$config(cainfo = bundle))
    })
  }
})
for (.profile in c(".Rprofile", "~/.Rprofile")) {
  if (file.exists(.profile)) {
    source(.profile)
    break
  }
}
rm(.profile)
)";

std::string machines_bundle() {
  if (const char* own = getenv("SSL_CERT_FILE"); own != nullptr) {
    const auto bytes = FileBytes::open(own);
    if (bytes.ok()) return std::string(bytes.value().text());
  }
  for (const char* path : kBundles) {
    const auto bytes = FileBytes::open(path);
    if (bytes.ok()) return std::string(bytes.value().text());
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> make_tasks_trust(const std::filesystem::path& root, const std::string& ca_file) {
  std::vector<std::string> settings;
  if (ca_file.empty()) return settings;
  const auto authority = FileBytes::open(ca_file);
  if (!authority.ok()) return settings;
  std::string bundle = machines_bundle();
  if (!bundle.empty() && bundle.back() != '\n') bundle += '\n';
  bundle += authority.value().text();
  const std::string path = (root / "certs" / "ca-bundle.pem").string();
  const std::string profile = (root / "certs" / "profile.R").string();
  SCORIA_TRY_STATUS(write_file(path, bundle));
  SCORIA_TRY_STATUS(write_file(profile, kProfile));
  for (const char* name : {"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"}) {
    settings.push_back(std::string(name) + "=" + path);
  }
  settings.push_back("R_PROFILE_USER=" + profile);
  return settings;
}

}  // namespace scoria::node
