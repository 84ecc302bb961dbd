#include "auth/jwt.h"

#include <gtest/gtest.h>

#include "auth/jose_for_tests.h"
#include "auth/jwks.h"
#include "auth/shared_key.h"

namespace scoria::auth {
namespace {

const WallTime kInside{std::chrono::seconds(1796000100)};
const JwtRules kIdp{.issuers = {"https://idp"}, .audiences = {"scoria"}};

const std::vector<JwtKey>& jose_keys() {
  static const auto keys = read_jwks(jose_jwks()).value();
  return keys;
}

std::optional<JwtFault> fault_of(std::string_view token, const JwtRules& rules = kIdp, WallTime now = kInside) {
  return verify_jwt(token, jose_keys(), rules, now).fault;
}

// A token with this header and payload, signed by a key of ours; "" of the signature: none.
const JwtKey& own_key() {
  static const JwtKey key = JwtKey::generate(JwtAlgorithm::es256);
  return key;
}

std::string signed_by_own(const std::string& header, const std::string& payload) {
  const std::string text = base64url(header) + "." + base64url(payload);
  return text + "." + base64url(own_key().sign(text));
}

std::string own_header(const std::string& more = "") {
  return R"({"alg":"ES256","kid":")" + own_key().id() + "\"" + more + "}";
}

constexpr const char* kGoodClaims = R"({"iss":"https://idp","aud":"scoria","sub":"ann","exp":1796003600})";

std::optional<JwtFault> own_fault(const std::string& token, WallTime now = kInside) {
  return verify_jwt(token, {own_key()}, kIdp, now).fault;
}

TEST(Jwt, TakesTokensThatJoseSigned) {
  for (const auto token : {kJoseEs256Token, kJoseRs256Token}) {
    const auto outcome = verify_jwt(token, jose_keys(), kIdp, kInside);
    ASSERT_FALSE(outcome.fault);
    EXPECT_EQ(outcome.claims["sub"], "ann");
    EXPECT_EQ(outcome.claims["roles"][0], "Score");
  }
}

TEST(Jwt, NamesKeysByTheThumbprintThatJoseComputes) {
  const auto ec = JwtKey::from_ec_point(kJoseEs256X, kJoseEs256Y, "");
  const auto rsa = JwtKey::from_rsa_numbers(kJoseRs256N, "AQAB", "");
  ASSERT_TRUE(ec.ok() && rsa.ok());
  EXPECT_EQ(ec.value().id(), kJoseEs256Thumbprint);
  EXPECT_EQ(rsa.value().id(), kJoseRs256Thumbprint);
}

TEST(Jwt, VerifiesWhatItSigned) {
  for (const auto algorithm : {JwtAlgorithm::es256, JwtAlgorithm::rs256}) {
    const auto key = JwtKey::generate(algorithm);
    const auto again = JwtKey::from_pem(key.private_pem());
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again.value().id(), key.id());
    const auto published = read_jwks(write_jwks({key}));
    ASSERT_TRUE(published.ok());
    const std::string token = make_jwt(again.value(), nlohmann::ordered_json::parse(kGoodClaims));
    EXPECT_FALSE(verify_jwt(token, published.value(), kIdp, kInside).fault);
  }
}

TEST(Jwt, RefusesAnotherSignature) {
  std::string token(kJoseEs256Token);
  token[token.size() - 10] = token[token.size() - 10] == 'A' ? 'B' : 'A';
  EXPECT_EQ(fault_of(token), JwtFault::bad_signature);
}

TEST(Jwt, RefusesAnotherPayload) {
  const std::string token(kJoseEs256Token);
  const auto first = token.find('.'), second = token.find('.', first + 1);
  EXPECT_EQ(fault_of(token.substr(0, first + 1) + base64url(kGoodClaims) + token.substr(second)),
            JwtFault::bad_signature);
}

TEST(Jwt, RefusesTokensWithoutSignature) {
  const std::string payload = base64url(kGoodClaims);
  for (const char* alg : {"none", "None", "NONE", ""}) {
    const std::string header = base64url(R"({"alg":")" + std::string(alg) + R"(","kid":"k-ES256"})");
    EXPECT_EQ(fault_of(header + "." + payload + "."), JwtFault::malformed) << alg;
    EXPECT_EQ(fault_of(header + "." + payload + ".AAAA"), JwtFault::bad_signature) << alg;
    EXPECT_EQ(fault_of(header + "." + payload), JwtFault::malformed) << alg;
  }
}

// CVE-2015-9235: the public key as the secret of HMAC.
TEST(Jwt, RefusesAPublicKeyAsASecret) {
  for (const std::string& secret : {std::string(kJoseRs256N), jose_jwks(), std::string("k-RS256")}) {
    const std::string text = base64url(R"({"alg":"HS256","kid":"k-RS256"})") + "." + base64url(kGoodClaims);
    EXPECT_EQ(fault_of(text + "." + base64url(hmac_sha256(secret, text))), JwtFault::bad_signature);
  }
}

TEST(Jwt, PinsTheAlgorithmToTheKey) {
  const std::string token(kJoseEs256Token);
  const std::string rest = token.substr(token.find('.'));
  EXPECT_EQ(fault_of(base64url(R"({"alg":"ES256","kid":"k-RS256"})") + rest), JwtFault::bad_signature);
  EXPECT_EQ(fault_of(base64url(R"({"alg":"RS256","kid":"k-ES256"})") + rest), JwtFault::bad_signature);
  EXPECT_EQ(fault_of(base64url(R"({"alg":"PS256","kid":"k-RS256"})") + rest), JwtFault::bad_signature);
}

TEST(Jwt, TakesKeyIdsAsNamesAndNothingElse) {
  for (const std::string kid : {"../../../../dev/null", "x' UNION SELECT 'key", "k-es256", "k-ES256 ", "", "|id"}) {
    const std::string header = nlohmann::json{{"alg", "ES256"}, {"kid", kid}}.dump();
    EXPECT_EQ(fault_of(base64url(header) + "." + base64url(kGoodClaims) + ".AAAA"), JwtFault::unknown_key) << kid;
  }
  for (const std::string& kid :
       {std::string("[\"k-ES256\"]"), std::string("7"), std::string("null"), "\"" + std::string(257, 'k') + "\""}) {
    const std::string header = R"({"alg":"ES256","kid":)" + kid + "}";
    EXPECT_EQ(fault_of(base64url(header) + "." + base64url(kGoodClaims) + ".AAAA"), JwtFault::malformed) << kid;
  }
}

TEST(Jwt, RefusesHeadersThatBringOrNameKeys) {
  const std::string jwk = own_key().public_members().dump();
  for (const std::string& more : {R"(,"jwk":)" + jwk, std::string(R"(,"jku":"https://evil/jwks.json")"),
                                  std::string(R"(,"x5u":"https://evil/x.pem")"), std::string(R"(,"x5c":["MII="])"),
                                  std::string(R"(,"crit":["exp"])"), std::string(R"(,"b64":false)")}) {
    EXPECT_EQ(own_fault(signed_by_own(own_header(more), kGoodClaims)), JwtFault::malformed) << more;
  }
  EXPECT_FALSE(own_fault(signed_by_own(own_header(R"(,"x5t":"AAAA","typ":"at+jwt")"), kGoodClaims)));
}

TEST(Jwt, RefusesNamesThatComeTwice) {
  EXPECT_EQ(own_fault(signed_by_own(own_header(R"(,"alg":"ES256")"), kGoodClaims)), JwtFault::malformed);
  EXPECT_EQ(own_fault(signed_by_own(
                own_header(), R"({"sub":"ann","sub":"root","iss":"https://idp","aud":"scoria","exp":1796003600})")),
            JwtFault::malformed);
}

TEST(Jwt, ReadsBase64UrlStrictly) {
  const std::string token(kJoseEs256Token);
  for (const std::string& wrong : {token + "=", token + "\n", " " + token, token + ".", token + ".AAAA", token + "AAA",
                                   "." + token, std::string(".."), std::string("."), std::string()}) {
    EXPECT_EQ(fault_of(wrong), JwtFault::malformed) << wrong;
  }
  EXPECT_EQ(fault_of(token + "A"), JwtFault::bad_signature);
  std::string standard = token;
  std::ranges::replace(standard, '_', '/');
  std::ranges::replace(standard, '-', '+');
  ASSERT_NE(standard, token);
  EXPECT_EQ(fault_of(standard), JwtFault::malformed);
}

// Two bits of the last character say nothing: with them set it is another text of the same signature.
TEST(Jwt, RefusesASecondTextOfASignature) {
  std::string token = signed_by_own(own_header(), kGoodClaims);
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  token.back() = alphabet[alphabet.find(token.back()) + 1];
  EXPECT_EQ(own_fault(token), JwtFault::malformed);
}

TEST(Jwt, RefusesHugeAndDeepTokens) {
  EXPECT_EQ(fault_of(std::string(kMostJwtBytes + 1, 'A')), JwtFault::malformed);
  const std::string deep = R"({"iss":"https://idp","aud":"scoria","sub":"ann","exp":1796003600,"x":)" +
                           std::string(1000, '[') + std::string(1000, ']') + "}";
  EXPECT_EQ(own_fault(signed_by_own(own_header(), deep)), JwtFault::malformed);
}

TEST(Jwt, HoldsTokensToTheirTimeWithAMinuteOfSkew) {
  const auto at = [](std::int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); };
  EXPECT_FALSE(fault_of(kJoseEs256Token, kIdp, at(1796003659)));
  EXPECT_EQ(fault_of(kJoseEs256Token, kIdp, at(1796003660)), JwtFault::expired);
  EXPECT_FALSE(fault_of(kJoseEs256Token, kIdp, at(1795999940)));
  EXPECT_EQ(fault_of(kJoseEs256Token, kIdp, at(1795999939)), JwtFault::not_yet);
}

TEST(Jwt, HoldsTokensToIssuerAndAudience) {
  EXPECT_EQ(fault_of(kJoseEs256Token, {.issuers = {"https://idp/"}, .audiences = {"scoria"}}), JwtFault::wrong_issuer);
  EXPECT_EQ(fault_of(kJoseEs256Token, {.issuers = {"https://idp"}, .audiences = {"scori"}}), JwtFault::wrong_audience);
}

TEST(Jwt, WantsTheClaimsThatMatter) {
  for (const char* claims : {R"({"iss":"https://idp","aud":"scoria","sub":"ann"})",
                             R"({"iss":"https://idp","aud":"scoria","exp":1796003600})",
                             R"({"iss":"https://idp","aud":"scoria","sub":7,"exp":1796003600})",
                             R"({"iss":"https://idp","aud":"scoria","sub":"ann","exp":"1796003600"})",
                             R"({"iss":"https://idp","aud":"scoria","sub":"ann","exp":1e300})",
                             R"({"iss":"https://idp","aud":"scoria","sub":"ann","exp":1796003600,"nbf":"x"})"}) {
    EXPECT_EQ(own_fault(signed_by_own(own_header(), claims)), JwtFault::malformed) << claims;
  }
  EXPECT_EQ(own_fault(signed_by_own(own_header(), "[]")), JwtFault::malformed);
}

TEST(Jwks, PassesOverWhatSignsNoTokensOfOurs) {
  const auto keys = read_jwks(R"({"keys":[{"kty":"oct","k":"AAAA"},{"kty":"EC","crv":"P-384","x":"AA","y":"AA"},7,
      {"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
      {"kty":"RSA","n":"AQAB","e":"AQAB"}]})");
  ASSERT_TRUE(keys.ok());
  EXPECT_TRUE(keys.value().empty());
  EXPECT_FALSE(read_jwks("[]").ok());
  EXPECT_FALSE(read_jwks(R"({"keys":[)" + std::string(300'000, ' ') + "]}").ok());
}

}  // namespace
}  // namespace scoria::auth
