#include "access/oidc.h"

#include <algorithm>

#include "auth/jwks.h"
#include "base/log.h"
#include "net/http_client.h"
#include "net/url.h"

namespace scoria::access {
namespace {

using nlohmann::json;

constexpr std::chrono::minutes kRefetch{10};
constexpr std::chrono::seconds kLeastBetween{30}, kFirstRetry{2};
constexpr std::size_t kMostSubject = 128;  // with the issuer behind it, it is to fit into a log's field
constexpr std::size_t kMostIssuers = 100, kMostListedClaims = 1000;

SteadyTime steady_now() { return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()); }

Error bad_oidc(const std::string& what) { return Error{Code::corrupt, what}; }

// Keys that come over the wire in the clear would be anybody's, but on this machine.
bool is_fit_url(const std::string& text) {
  const auto url = net::parse_url(text);
  if (!url.ok()) return false;
  const std::string& host = url.value().host;
  return url.value().is_tls || host == "localhost" || host == "127.0.0.1" || host == "::1";
}

Result<std::vector<std::string>> texts_of(const Json& value, const std::string& name) {
  if (value.is_string()) return std::vector{value.get<std::string>()};
  std::vector<std::string> texts;
  if (value.is_array()) {
    for (const auto& one : value) {
      if (one.is_string()) texts.push_back(one.get<std::string>());
    }
  }
  if (texts.empty()) return bad_oidc("has '" + name + "' that is neither a text nor a list of texts");
  return texts;
}

Status read_mapping(const Json& value, const std::string& name, std::map<std::string, std::vector<Grant>>& into) {
  if (!value.is_object()) return bad_oidc("has '" + name + "' that is no object of a claim's values and grants");
  for (const auto& [claim, grants] : value.items()) {
    SCORIA_TRY(texts, texts_of(grants, name + "." + claim));
    for (const std::string& text : texts) {
      SCORIA_TRY(grant, parse_grant(text));
      into[claim].push_back(std::move(grant));
    }
  }
  return Ok{};
}

Result<OidcIssuer> read_issuer(const Json& value) {
  if (!value.is_object()) return bad_oidc("has in 'issuers' what is no object");
  OidcIssuer issuer;
  for (const auto& [name, member] : value.items()) {
    if (name == "issuer" && member.is_string()) {
      issuer.issuer = member.get<std::string>();
    } else if (name == "configuration" && member.is_string()) {
      issuer.configuration = member.get<std::string>();
    } else if (name == "audience") {
      SCORIA_TRY(texts, texts_of(member, name));
      issuer.audiences = std::move(texts);
    } else if (name == "roles") {
      SCORIA_TRY_STATUS(read_mapping(member, name, issuer.roles));
    } else if (name == "groups") {
      SCORIA_TRY_STATUS(read_mapping(member, name, issuer.groups));
    } else if (name == "scopes") {
      SCORIA_TRY_STATUS(read_mapping(member, name, issuer.scopes));
    } else if (name == "clients") {
      SCORIA_TRY_STATUS(read_mapping(member, name, issuer.clients));
    } else if (name == "groupOverage" && (member == "refuse" || member == "ignore")) {
      issuer.ignores_group_overage = member == "ignore";
    } else {
      return bad_oidc("has an issuer with '" + name +
                      "'; right are issuer, configuration, audience, roles, groups, scopes, clients and groupOverage "
                      "(refuse or ignore)");
    }
  }
  if (issuer.configuration.empty()) {
    std::string base = issuer.issuer;
    if (base.ends_with('/')) base.pop_back();
    issuer.configuration = base + "/.well-known/openid-configuration";
  }
  if (issuer.issuer.empty() || issuer.audiences.empty()) return bad_oidc("has an issuer without issuer or audience");
  if (!is_fit_url(issuer.configuration))
    return bad_oidc("has issuer '" + issuer.issuer + "', whose configuration must be an https URL");
  return issuer;
}

// A claim that is a text of words ("scp"), or a list of texts ("roles").
std::vector<std::string> values_of(const json& claims, const char* name, bool splits) {
  std::vector<std::string> values;
  const auto found = claims.find(name);
  if (found == claims.end()) return values;
  if (found->is_array()) {
    for (const auto& one : *found) {
      if (one.is_string() && values.size() < kMostListedClaims) values.push_back(one.get<std::string>());
    }
  }
  if (!found->is_string()) return values;
  std::string_view text = found->get_ref<const std::string&>();
  if (!splits) return {std::string(text)};
  while (!text.empty() && values.size() < kMostListedClaims) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0) values.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return values;
}

bool leaves_groups_out(const json& claims) {
  const auto names = claims.find("_claim_names");
  if (names != claims.end() && names->is_object() && names->contains("groups")) return true;
  const auto has = claims.find("hasgroups");
  return has != claims.end() && (*has == true || *has == "true");
}

void add_rights(Rights& rights, const std::map<std::string, std::vector<Grant>>& mapping,
                const std::vector<std::string>& values) {
  for (const std::string& value : values) {
    const auto found = mapping.find(value);
    if (found == mapping.end()) continue;
    for (const Grant& grant : found->second) {
      if (grant.service == "*") {
        rights.role = std::max(rights.role, grant.role);
      } else {
        rights.grants.push_back(grant);
      }
    }
  }
}

Result<std::vector<auth::JwtKey>> fetch_keys(const OidcIssuer& issuer) {
  net::HttpClient client({.max_body = 256u << 10,
                          .max_redirects = 2,
                          .tries = 1,
                          .connect_timeout = std::chrono::seconds(5),
                          .idle_timeout = std::chrono::seconds(5)});
  SCORIA_TRY(text, client.get(issuer.configuration));
  const json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object() || document.value("issuer", json()) != issuer.issuer) {
    return bad_oidc(issuer.configuration + " is not the configuration of issuer '" + issuer.issuer + "'");
  }
  const json uri = document.value("jwks_uri", json());
  if (!uri.is_string() || !is_fit_url(uri.get<std::string>()))
    return bad_oidc(issuer.configuration + " names no jwks_uri by https");
  SCORIA_TRY(keys, client.get(uri.get<std::string>()));
  return auth::read_jwks(keys);
}

}  // namespace

Result<std::vector<OidcIssuer>> read_oidc(const Json& document) {
  if (!document.is_object() || document.size() != 1 || !document.contains("issuers") ||
      !document["issuers"].is_array() || document["issuers"].size() > kMostIssuers)
    return bad_oidc("must be {\"issuers\": [...]} with at most 100");
  std::vector<OidcIssuer> issuers;
  for (const auto& one : document["issuers"]) {
    SCORIA_TRY(issuer, read_issuer(one));
    if (std::ranges::find(issuers, issuer.issuer, &OidcIssuer::issuer) != issuers.end())
      return bad_oidc("has issuer '" + issuer.issuer + "' twice");
    issuers.push_back(std::move(issuer));
  }
  return issuers;
}

std::optional<Rights> rights_of_claims(const OidcIssuer& issuer, const json& claims) {
  if (!issuer.groups.empty() && !issuer.ignores_group_overage && leaves_groups_out(claims)) return std::nullopt;
  Rights rights;
  add_rights(rights, issuer.roles, values_of(claims, "roles", false));
  add_rights(rights, issuer.groups, values_of(claims, "groups", false));
  for (const char* name : {"scp", "scope"}) add_rights(rights, issuer.scopes, values_of(claims, name, true));
  // Of Entra's version 1, of its version 2, of RFC 9068. The first that is there: a token has one client.
  for (const char* name : {"appid", "azp", "client_id"}) {
    const auto values = values_of(claims, name, false);
    if (values.empty()) continue;
    add_rights(rights, issuer.clients, values);
    break;
  }
  return rights;
}

Oidc::Oidc() : thread_([this](const std::stop_token& stop) { fetch_all(stop); }) {}

Oidc::~Oidc() = default;

void Oidc::configure(std::vector<OidcIssuer> issuers) {
  const std::lock_guard lock(mutex_);
  std::map<std::string, Entry> entries;
  for (OidcIssuer& issuer : issuers) {
    const std::string name = issuer.issuer;
    const auto found = entries_.find(name);
    Entry entry;
    if (found != entries_.end() && found->second.rules.configuration == issuer.configuration) entry = found->second;
    entry.rules = std::move(issuer);
    entries.emplace(name, std::move(entry));
  }
  entries_ = std::move(entries);
  is_changed_ = true;
  changed_.notify_all();
}

Oidc::Outcome Oidc::verify(std::string_view token, const auth::JwtGlance& glance, Now now) {
  using Kind = Outcome::Kind;
  OidcIssuer rules;
  std::shared_ptr<const std::vector<auth::JwtKey>> keys;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(glance.issuer);
    if (found == entries_.end()) return {};
    if (found->second.keys == nullptr) return {.kind = Kind::no_keys_yet};
    rules = found->second.rules;
    keys = found->second.keys;
  }
  auto outcome = auth::verify_jwt(token, *keys, {.issuers = {rules.issuer}, .audiences = rules.audiences}, now.wall);
  if (outcome.fault == auth::JwtFault::unknown_key) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(glance.issuer);
    if (found != entries_.end() && now.steady - found->second.last_fetch >= kLeastBetween) {
      found->second.next_fetch = now.steady;
      is_changed_ = true;
      changed_.notify_all();
    }
  }
  if (outcome.fault) return {.kind = Kind::faulty, .fault = *outcome.fault};
  auto rights = rights_of_claims(rules, outcome.claims);
  if (!rights) return {.kind = Kind::without_groups};
  const auto seconds = static_cast<std::int64_t>(outcome.claims["exp"].get<double>());
  return {.kind = Kind::good,
          .issuer = rules.issuer,
          .subject = outcome.claims["sub"].get<std::string>().substr(0, kMostSubject),
          .rights = std::move(*rights),
          .expires = WallTime(std::chrono::seconds(seconds))};
}

void Oidc::fetch_all(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    OidcIssuer due;
    {
      std::unique_lock lock(mutex_);
      const SteadyTime now = steady_now();
      SteadyTime next = now + kRefetch;
      for (const auto& [name, entry] : entries_) {
        if (entry.next_fetch <= now) due = entry.rules;
        next = std::min(next, entry.next_fetch);
      }
      if (due.issuer.empty()) {
        changed_.wait_until(lock, stop, next, [this] { return is_changed_; });
        is_changed_ = false;
        continue;
      }
    }
    auto keys = fetch_keys(due);
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(due.issuer);
    if (found == entries_.end()) continue;
    Entry& entry = found->second;
    entry.last_fetch = steady_now();
    if (keys.ok()) {
      entry.failures = 0;
      entry.keys = std::make_shared<const std::vector<auth::JwtKey>>(std::move(keys).value());
      entry.next_fetch = entry.last_fetch + kRefetch;
      log::info("oidc_keys", {{"issuer", due.issuer}, {"keys", entry.keys->size()}});
    } else {
      // Keys that are there stay: that their issuer cannot be asked makes them no worse.
      entry.next_fetch =
          entry.last_fetch + std::min<Duration>(kFirstRetry * (1 << std::min(entry.failures++, 8)), kRefetch);
      log::warn("oidc_keys_missing", {{"issuer", due.issuer}, {"error", keys.error().message}});
    }
  }
}

}  // namespace scoria::access
