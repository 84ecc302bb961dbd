#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>

#include "auth/jwt.h"
#include "auth/shared_key.h"

namespace scoria::auth {
namespace {

constexpr int kLeastRsaBits = 2048, kMostRsaBits = 8192;
constexpr std::size_t kCoordinate = 32;

template <typename T, void (*free)(T*)>
struct Freed {
  void operator()(T* object) const { free(object); }
};
using BigNumber = std::unique_ptr<BIGNUM, Freed<BIGNUM, BN_free>>;
using KeyPtr = std::shared_ptr<EVP_PKEY>;

const unsigned char* jwt_octets(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

KeyPtr own_key(EVP_PKEY* key) { return {key, EVP_PKEY_free}; }

Error bad_key(Code code, const std::string& what) {
  ERR_clear_error();
  return Error{code, "a key for tokens " + what};
}

std::string number_bytes(const EVP_PKEY* key, const char* name, std::size_t width) {
  BIGNUM* raw = nullptr;
  SCORIA_CHECK(EVP_PKEY_get_bn_param(key, name, &raw) == 1);
  const BigNumber number(raw);
  std::string bytes(std::max<std::size_t>(width, static_cast<std::size_t>(BN_num_bytes(raw))), '\0');
  SCORIA_CHECK(BN_bn2binpad(raw, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) >= 0);
  return bytes;
}

// What the key is, if it is one that tokens may be signed with.
Result<JwtAlgorithm> algorithm_of(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "EC") == 1) {
    std::array<char, 64> group{};
    std::size_t size = 0;
    if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) != 1 ||
        std::string_view(group.data(), size) != "prime256v1") {
      return bad_key(Code::unsupported, "is on another curve than P-256");
    }
    return JwtAlgorithm::es256;
  }
  if (EVP_PKEY_is_a(key, "RSA") != 1) return bad_key(Code::unsupported, "is neither of P-256 nor RSA");
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < kLeastRsaBits || bits > kMostRsaBits)
    return bad_key(Code::unsupported, "is RSA of " + std::to_string(bits) + " bits; 2048 to 8192 are right");
  return JwtAlgorithm::rs256;
}

Result<KeyPtr> key_from(const char* type, OSSL_PARAM_BLD* builder) {
  const std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM, OSSL_PARAM_free>> parameters(OSSL_PARAM_BLD_to_param(builder));
  const std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX, EVP_PKEY_CTX_free>> context(
      EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* raw = nullptr;
  if (parameters == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return bad_key(Code::corrupt, "has numbers that make no key");
  }
  return own_key(raw);
}

using Parameters = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>>;

const EVP_MD* sha256_method() {
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);  // for the life of the program
  return method;
}

// r and s as two numbers of 32 bytes, as JOSE has them, and as DER, as OpenSSL has them.
std::string der_of(std::string_view signature) {
  const std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG, ECDSA_SIG_free>> pair(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(jwt_octets(signature), kCoordinate, nullptr);
  BIGNUM* s = BN_bin2bn(jwt_octets(signature) + kCoordinate, kCoordinate, nullptr);
  SCORIA_CHECK(ECDSA_SIG_set0(pair.get(), r, s) == 1);
  unsigned char* bytes = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &bytes);
  SCORIA_CHECK(size > 0);
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

std::string pair_of(std::string_view der) {
  const unsigned char* at = jwt_octets(der);
  const std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG, ECDSA_SIG_free>> pair(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  SCORIA_CHECK(pair != nullptr);
  std::string signature(2 * kCoordinate, '\0');
  auto* out = reinterpret_cast<unsigned char*>(signature.data());
  SCORIA_CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), out, kCoordinate) == kCoordinate);
  SCORIA_CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), out + kCoordinate, kCoordinate) == kCoordinate);
  return signature;
}

// RFC 7638: the required members, in the order of their names, without spaces.
std::string thumbprint(const nlohmann::ordered_json& members) {
  const nlohmann::json sorted(nlohmann::json::parse(members.dump()));
  const std::string text = sorted.dump();
  std::array<unsigned char, 32> digest{};
  unsigned size = 0;
  SCORIA_CHECK(EVP_Digest(text.data(), text.size(), digest.data(), &size, sha256_method(), nullptr) == 1);
  return base64url({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX, EVP_MD_CTX_free>>;

}  // namespace

std::string_view algorithm_name(JwtAlgorithm algorithm) { return algorithm == JwtAlgorithm::es256 ? "ES256" : "RS256"; }

JwtKey::JwtKey(JwtAlgorithm algorithm, std::shared_ptr<evp_pkey_st> key, std::string id)
    : algorithm_(algorithm), key_(std::move(key)), id_(std::move(id)) {
  if (id_.empty()) id_ = thumbprint(public_members());
}

JwtKey JwtKey::generate(JwtAlgorithm algorithm) {
  EVP_PKEY* raw = algorithm == JwtAlgorithm::es256 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")
                                                   : EVP_RSA_gen(static_cast<std::size_t>(kLeastRsaBits));
  SCORIA_CHECK(raw != nullptr);
  return {algorithm, own_key(raw), {}};
}

Result<JwtKey> JwtKey::from_pem(std::string_view pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                          BIO_free_all);
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  EVP_PKEY* raw = PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr);
  if (raw == nullptr) return bad_key(Code::corrupt, "is no private key in PEM form");
  KeyPtr key = own_key(raw);
  SCORIA_TRY(algorithm, algorithm_of(raw));
  return JwtKey(algorithm, std::move(key), {});
}

Result<JwtKey> JwtKey::from_ec_point(std::string_view x, std::string_view y, std::string id) {
  const auto left = from_base64url(x), right = from_base64url(y);
  if (!left.ok() || !right.ok() || left.value().size() != kCoordinate || right.value().size() != kCoordinate)
    return bad_key(Code::corrupt, "has no x and y of 32 bytes in base64url");
  const std::string point = "\x04" + left.value() + right.value();
  const Parameters builder(OSSL_PARAM_BLD_new());
  SCORIA_CHECK(OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1);
  SCORIA_CHECK(OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) ==
               1);
  SCORIA_TRY(key, key_from("EC", builder.get()));
  const std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX, EVP_PKEY_CTX_free>> context(
      EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (EVP_PKEY_public_check(context.get()) != 1) return bad_key(Code::corrupt, "has a point that is not on P-256");
  return JwtKey(JwtAlgorithm::es256, std::move(key), std::move(id));
}

Result<JwtKey> JwtKey::from_rsa_numbers(std::string_view n, std::string_view e, std::string id) {
  const auto modulus = from_base64url(n), exponent = from_base64url(e);
  if (!modulus.ok() || !exponent.ok() || modulus.value().empty() || modulus.value().size() > kMostRsaBits / 8 + 1 ||
      exponent.value().empty() || exponent.value().size() > 8) {
    return bad_key(Code::corrupt, "has no modulus and exponent in base64url");
  }
  const auto number = [](const std::string& bytes) {
    return BigNumber(BN_bin2bn(jwt_octets(bytes), static_cast<int>(bytes.size()), nullptr));
  };
  const BigNumber left = number(modulus.value()), right = number(exponent.value());
  if (BN_is_odd(left.get()) == 0 || BN_is_odd(right.get()) == 0 || BN_is_one(right.get()) != 0)
    return bad_key(Code::corrupt, "has an RSA modulus or exponent that cannot be one");
  const Parameters builder(OSSL_PARAM_BLD_new());
  SCORIA_CHECK(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, left.get()) == 1);
  SCORIA_CHECK(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, right.get()) == 1);
  SCORIA_TRY(key, key_from("RSA", builder.get()));
  SCORIA_TRY(algorithm, algorithm_of(key.get()));
  return JwtKey(algorithm, std::move(key), std::move(id));
}

std::string JwtKey::private_pem() const {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_secmem()), BIO_free_all);
  SCORIA_CHECK(PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

nlohmann::ordered_json JwtKey::public_members() const {
  if (algorithm_ == JwtAlgorithm::es256) {
    return {{"kty", "EC"},
            {"crv", "P-256"},
            {"x", base64url(number_bytes(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, kCoordinate))},
            {"y", base64url(number_bytes(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, kCoordinate))}};
  }
  return {{"kty", "RSA"},
          {"n", base64url(number_bytes(key_.get(), OSSL_PKEY_PARAM_RSA_N, 0))},
          {"e", base64url(number_bytes(key_.get(), OSSL_PKEY_PARAM_RSA_E, 0))}};
}

std::string JwtKey::sign(std::string_view bytes) const {
  const DigestContext context(EVP_MD_CTX_new());
  SCORIA_CHECK(EVP_DigestSignInit(context.get(), nullptr, sha256_method(), nullptr, key_.get()) == 1);
  std::size_t size = 0;
  SCORIA_CHECK(EVP_DigestSign(context.get(), nullptr, &size, jwt_octets(bytes), bytes.size()) == 1);
  std::string signature(size, '\0');
  SCORIA_CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                              jwt_octets(bytes), bytes.size()) == 1);
  signature.resize(size);
  return algorithm_ == JwtAlgorithm::es256 ? pair_of(signature) : signature;
}

bool JwtKey::verifies(std::string_view bytes, std::string_view signature) const {
  std::string der;
  if (algorithm_ == JwtAlgorithm::es256) {
    if (signature.size() != 2 * kCoordinate) return false;
    der = der_of(signature);
    signature = der;
  }
  const DigestContext context(EVP_MD_CTX_new());
  SCORIA_CHECK(EVP_DigestVerifyInit(context.get(), nullptr, sha256_method(), nullptr, key_.get()) == 1);
  const bool is_right =
      EVP_DigestVerify(context.get(), jwt_octets(signature), signature.size(), jwt_octets(bytes), bytes.size()) == 1;
  ERR_clear_error();
  return is_right;
}

}  // namespace scoria::auth
