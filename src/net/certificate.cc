#include "net/certificate.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>
#include <set>

#include "base/file.h"

namespace scoria::net {
namespace {

namespace fs = std::filesystem;

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* held) const {
    Free(held);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Bytes = std::unique_ptr<BIO, Freed<BIO_free>>;
using AltNames = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;

constexpr std::chrono::hours kDay{24};
constexpr int kAuthorityDays = 3650;
constexpr int kServerDays = 397;  // the most that browsers and Apple's systems accept
constexpr int kRenewDays = 30;
constexpr int kHourOfGrace = 1;  // clocks of clients that are behind

// OpenSSL fails here only for want of memory or of random numbers.
void must(bool worked) {
  if (!worked) throw std::bad_alloc();
}

struct Identity {
  Key key;
  Certificate certificate;
};

std::string text_of(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string pem(X509* certificate) {
  const Bytes bio(BIO_new(BIO_s_mem()));
  must(PEM_write_bio_X509(bio.get(), certificate) == 1);
  return text_of(bio.get());
}

std::string pem(EVP_PKEY* key) {
  const Bytes bio(BIO_new(BIO_s_mem()));
  must(PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return text_of(bio.get());
}

int ask_nobody(char*, int, int, void*) { return -1; }  // for the password of an encrypted key

// For reading; files that are too large to be one certificate or key are empty, and so no PEM.
Bytes bytes_of(const FileBytes& file) {
  constexpr std::size_t kMost = 1u << 20;
  const std::string_view text = file.text().substr(0, file.text().size() > kMost ? 0 : kMost);
  return Bytes(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Result<Certificate> read_certificate(const fs::path& path) {
  SCORIA_TRY(file, FileBytes::open(path));
  const Bytes bio = bytes_of(file);
  Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, ask_nobody, nullptr));
  ERR_clear_error();
  if (certificate == nullptr) return Error{Code::corrupt, "'" + path.string() + "' holds no certificate in PEM form"};
  return certificate;
}

Result<Key> read_key(const fs::path& path) {
  SCORIA_TRY(file, FileBytes::open(path));
  const Bytes bio = bytes_of(file);
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, ask_nobody, nullptr));
  ERR_clear_error();
  if (key == nullptr) return Error{Code::corrupt, "'" + path.string() + "' holds no private key in PEM form"};
  return key;
}

// Nobody but the owner can read it, from its first byte on. Written beside its target and renamed.
Status write_secret(const fs::path& target, std::string_view text) {
  const fs::path temporary = target.string() + ".new";
  const auto failed = [&](const char* doing) {
    const int error = errno;
    const Code code = error == EACCES || error == EPERM ? Code::denied : Code::unavailable;
    return Error{code, std::string(doing) + " '" + temporary.string() + "' failed: " + std::strerror(error)};
  };
  ::unlink(temporary.c_str());
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return failed("creating");
  const bool is_written =
      ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(descriptor) == 0;
  Status status = is_written ? Status(Ok{}) : Status(failed("writing"));
  ::close(descriptor);
  if (status.ok() && ::rename(temporary.c_str(), target.c_str()) != 0) status = failed("renaming");
  if (!status.ok()) ::unlink(temporary.c_str());
  return status;
}

void add_extension(X509* to, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
  must(extension != nullptr);
  const bool is_added = X509_add_ext(to, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  must(is_added);
}

void set_name(X509_NAME* name, const std::string& text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  // A common name holds 64 characters (RFC 5280 upper bounds).
  const int size = static_cast<int>(std::min<std::size_t>(text.size(), 64));
  must(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>("Scoria"), -1, -1,
                                  0) == 1);
  must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, bytes, size, -1, 0) == 1);
}

// An unsigned certificate with a fresh key, a random serial number, and its days.
Identity begin(const std::string& name, WallTime now, int days) {
  Identity made;
  made.key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  must(made.key != nullptr);
  made.certificate.reset(X509_new());
  X509* x509 = made.certificate.get();
  must(x509 != nullptr && X509_set_version(x509, X509_VERSION_3) == 1);
  unsigned char serial[16];
  must(RAND_bytes(serial, sizeof serial) == 1);
  serial[0] = static_cast<unsigned char>((serial[0] & 0x7F) | 0x40);  // positive, and never shorter
  BIGNUM* number = BN_bin2bn(serial, sizeof serial, nullptr);
  must(number != nullptr && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != nullptr);
  BN_free(number);
  const std::time_t from = std::chrono::system_clock::to_time_t(now - std::chrono::hours(kHourOfGrace));
  must(ASN1_TIME_adj(X509_getm_notBefore(x509), from, 0, 0) != nullptr);
  must(ASN1_TIME_adj(X509_getm_notAfter(x509), from, days, 0) != nullptr);
  must(X509_set_pubkey(x509, made.key.get()) == 1);
  set_name(X509_get_subject_name(x509), name);
  return made;
}

Identity make_authority(WallTime now) {
  // A name of its own for each, or a client that has an older one would take it for the issuer.
  unsigned char random[4];
  must(RAND_bytes(random, sizeof random) == 1);
  char suffix[9];
  std::snprintf(suffix, sizeof suffix, "%02x%02x%02x%02x", random[0], random[1], random[2], random[3]);
  Identity made = begin(std::string("Scoria local authority ") + suffix, now, kAuthorityDays);
  X509* x509 = made.certificate.get();
  must(X509_set_issuer_name(x509, X509_get_subject_name(x509)) == 1);
  add_extension(x509, x509, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(x509, x509, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(x509, x509, NID_subject_key_identifier, "hash");
  must(X509_sign(x509, made.key.get(), EVP_sha256()) > 0);
  return made;
}

bool is_address(const std::string& name) {
  in6_addr address{};
  return inet_pton(AF_INET, name.c_str(), &address) == 1 || inet_pton(AF_INET6, name.c_str(), &address) == 1;
}

Status check_names(const std::vector<std::string>& names) {
  if (names.empty()) return Error{Code::invalid, "a server's certificate needs at least one name"};
  for (const std::string& name : names) {
    if (is_address(name)) continue;
    // What may stand in a host name, with "*." in front of it at most; so nothing that the text below could take for more names.
    const std::string rest = name.starts_with("*.") ? name.substr(2) : name;
    const bool is_host = !rest.empty() && rest.size() <= 253 && rest.front() != '.' && rest.front() != '-' &&
                         std::all_of(rest.begin(), rest.end(), [](char c) {
                           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                  c == '-' || c == '.' || c == '_';
                         });
    if (!is_host) {
      return Error{Code::invalid, "certificate name '" + name + "' must be a host name, *.NAME, or an IP address"};
    }
  }
  return Ok{};
}

Identity make_server(const std::vector<std::string>& names, const Identity& authority, WallTime now) {
  Identity made = begin(names.front(), now, kServerDays);
  X509* x509 = made.certificate.get();
  X509* issuer = authority.certificate.get();
  must(X509_set_issuer_name(x509, X509_get_subject_name(issuer)) == 1);
  add_extension(x509, issuer, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(x509, issuer, NID_key_usage, "critical,digitalSignature");
  add_extension(x509, issuer, NID_ext_key_usage, "serverAuth");
  add_extension(x509, issuer, NID_subject_key_identifier, "hash");
  add_extension(x509, issuer, NID_authority_key_identifier, "keyid:always");
  std::string alternatives;
  for (const std::string& name : names) {
    alternatives += (alternatives.empty() ? "" : ",") + std::string(is_address(name) ? "IP:" : "DNS:") + name;
  }
  add_extension(x509, issuer, NID_subject_alt_name, alternatives.c_str());
  must(X509_sign(x509, authority.key.get(), EVP_sha256()) > 0);
  return made;
}

// An address as its bytes, so that "::1" and "0:0:0:0:0:0:0:1" are one.
std::string comparable(const std::string& name) {
  in6_addr address{};
  if (inet_pton(AF_INET, name.c_str(), &address) == 1) return {reinterpret_cast<const char*>(&address), 4};
  if (inet_pton(AF_INET6, name.c_str(), &address) == 1) return {reinterpret_cast<const char*>(&address), 16};
  return "DNS:" + name;
}

std::set<std::string> names_in(X509* certificate) {
  std::set<std::string> names;
  const AltNames found(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; found != nullptr && i < sk_GENERAL_NAME_num(found.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(found.get(), i);
    const bool is_dns = name->type == GEN_DNS;
    if (!is_dns && name->type != GEN_IPADD) continue;
    const ASN1_STRING* text = is_dns ? name->d.dNSName : name->d.iPAddress;
    const auto* bytes = reinterpret_cast<const char*>(ASN1_STRING_get0_data(text));
    names.insert((is_dns ? "DNS:" : "") + std::string(bytes, static_cast<std::size_t>(ASN1_STRING_length(text))));
  }
  return names;
}

bool ends_after(X509* certificate, WallTime when) {
  std::time_t at = std::chrono::system_clock::to_time_t(when);
  return X509_cmp_time(X509_get0_notAfter(certificate), &at) > 0;
}

Result<Identity> read_identity(const fs::path& certificate, const fs::path& key) {
  Identity found;
  SCORIA_TRY(read, read_certificate(certificate));
  found.certificate = std::move(read);
  SCORIA_TRY(secret, read_key(key));
  found.key = std::move(secret);
  if (X509_check_private_key(found.certificate.get(), found.key.get()) != 1) {
    ERR_clear_error();
    return Error{Code::corrupt, "'" + key.string() + "' is not the key of '" + certificate.string() + "'"};
  }
  return found;
}

Result<Identity> authority_in(const fs::path& folder, WallTime now) {
  const fs::path certificate = folder / "ca.pem";
  const fs::path key = folder / "ca.key";
  std::error_code ignored;
  const bool has_certificate = fs::exists(certificate, ignored);
  const bool has_key = fs::exists(key, ignored);
  if (has_certificate && !has_key) {
    return Error{Code::not_found, "'" + certificate.string() + "' is there, but not its key '" + key.string() +
                                      "'; put it back, or remove both for a new authority"};
  }
  if (has_certificate) {
    SCORIA_TRY(found, read_identity(certificate, key));
    if (ends_after(found.certificate.get(), now + kRenewDays * kDay)) return std::move(found);
  }
  // A key without a certificate is what a crash between these two writes leaves.
  Identity made = make_authority(now);
  SCORIA_TRY_STATUS(write_secret(key, pem(made.key.get())));
  SCORIA_TRY_STATUS(write_file(certificate, pem(made.certificate.get())));
  return made;
}

bool is_good(const Identity& server, const std::vector<std::string>& names, const Identity& authority, WallTime now) {
  std::set<std::string> wanted;
  for (const std::string& name : names) wanted.insert(comparable(name));
  X509* x509 = server.certificate.get();
  const bool is_signed = X509_verify(x509, X509_get0_pubkey(authority.certificate.get())) == 1;
  ERR_clear_error();
  return is_signed && ends_after(x509, now + kRenewDays * kDay) && names_in(x509) == wanted;
}

}  // namespace

Result<CertificateFiles> ensure_certificates(const std::filesystem::path& folder, const std::vector<std::string>& names,
                                             WallTime now) {
  SCORIA_TRY_STATUS(check_names(names));
  const CertificateFiles files{folder / "ca.pem", folder / "server.pem", folder / "server.key"};
  SCORIA_TRY(authority, authority_in(folder, now));
  std::error_code ignored;
  const bool has_server = fs::exists(files.server_chain, ignored) && fs::exists(files.server_key, ignored);
  if (has_server) {
    SCORIA_TRY(certificate, read_certificate(files.server_chain));
    SCORIA_TRY(key, read_key(files.server_key));
    const bool is_pair = X509_check_private_key(certificate.get(), key.get()) == 1;
    ERR_clear_error();
    // A pair that does not fit is what a crash between the two writes below leaves: made anew.
    const Identity server{std::move(key), std::move(certificate)};
    if (is_pair && is_good(server, names, authority, now)) return files;
  }
  const Identity made = make_server(names, authority, now);
  SCORIA_TRY_STATUS(write_secret(files.server_key, pem(made.key.get())));
  SCORIA_TRY_STATUS(write_file(files.server_chain, pem(made.certificate.get()) + pem(authority.certificate.get())));
  return files;
}

Result<WallTime> certificate_end(const fs::path& file) {
  SCORIA_TRY(certificate, read_certificate(file));
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) {
    return Error{Code::corrupt, "'" + file.string() + "' holds a certificate without an end"};
  }
  return WallTime(std::chrono::seconds(::timegm(&end)));
}

}  // namespace scoria::net
