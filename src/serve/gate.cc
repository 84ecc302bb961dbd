#include "serve/gate.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "auth/target.h"

namespace scoria::serve {
namespace {

constexpr std::array<std::string_view, 5> kHealth = {"livez", "readyz", "startupz", "health", "ping"};
constexpr std::uint64_t kSmallBody = 64u << 10;

bool is_one_of_health(const PathParts& parts) {
  if (parts.size() == 1) return std::ranges::find(kHealth, parts[0]) != kHealth.end();
  return parts.size() == 3 && parts[0] == "v2" && parts[1] == "health" && (parts[2] == "live" || parts[2] == "ready");
}

bool is_word_of_scoring(const std::string& word) {
  return word == "score" || word == "predict" || word == "invocations";
}

// Whether a POST to it scores.
bool is_scoring_path(const PathParts& parts) {
  const std::size_t size = parts.size();
  if (size == 1) return is_word_of_scoring(parts[0]);
  if (size >= 3 && parts[0] == "api") return true;
  if (size == 3 && (parts[0] == "services" || parts[0] == "endpoints")) return is_word_of_scoring(parts[2]);
  return size >= 4 && parts[0] == "v2" && parts[1] == "models" && parts.back() == "infer";
}

// Whether a GET of it has an answer of the server's own, although it names no service.
bool is_own(const PathParts& parts) {
  constexpr std::array<std::string_view, 5> kOwn = {"metrics", "openapi.json", "services", "v2", "version"};
  return parts.size() == 1 && std::ranges::find(kOwn, parts[0]) != kOwn.end();
}

bool takes_requests(const Service& service) {
  return std::ranges::any_of(service.versions, [](const auto& version) { return !version->takes_rows(); });
}

// Documents of all that is served.
bool is_list(const PathParts& parts) {
  return parts.empty() || (parts.size() == 1 && (parts[0] == "openapi.json" || parts[0] == "services"));
}

// What admits a caller to a list: one service that it may read. Empty: it may read all, or none.
std::string any_readable(const Catalog& catalog, const access::Caller& caller) {
  if (caller.may(access::Action::read, "")) return {};
  const auto all = catalog.services();
  const auto found = std::ranges::find_if(
      *all, [&](const Service& service) { return caller.may(access::Action::read, service.name); });
  return found == all->end() ? std::string() : found->name;
}

access::Admission admit_to_list(access::Access& access, const Catalog& catalog, access::Identified identified) {
  if (identified.is_pending()) return {};
  if (identified.refusal) return {.caller = nullptr, .refusal = access::reply_of(*identified.refusal)};
  if (const auto refusal = access.throttle(*identified.caller))
    return {.caller = nullptr, .refusal = access::reply_of(*refusal)};
  if (!identified.caller->may(access::Action::read, any_readable(catalog, *identified.caller)))
    return {.caller = nullptr, .refusal = access::reply_of({.reason = access::Reason::forbidden})};
  return {.caller = std::move(identified.caller), .refusal = {}};
}

}  // namespace

PathParts path_parts(std::string_view path) {
  PathParts parts;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0) parts.push_back(auth::percent_decode(path.substr(0, end)));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return parts;
}

std::string service_of(const PathParts& parts) {
  const std::size_t size = parts.size();
  if (size >= 2 && (parts[0] == "services" || parts[0] == "endpoints" || parts[0] == "api")) return parts[1];
  if (size >= 3 && parts[0] == "v2" && parts[1] == "models") return parts[2];
  if (size >= 4 && parts[0] == "v2" && parts[1] == "repository" && parts[2] == "models") return parts[3];
  return {};
}

Need need_of(const net::HttpRequest& head) {
  const auto parts = path_parts(auth::split_target(head.target).path);
  const bool is_get = head.method == "GET" || head.method == "HEAD";
  Need need{.is_open = is_get && is_one_of_health(parts),
            .action = access::Action::deploy,
            .service = service_of(parts),
            .is_of_first = parts.size() == 1 && is_word_of_scoring(parts[0]),
            .is_list = is_get && is_list(parts)};
  need.may_be_passed_on = !need.is_open && !(is_get && is_own(parts));
  if (is_get) need.action = access::Action::read;
  const bool is_below_service = parts.size() >= 3 && parts[0] == "services";
  if (is_below_service || (head.method == "POST" && is_scoring_path(parts))) need.action = access::Action::score;
  return need;
}

Need need_in(const Catalog& catalog, const net::HttpRequest& head) {
  Need need = need_of(head);
  if (!need.is_of_first && !need.may_be_passed_on) return need;
  const auto all = catalog.services();
  if (all->empty()) return need;
  const Service& first = all->front();
  const bool is_anothers =
      !need.service.empty() && need.service != first.name && find_service(*all, need.service) != nullptr;
  if (is_anothers) return need;
  if (need.may_be_passed_on && takes_requests(first))
    return {.action = access::Action::score, .service = first.name, .is_of_first = true};
  if (need.is_of_first) need.service = first.name;
  return need;
}

access::Admission ask(access::Access& access, const Catalog& catalog, const net::HttpRequest& request,
                      const Need& need) {
  if (need.is_list) return admit_to_list(access, catalog, access.identify(request));
  return access.admit(request, need.action, need.service);
}

void ask_later(access::Access& access, const Catalog& catalog, const net::HttpRequest& request, const Need& need,
               std::function<void(access::Admission)> then) {
  if (!need.is_list) return access.admit_later(request, need.action, need.service, std::move(then));
  access.identify_later(request, [&access, &catalog, then = std::move(then)](access::Identified later) {
    then(admit_to_list(access, catalog, std::move(later)));
  });
}

std::optional<net::HttpReply> refuse_early(access::Access& access, const Catalog& catalog,
                                           const net::HttpRequest& head) {
  if (const auto text = head.header("Content-Length")) {
    std::uint64_t length = 0;
    const auto read = std::from_chars(text->data(), text->data() + text->size(), length);
    // Sent already, most likely: not worth a second look. Who expects 100 has not begun, and what is compressed grows as it comes.
    const bool is_small = read.ec == std::errc{} && length <= kSmallBody;
    if (is_small && !head.header("Expect") && !head.header("Content-Encoding")) return std::nullopt;
  } else if (!head.header("Transfer-Encoding")) {
    return std::nullopt;
  }
  const Need need = need_in(catalog, head);
  if (need.is_open || need.is_list || access::Access::is_own_path(head.target)) return std::nullopt;
  const auto identified = access.identify(head);
  if (identified.is_pending()) return std::nullopt;
  if (identified.refusal) return access::reply_of(*identified.refusal);
  if (identified.caller->may(need.action, need.service)) return std::nullopt;
  return access::reply_of({.reason = access::Reason::forbidden});
}

}  // namespace scoria::serve
