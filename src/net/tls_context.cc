#include "net/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace scoria::net {
namespace {

Status check_readable(const std::string& path, const char* what) {
  if (::access(path.c_str(), R_OK) == 0) return Ok{};
  const int error = errno;
  const Code code = error == EACCES ? Code::denied : Code::not_found;
  return Error{code, std::string("the ") + what + " '" + path + "' cannot be read: " + std::strerror(error)};
}

Error corrupt(const std::string& path, const std::string& what) {
  ERR_clear_error();
  return Error{Code::corrupt, "'" + path + "' " + what};
}

TlsContext new_context(const SSL_METHOD* method) {
  TlsContext context(SSL_CTX_new(method), SSL_CTX_free);
  if (context == nullptr) throw std::bad_alloc();
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  return context;
}

}  // namespace

Result<TlsContext> server_tls(const std::string& certificate_chain, const std::string& private_key) {
  SCORIA_TRY_STATUS(check_readable(certificate_chain, "certificate file"));
  SCORIA_TRY_STATUS(check_readable(private_key, "key file"));
  TlsContext context = new_context(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_chain.c_str()) != 1) {
    return corrupt(certificate_chain, "is no certificate chain in PEM form");
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), private_key.c_str(), SSL_FILETYPE_PEM) != 1) {
    // OpenSSL compares the two while it reads the key.
    const unsigned long error = ERR_peek_error();
    if (ERR_GET_LIB(error) == ERR_LIB_X509)
      return corrupt(private_key, "is not the key of '" + certificate_chain + "'");
    return corrupt(private_key, "is no private key in PEM form");
  }
  if (SSL_CTX_check_private_key(context.get()) != 1) {
    return corrupt(private_key, "is not the key of '" + certificate_chain + "'");
  }
  // As Mozilla's "intermediate" has it: of TLS 1.2 authenticated encryption with forward secrecy alone, and no groups whose cost a client could use.
  SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20");
  std::string groups = "X25519:P-256:P-384";  // OpenSSL's macro casts const away, which clang does not take
  SSL_CTX_set1_groups_list(context.get(), groups.data());
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  constexpr unsigned char kSessions[] = "scoria";
  SSL_CTX_set_session_id_context(context.get(), kSessions, sizeof kSessions - 1);
  return context;
}

Result<TlsContext> client_tls(const std::string& ca_file) {
  TlsContext context = new_context(TLS_client_method());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(context.get());
    return context;
  }
  SCORIA_TRY_STATUS(check_readable(ca_file, "authorities' file"));
  if (SSL_CTX_load_verify_file(context.get(), ca_file.c_str()) != 1) {
    return corrupt(ca_file, "holds no certificate in PEM form");
  }
  return context;
}

}  // namespace scoria::net
