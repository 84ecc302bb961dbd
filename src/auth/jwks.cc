#include "auth/jwks.h"

namespace scoria::auth {
namespace {

constexpr std::size_t kMostSetBytes = 256u << 10, kMostSetKeys = 100;

std::string member_text(const nlohmann::json& key, const char* name) {
  const auto found = key.find(name);
  return found != key.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Result<std::vector<JwtKey>> read_jwks(std::string_view text) {
  const auto broken = [](const char* what) { return Error{Code::corrupt, std::string("a set of keys ") + what}; };
  if (text.size() > kMostSetBytes) return broken("is larger than 256 KiB");
  const auto document = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object() || !document.contains("keys") || !document["keys"].is_array())
    return broken("must be JSON as {\"keys\": [...]}");
  if (document["keys"].size() > kMostSetKeys) return broken("has more than 100 keys");
  std::vector<JwtKey> keys;
  for (const auto& one : document["keys"]) {
    if (!one.is_object()) continue;
    const std::string use = member_text(one, "use"), algorithm = member_text(one, "alg"),
                      type = member_text(one, "kty");
    if (!use.empty() && use != "sig") continue;
    const std::string id = member_text(one, "kid");
    if (type == "EC" && member_text(one, "crv") == "P-256" && (algorithm.empty() || algorithm == "ES256")) {
      auto key = JwtKey::from_ec_point(member_text(one, "x"), member_text(one, "y"), id);
      if (key.ok()) keys.push_back(std::move(key).value());
    }
    if (type == "RSA" && (algorithm.empty() || algorithm == "RS256")) {
      auto key = JwtKey::from_rsa_numbers(member_text(one, "n"), member_text(one, "e"), id);
      if (key.ok()) keys.push_back(std::move(key).value());
    }
  }
  return keys;
}

std::string write_jwks(const std::vector<JwtKey>& keys) {
  auto list = nlohmann::ordered_json::array();
  for (const JwtKey& key : keys) {
    auto one = key.public_members();
    one["kid"] = key.id();
    one["use"] = "sig";
    one["alg"] = algorithm_name(key.algorithm());
    list.push_back(std::move(one));
  }
  return nlohmann::ordered_json{{"keys", std::move(list)}}.dump();
}

}  // namespace scoria::auth
