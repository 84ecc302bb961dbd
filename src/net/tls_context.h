// What TLS connections of a server or a client share: certificates, keys, trusted authorities. TLS 1.2 and newer.
// Source: RFC 8446. Threads: the contexts may be used by several threads at once.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

struct ssl_ctx_st;

namespace scoria::net {

using TlsContext = std::shared_ptr<ssl_ctx_st>;

// Errors: not_found, denied (a file), corrupt (no PEM; a key that is not the certificate's).
Result<TlsContext> server_tls(const std::string& certificate_chain, const std::string& private_key);

// Trusts the system's authorities and those of SSL_CERT_FILE, or those of `ca_file` alone. Errors: not_found, denied, corrupt.
Result<TlsContext> client_tls(const std::string& ca_file);

}  // namespace scoria::net
