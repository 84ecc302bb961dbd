// JSON Web Tokens, signed and verified by ES256 (ECDSA on P-256) and RS256 (RSA, 2048 bits or more), and by nothing else.
// Which algorithm a token is verified by is the key's affair: a header that says another (none, HS256 with a public key as secret) is refused.
// Headers that would have a verifier fetch or take over keys (jku, x5u, jwk, x5c), or that it must understand (crit), are refused.
//
//   SCORIA_TRY(claims, verify_jwt(token, keys, {.issuers = {"https://idp"}, .audiences = {"scoria"}}, now));
//
// Source: RFC 7515, 7518, 7519, 8725. Threads: keys are immutable and may be shared; free functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

struct evp_pkey_st;

namespace scoria::auth {

enum class JwtAlgorithm : std::uint8_t { es256, rs256 };
std::string_view algorithm_name(JwtAlgorithm algorithm);  // "ES256"

class JwtKey {
 public:
  // A new pair. Its id is its thumbprint (RFC 7638).
  static JwtKey generate(JwtAlgorithm algorithm);
  // From a private key in PEM (PKCS #8). Errors: corrupt (no such PEM), unsupported (another curve, RSA below 2048 or above 8192 bits).
  static Result<JwtKey> from_pem(std::string_view pem);
  // From what a JSON Web Key says (jwks.h reads those): base64url texts. Errors: as from_pem().
  static Result<JwtKey> from_ec_point(std::string_view x, std::string_view y, std::string id);
  static Result<JwtKey> from_rsa_numbers(std::string_view n, std::string_view e, std::string id);

  JwtAlgorithm algorithm() const { return algorithm_; }
  const std::string& id() const { return id_; }
  std::string private_pem() const;
  // {"kty", "crv", "x", "y"} or {"kty", "n", "e"}: the public half, for a JWK.
  nlohmann::ordered_json public_members() const;

  std::string sign(std::string_view bytes) const;  // precondition: it is a pair
  bool verifies(std::string_view bytes, std::string_view signature) const;

 private:
  JwtKey(JwtAlgorithm algorithm, std::shared_ptr<evp_pkey_st> key, std::string id);
  JwtAlgorithm algorithm_;
  std::shared_ptr<evp_pkey_st> key_;
  std::string id_;
};

inline constexpr std::size_t kMostJwtBytes = 16u << 10;
inline constexpr std::chrono::seconds kJwtSkew{60};

// header.payload.signature, with the key's algorithm and id in the header.
std::string make_jwt(const JwtKey& key, const nlohmann::ordered_json& claims);

struct JwtRules {
  std::vector<std::string> issuers;    // one of which `iss` must be
  std::vector<std::string> audiences;  // one of which `aud` must be, or hold
};

enum class JwtFault : std::uint8_t {
  malformed,
  unknown_key,
  bad_signature,
  expired,
  not_yet,
  wrong_issuer,
  wrong_audience
};
struct JwtOutcome {
  std::optional<JwtFault> fault;  // none: it is good
  nlohmann::json claims;          // of a good one: with iss, aud, sub (a text) and exp (a whole number) in it
};

// Whether a token has the form of one, and what it says without a signature being looked at: for choosing the issuer whose keys count.
struct JwtGlance {
  std::string algorithm, key_id, issuer;
};
std::optional<JwtGlance> glance_at_jwt(std::string_view token);

// `keys`: of the issuer. A token without a kid is tried with the only key of its algorithm, if there is but one.
JwtOutcome verify_jwt(std::string_view token, const std::vector<JwtKey>& keys, const JwtRules& rules, WallTime now);

}  // namespace scoria::auth
