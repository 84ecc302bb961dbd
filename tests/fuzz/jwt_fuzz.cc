// Any text as a token, as a set of keys, or as the claims of a token that is signed well: none that the fuzzer did not sign is ever good, and nothing
// breaks. The first byte chooses.
#include <cstdint>
#include <string>

#include "access/oidc.h"
#include "auth/jwks.h"
#include "auth/jwt.h"
#include "auth/passwords.h"
#include "auth/shared_key.h"
#include "base/result.h"

namespace {

using namespace scoria;
using auth::JwtAlgorithm;
using auth::JwtKey;

const std::vector<JwtKey>& keys() {
  static const std::vector<JwtKey> made{JwtKey::generate(JwtAlgorithm::es256), JwtKey::generate(JwtAlgorithm::rs256)};
  return made;
}

const auth::JwtRules kRules{.issuers = {"i"}, .audiences = {"a"}};
const WallTime kNow{std::chrono::seconds(1796000000)};

void check_signed(const std::string& claims, const std::string& more) {
  const std::string text =
      auth::base64url(R"({"alg":"ES256","kid":")" + keys()[0].id() + "\"" + more + "}") + "." + auth::base64url(claims);
  const auto outcome = auth::verify_jwt(text + "." + auth::base64url(keys()[0].sign(text)), keys(), kRules, kNow);
  if (outcome.fault) return;
  SCORIA_CHECK(outcome.claims["iss"] == "i" && outcome.claims["sub"].is_string() && outcome.claims["exp"].is_number());
  static const access::OidcIssuer issuer{.issuer = "i",
                                         .audiences = {"a"},
                                         .roles = {{"r", {{access::Role::scorer, "s"}}}},
                                         .groups = {{"g", {{access::Role::owner, "*"}}}}};
  (void)access::rights_of_claims(issuer, outcome.claims);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 5) {
    case 0: {
      (void)auth::glance_at_jwt(text);
      SCORIA_CHECK(auth::verify_jwt(text, keys(), kRules, kNow).fault.has_value());
      break;
    }
    case 1: {
      const auto read = auth::read_jwks(text);
      if (!read.ok()) break;
      const auto again = auth::read_jwks(auth::write_jwks(read.value()));
      SCORIA_CHECK(again.ok() && again.value().size() == read.value().size());
      break;
    }
    case 2: check_signed(text, ""); break;
    case 3: check_signed(R"({"iss":"i","aud":"a","sub":"s","exp":1796003600})", text); break;
    default: {
      const auto document = access::Json::parse(text, nullptr, /*allow_exceptions=*/false);
      (void)access::read_oidc(document);
      (void)auth::check_password_hash(text);
    }
  }
  return 0;
}
