#include "auth/jwt.h"

#include <algorithm>
#include <array>

#include "auth/shared_key.h"

namespace scoria::auth {
namespace {

using nlohmann::json;

constexpr std::size_t kMostKeyId = 256, kMostNesting = 16;
// They name keys to be fetched or taken over, or rules to be understood.
constexpr std::array<std::string_view, 6> kRefusedHeaders = {"jku", "jwk", "x5u", "x5c", "crit", "b64"};

// Nested deeper than kMostNesting or with a name twice: what two readers may read in two ways is no token of ours.
json strict_object(const std::string& text) {
  std::vector<std::vector<std::string>> names;
  bool is_good = true;
  json read = json::parse(
      text,
      [&](int depth, json::parse_event_t event, json& value) {
        if (depth > static_cast<int>(kMostNesting)) is_good = false;
        if (event == json::parse_event_t::object_start) names.emplace_back();
        if (event == json::parse_event_t::object_end && !names.empty()) names.pop_back();
        if (event == json::parse_event_t::key && !names.empty()) {
          auto name = value.get<std::string>();
          if (std::ranges::find(names.back(), name) != names.back().end() || names.back().size() > 200) is_good = false;
          if (is_good) names.back().push_back(std::move(name));
        }
        return true;
      },
      /*allow_exceptions=*/false);
  if (!is_good || !read.is_object()) return {};
  return read;
}

struct Parts {
  json header, payload;
  std::string signature;
  std::string_view signed_text;
};

std::optional<std::string> text_member(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::optional<Parts> take_apart(std::string_view token) {
  if (token.size() > kMostJwtBytes) return std::nullopt;
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  const auto bytes = [](std::string_view text) -> std::optional<std::string> {
    auto read = from_base64url(text);
    // Written back: bits at the end that say nothing, and with which one signature would have several texts, are refused.
    if (!read.ok() || base64url(read.value()) != text) return std::nullopt;
    return std::move(read).value();
  };
  const auto header = bytes(token.substr(0, first)), payload = bytes(token.substr(first + 1, second - first - 1));
  auto signature = bytes(token.substr(second + 1));
  if (!header || !payload || !signature || signature->empty()) return std::nullopt;
  Parts parts{.header = strict_object(*header),
              .payload = strict_object(*payload),
              .signature = std::move(*signature),
              .signed_text = token.substr(0, second)};
  if (!parts.header.is_object() || !parts.payload.is_object()) return std::nullopt;
  for (const std::string_view name : kRefusedHeaders) {
    if (parts.header.contains(name)) return std::nullopt;
  }
  const auto kid = parts.header.find("kid");
  const bool has_kid = kid != parts.header.end();
  if (!text_member(parts.header, "alg") ||
      (has_kid && (!kid->is_string() || kid->get_ref<const std::string&>().size() > kMostKeyId)))
    return std::nullopt;
  return parts;
}

// A NumericDate: seconds since 1970, whole or not. None where the claim is absent or no number that a clock may show.
std::optional<std::int64_t> numeric_date(const json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end() || !found->is_number()) return std::nullopt;
  const double value = found->get<double>();
  if (!(value >= 0 && value < 1e12)) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

bool is_for(const json& claims, const std::vector<std::string>& audiences) {
  const auto found = claims.find("aud");
  if (found == claims.end()) return false;
  const auto is_ours = [&](const json& one) {
    return one.is_string() && std::ranges::find(audiences, one.get_ref<const std::string&>()) != audiences.end();
  };
  return found->is_array() ? std::ranges::any_of(*found, is_ours) : is_ours(*found);
}

std::optional<JwtFault> fault_of_claims(const json& claims, const JwtRules& rules, WallTime now) {
  const auto issuer = text_member(claims, "iss");
  if (!issuer || std::ranges::find(rules.issuers, *issuer) == rules.issuers.end()) return JwtFault::wrong_issuer;
  if (!is_for(claims, rules.audiences)) return JwtFault::wrong_audience;
  const std::int64_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const auto expires = numeric_date(claims, "exp"), begins = numeric_date(claims, "nbf"),
             issued = numeric_date(claims, "iat");
  if (!expires || !text_member(claims, "sub") || (claims.contains("nbf") && !begins) ||
      (claims.contains("iat") && !issued))
    return JwtFault::malformed;
  if (seconds >= *expires + kJwtSkew.count()) return JwtFault::expired;
  if ((begins && seconds < *begins - kJwtSkew.count()) || (issued && seconds < *issued - kJwtSkew.count()))
    return JwtFault::not_yet;
  return std::nullopt;
}

// The one that the header names; of a header that names none, the only one of its algorithm.
const JwtKey* key_for(const json& header, const std::vector<JwtKey>& keys) {
  const auto id = text_member(header, "kid");
  const auto algorithm = text_member(header, "alg");
  const JwtKey* found = nullptr;
  for (const JwtKey& key : keys) {
    if (id ? key.id() != *id : algorithm_name(key.algorithm()) != *algorithm) continue;
    if (found != nullptr) return nullptr;
    found = &key;
  }
  return found;
}

}  // namespace

std::string make_jwt(const JwtKey& key, const nlohmann::ordered_json& claims) {
  const nlohmann::ordered_json header{{"alg", algorithm_name(key.algorithm())}, {"typ", "JWT"}, {"kid", key.id()}};
  std::string token = base64url(header.dump()) + "." + base64url(claims.dump());
  const std::string signature = key.sign(token);
  return token + "." + base64url(signature);
}

std::optional<JwtGlance> glance_at_jwt(std::string_view token) {
  const auto parts = take_apart(token);
  if (!parts) return std::nullopt;
  return JwtGlance{.algorithm = text_member(parts->header, "alg").value_or(""),
                   .key_id = text_member(parts->header, "kid").value_or(""),
                   .issuer = text_member(parts->payload, "iss").value_or("")};
}

JwtOutcome verify_jwt(std::string_view token, const std::vector<JwtKey>& keys, const JwtRules& rules, WallTime now) {
  const auto fault = [](JwtFault which) { return JwtOutcome{.fault = which, .claims = {}}; };
  auto parts = take_apart(token);
  if (!parts) return fault(JwtFault::malformed);
  const JwtKey* key = key_for(parts->header, keys);
  if (key == nullptr) return fault(JwtFault::unknown_key);
  // Pinned: the header is told what it should say, not asked.
  if (text_member(parts->header, "alg") != algorithm_name(key->algorithm())) return fault(JwtFault::bad_signature);
  if (!key->verifies(parts->signed_text, parts->signature)) return fault(JwtFault::bad_signature);
  if (const auto wrong = fault_of_claims(parts->payload, rules, now)) return fault(*wrong);
  return {.fault = {}, .claims = std::move(parts->payload)};
}

}  // namespace scoria::auth
