#include "auth/sas.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/iso8601.h"
#include "net/url.h"

namespace scoria::auth {
namespace {

constexpr std::string_view kOldest = "2015-04-05";          // the first whose signed text has sip and spr
constexpr std::string_view kWithResource = "2018-11-09";    // service: sr and the snapshot are signed
constexpr std::string_view kWithEncryption = "2020-12-06";  // ses is signed
constexpr std::string_view kOurs = "2020-10-02";            // the version of what make_sas() writes
constexpr std::string_view kPermissionOrder = "racwdxltmeopi";

Error sas_denied(std::string message, std::string api_code = "AuthenticationFailed") {
  return Error{Code::denied, std::move(message), std::move(api_code)};
}

std::string field(const Target& target, std::string_view name) {
  return std::string(target.parameter(name).value_or(""));
}

bool is_version(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (const std::size_t i : {0, 1, 2, 3, 5, 6, 8, 9}) {
    if (text[i] < '0' || text[i] > '9') return false;
  }
  return true;
}

bool shares_a_letter(std::string_view a, std::string_view b) { return a.find_first_of(b) != std::string_view::npos; }

Status check_signature(const AccountKey& account, const Target& target, const std::string& text) {
  const auto given = from_base64(field(target, "sig"));
  if (!given.ok() || !equal_in_constant_time(hmac_sha256(account.key, text), given.value())) {
    return sas_denied("the shared access signature does not fit: the key is another, or a parameter was changed");
  }
  return Ok{};
}

std::string service_text(const AccountKey& account, const Target& target, std::string_view container,
                         std::string_view blob) {
  const std::string version = field(target, "sv");
  std::string resource = "/blob/" + account.name + "/" + std::string(container);
  if (field(target, "sr") != "c") resource += "/" + std::string(blob);
  std::string text;
  for (const char* name : {"sp", "st", "se"}) text += field(target, name) + "\n";
  text += resource + "\n";
  for (const char* name : {"si", "sip", "spr"}) text += field(target, name) + "\n";
  text += version;
  if (version >= kWithResource) text += "\n" + field(target, "sr") + "\n" + field(target, "snapshot");
  if (version >= kWithEncryption) text += "\n" + field(target, "ses");
  for (const char* name : {"rscc", "rscd", "rsce", "rscl", "rsct"}) text += "\n" + field(target, name);
  return text;
}

std::string account_text(const AccountKey& account, const Target& target) {
  std::string text = account.name + "\n";
  for (const char* name : {"sp", "ss", "srt", "st", "se", "sip", "spr", "sv"}) text += field(target, name) + "\n";
  if (field(target, "sv") >= kWithEncryption) text += field(target, "ses") + "\n";
  return text;
}

std::optional<std::uint32_t> ipv4(std::string_view text) {
  in_addr address{};
  if (::inet_pton(AF_INET, std::string(text).c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

// `peer` may carry a port, and an IPv4 address may be dressed as IPv6.
std::optional<std::uint32_t> peer_ipv4(std::string_view peer) {
  if (peer.starts_with('[')) peer = peer.substr(1, peer.find(']') - 1);
  if (peer.starts_with("::ffff:")) peer.remove_prefix(7);
  if (std::count(peer.begin(), peer.end(), ':') == 1) peer = peer.substr(0, peer.find(':'));
  return ipv4(peer);
}

Status check_address(const std::string& range, std::string_view peer) {
  if (range.empty()) return Ok{};
  const std::size_t dash = range.find('-');
  const auto first = ipv4(std::string_view(range).substr(0, dash));
  const auto last = dash == std::string::npos ? first : ipv4(std::string_view(range).substr(dash + 1));
  const auto address = peer_ipv4(peer);
  if (!first || !last)
    return sas_denied("the signature's sip '" + range + "' must be an IPv4 address or a range of two");
  if (!address || *address < *first || *address > *last) {
    return sas_denied("the signature does not hold for the address that this request comes from",
                      "AuthorizationSourceIPMismatch");
  }
  return Ok{};
}

Status check_protocol(const std::string& allowed, bool is_tls) {
  if (allowed.empty() || allowed == "https,http") return Ok{};
  if (allowed != "https") return sas_denied("the signature's spr must be 'https' or 'https,http'");
  if (!is_tls) return sas_denied("the signature holds for https only", "AuthorizationProtocolMismatch");
  return Ok{};
}

Result<std::optional<WallTime>> read_time(const Target& target, const char* name) {
  const std::string text = field(target, name);
  if (text.empty()) return std::optional<WallTime>{};
  const auto time = parse_time(text);
  if (!time.ok())
    return sas_denied(std::string("the signature's ") + name + " is no time such as 2026-11-29T12:00:00Z");
  return std::optional<WallTime>(time.value());
}

// A policy's part and the signature's must not both be there, and one of them must (the start may be missing).
struct Terms {
  std::optional<WallTime> start, expiry;
  std::string permissions;
};

Result<Terms> merge_policy(Terms terms, const Target& target, std::string_view container,
                           const PolicyLookup& policies) {
  const std::string id = field(target, "si");
  if (id.empty()) return terms;
  const auto policy = policies ? policies(container, id) : std::nullopt;
  if (!policy)
    return sas_denied("the signature names a stored access policy that container '" + std::string(container) +
                      "' does not have");
  if (terms.start && policy->start) return sas_denied("the signature and its stored access policy both have a start");
  if (terms.expiry && policy->expiry)
    return sas_denied("the signature and its stored access policy both have an expiry");
  if (!terms.permissions.empty() && !policy->permissions.empty()) {
    return sas_denied("the signature and its stored access policy both have permissions");
  }
  if (!terms.start) terms.start = policy->start;
  if (!terms.expiry) terms.expiry = policy->expiry;
  if (terms.permissions.empty()) terms.permissions = policy->permissions;
  return terms;
}

Status check_times(const Terms& terms, WallTime now) {
  if (!terms.expiry) return sas_denied("the signature has no expiry (se), nor has its stored access policy");
  if (terms.start && now < *terms.start) {
    return sas_denied("the signature is not valid before " + format_http_time(*terms.start));
  }
  if (now >= *terms.expiry) return sas_denied("the signature expired at " + format_http_time(*terms.expiry));
  return Ok{};
}

Status check_permissions(std::string_view given, std::string_view wanted) {
  if (shares_a_letter(given, wanted)) return Ok{};
  return sas_denied("the signature has the permissions '" + std::string(given) + "', and this operation needs " +
                        (wanted.empty() ? "another kind of authorization" : "one of '" + std::string(wanted) + "'"),
                    "AuthorizationPermissionMismatch");
}

Status check_account_scope(const Target& target, const SasUse& use) {
  if (field(target, "ss").find('b') == std::string::npos) {
    return sas_denied("the account signature is not for the blob service (ss has no 'b')",
                      "AuthorizationServiceMismatch");
  }
  const char type = use.container.empty() ? 's' : use.blob.empty() ? 'c' : 'o';
  if (field(target, "srt").find(type) == std::string::npos) {
    return sas_denied(std::string("the account signature is not for this kind of resource (srt has no '") + type + "')",
                      "AuthorizationResourceTypeMismatch");
  }
  return Ok{};
}

Status check_service_scope(const Target& target, const SasUse& use) {
  const std::string kind = field(target, "sr");
  if (kind != "b" && kind != "c") return sas_denied("the signature's sr must be 'b' or 'c' here");
  if (use.container.empty() || (kind == "b" && use.blob.empty())) {
    return sas_denied("the signature is for one " + std::string(kind == "b" ? "blob" : "container") +
                          ", and this operation is not on one",
                      "AuthorizationResourceTypeMismatch");
  }
  return Ok{};
}

}  // namespace

bool has_sas(const Target& target) { return target.parameter("sig").has_value(); }

Result<SasGrant> check_sas(const AccountKey& account, const Target& target, const SasUse& use,
                           const PolicyLookup& policies, WallTime now) {
  // A parameter that stands twice could be checked by one value and used by another.
  for (const char* name : {"sv", "sr", "sp", "st", "se", "si", "sip", "spr", "ss", "srt", "sig", "ses"}) {
    const auto is_it = [&](const auto& pair) { return lower_case(pair.first) == name; };
    if (std::count_if(target.query.begin(), target.query.end(), is_it) > 1) {
      return sas_denied(std::string("the signature's parameter ") + name + " stands twice");
    }
  }
  const std::string version = field(target, "sv");
  if (!is_version(version) || version < kOldest) {
    return sas_denied("the signature's sv must be a version from 2015-04-05 on, such as 2020-12-06");
  }
  if (target.parameter("skoid"))
    return sas_denied("user delegation signatures (skoid) are not supported; sign with the account's key");
  const bool is_account = target.parameter("ss").has_value() || target.parameter("srt").has_value();
  if (!is_account) SCORIA_TRY_STATUS(check_service_scope(target, use));
  SCORIA_TRY_STATUS(check_signature(
      account, target,
      is_account ? account_text(account, target) : service_text(account, target, use.container, use.blob)));
  Terms own;
  SCORIA_TRY(start, read_time(target, "st"));
  SCORIA_TRY(expiry, read_time(target, "se"));
  own.start = start;
  own.expiry = expiry;
  own.permissions = field(target, "sp");
  SCORIA_TRY(terms, is_account ? Result<Terms>(own) : merge_policy(own, target, use.container, policies));
  SCORIA_TRY_STATUS(check_times(terms, now));
  SCORIA_TRY_STATUS(check_protocol(field(target, "spr"), use.is_tls));
  SCORIA_TRY_STATUS(check_address(field(target, "sip"), use.peer));
  if (is_account) SCORIA_TRY_STATUS(check_account_scope(target, use));
  SCORIA_TRY_STATUS(
      check_permissions(terms.permissions, is_account ? use.account_permissions : use.service_permissions));
  return SasGrant{.permissions = terms.permissions,
                  .cache_control = field(target, "rscc"),
                  .content_disposition = field(target, "rscd"),
                  .content_encoding = field(target, "rsce"),
                  .content_language = field(target, "rscl"),
                  .content_type = field(target, "rsct")};
}

std::string make_sas(const AccountKey& account, std::string_view container, std::string_view blob,
                     std::string_view permissions, WallTime start, WallTime expiry) {
  SCORIA_CHECK(permissions.find_first_not_of(kPermissionOrder) == std::string_view::npos);
  // Seconds suffice, and some readers know no fraction: "2026-11-29T12:00:00.1234567Z" -> "2026-11-29T12:00:00Z".
  const auto shown = [](WallTime time) { return format_time(time).substr(0, 19) + "Z"; };
  Target target;
  target.query = {{"sv", std::string(kOurs)},
                  {"sr", blob.empty() ? "c" : "b"},
                  {"st", shown(start)},
                  {"se", shown(expiry)},
                  {"sp", std::string(permissions)}};
  const std::string signature = base64(hmac_sha256(account.key, service_text(account, target, container, blob)));
  target.query.emplace_back("sig", signature);
  std::string query;
  for (const auto& [name, value] : target.query) {
    query += (query.empty() ? "" : "&") + name + "=" + net::percent_encode(value);
  }
  return query;
}

}  // namespace scoria::auth
