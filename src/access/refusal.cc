#include "access/refusal.h"

#include <nlohmann/json.hpp>

namespace scoria::access {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Reason::count)> kReasonNames = {
    "no_credential",  "malformed", "unknown_key",  "bad_signature",     "expired",  "wrong_issuer",
    "wrong_audience", "revoked",   "bad_password", "bad_refresh_token", "insecure", "locked_out",
    "rate_limited",   "busy",      "no_keys",      "forbidden",         "failed",   "no_logins"};

}  // namespace

int status_of(const Refusal& refusal) {
  switch (refusal.reason) {
    case Reason::forbidden:
    case Reason::insecure: return 403;
    case Reason::locked_out:
    case Reason::rate_limited: return 429;
    case Reason::busy:
    case Reason::no_keys:
    case Reason::failed: return 503;
    case Reason::no_logins: return 501;
    default: return 401;
  }
}

std::string_view words_of(const Refusal& refusal) {
  switch (refusal.reason) {
    case Reason::no_credential: return "the request needs a token, a key or a password";
    case Reason::malformed:
      return "the credential is none of a kind that is known here: 'Authorization: Bearer' with a token or a key, or "
             "'Basic' "
             "by https; signatures, as AWS' clients send them, are not";
    case Reason::insecure: return "passwords are taken by https alone";
    case Reason::forbidden: return "the caller's role does not allow this";
    case Reason::locked_out: return "too many attempts; wait as long as Retry-After says";
    case Reason::rate_limited: return "more requests than the caller may send; wait as long as Retry-After says";
    case Reason::busy: return "too many log in at this moment";
    case Reason::no_keys: return "the identity provider's keys have not come yet";
    case Reason::failed: return "the users' folder cannot be read or written; the server's log says more";
    case Reason::no_logins:
      return "nobody can log in, as the users' folder is read-only here: send a key, or the password with each request";
    default: return "the credentials are not good, or not any more";
  }
}

net::HttpReply reply_of(const Refusal& refusal) {
  const int status = status_of(refusal);
  const char* title = status == 401   ? "Not authenticated"
                      : status == 403 ? "Not allowed"
                      : status == 429 ? "Too many requests"
                      : status == 501 ? "Not implemented"
                                      : "Not available";
  const nlohmann::ordered_json body{{"type", "about:blank"},
                                    {"title", title},
                                    {"status", status},
                                    {"detail", words_of(refusal)},
                                    {"message", words_of(refusal)}};  // where MLflow's and AWS' clients look
  net::HttpReply reply{.status = status,
                       .headers = {{"Content-Type", "application/problem+json"}, {"Cache-Control", "no-store"}},
                       .body = body.dump(),
                       .file = {},
                       .source = {},
                       .head_length = {}};
  if (status == 401) {
    const bool is_first = refusal.reason == Reason::no_credential || refusal.reason == Reason::bad_password;
    reply.headers.emplace_back(
        "WWW-Authenticate", is_first ? "Bearer realm=\"scoria\"" : "Bearer realm=\"scoria\", error=\"invalid_token\"");
    if (refusal.offers_basic)
      reply.headers.emplace_back("WWW-Authenticate", "Basic realm=\"scoria\", charset=\"UTF-8\"");
  }
  if (status == 429 || status == 503) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(refusal.retry_after).count();
    reply.headers.emplace_back("Retry-After", std::to_string(std::max<std::int64_t>(1, seconds)));
  }
  return reply;
}

std::string RefusalCounts::metrics() const {
  std::string text =
      "# HELP serve_auth_failures_total Requests that were refused before they were looked at.\n"
      "# TYPE serve_auth_failures_total counter\n";
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    text += "serve_auth_failures_total{reason=\"" + std::string(kReasonNames[i]) + "\"} " +
            std::to_string(counts_[i].load(std::memory_order_relaxed)) + "\n";
  }
  return text;
}

}  // namespace scoria::access
