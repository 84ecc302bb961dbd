#include "access/login.h"

#include "access/audit.h"
#include "auth/target.h"
#include "base/log.h"

namespace scoria::access {
namespace {

constexpr std::size_t kMostLoginBody = 16u << 10;

net::HttpReply login_reply(int status, std::string body, const char* type = "application/json") {
  return {.status = status,
          .headers = {{"Content-Type", type}, {"Cache-Control", "no-store"}},
          .body = std::move(body),
          .file = {},
          .source = {},
          .head_length = {}};
}

net::HttpReply bad_login(int status, const std::string& why) {
  const Json body{{"type", "about:blank"},
                  {"title", status == 405 ? "Method not allowed" : "Bad input"},
                  {"status", status},
                  {"detail", why}};
  return login_reply(status, body.dump(), "application/problem+json");
}

// The texts of a JSON object under two names; none where it has not both.
std::optional<std::string> text_of_body(const Json& body, const char* name) {
  const auto found = body.find(name);
  if (found == body.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::string_view path_of_target(const net::HttpRequest& request) {
  return std::string_view(request.target).substr(0, request.target.find('?'));
}

}  // namespace

bool Login::is_own_path(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  return path == "/login" || path == "/login/refreshToken" || path == "/.well-known/jwks.json";
}

net::HttpReply Login::refuse(Refusal refusal) {
  refusals_.add(refusal.reason);
  return reply_of(refusal);
}

net::HttpReply Login::fail(const Error& error) {
  log::error("login_failed", {{"error", error.message}});
  return refuse({.reason = Reason::failed});
}

void Login::handle(net::HttpRequest request, net::Responder responder) {
  const std::string path(path_of_target(request));
  if (path == "/.well-known/jwks.json") {
    if (request.method != "GET" && request.method != "HEAD")
      return responder.send(bad_login(405, "this path is for GET"));
    auto reply = login_reply(200, verifier_.jwks());
    reply.headers.back().second = "max-age=300";
    return responder.send(std::move(reply));
  }
  const bool is_post = request.method == "POST", is_out = request.method == "DELETE" && path != "/login";
  if (!is_post && !is_out)
    return responder.send(bad_login(405, "this path is for POST" + std::string(path == "/login" ? "" : " and DELETE")));
  if (verifier_.folder().is_read_only()) return responder.send(refuse({.reason = Reason::no_logins}));
  if (!is_safe(request, proxy_)) return responder.send(refuse({.reason = Reason::insecure}));
  if (request.body.size() > kMostLoginBody) return responder.send(bad_login(413, "the body is larger than 16 KiB"));
  struct Work {
    net::HttpRequest request;
    net::Responder responder;
  };
  const auto work = std::make_shared<Work>(Work{std::move(request), std::move(responder)});
  const bool is_taken = pool_.add([this, work, path, is_out] {
    const std::string address = client_address(work->request, proxy_);
    work->responder.send(is_out             ? log_out(work->request, address)
                         : path == "/login" ? log_in(work->request, address)
                                            : refresh(work->request, address));
  });
  if (!is_taken) work->responder.send(refuse({.reason = Reason::busy, .retry_after = std::chrono::seconds(1)}));
}

Verification Login::check_password(const std::string& user, std::string_view password, const std::string& address) {
  Now now = clock_.now();
  if (const auto wait = guard_.begin(user, address, now.steady))
    return Refusal{.reason = Reason::locked_out, .retry_after = *wait};
  auto outcome = verifier_.verify_password(user, password, now);
  now = clock_.now();
  const auto& folder = verifier_.folder().path();
  if (std::holds_alternative<Verified>(outcome)) {
    guard_.succeeded(user, address);
    write_audit(folder, "login", {{"user", user}, {"peer", address}}, now.wall);
    return outcome;
  }
  const bool is_locked = guard_.failed(user, address, now.steady);
  write_audit(folder, is_locked ? "login_locked_out" : "login_failed", {{"user", user}, {"peer", address}}, now.wall);
  return outcome;
}

net::HttpReply Login::tokens(const Sessions::Pair& pair) {
  const auto token = verifier_.make_token(pair.session, clock_.now().wall);
  if (!token.ok()) {
    if (token.error().code == Code::denied) return refuse({.reason = Reason::revoked});
    return fail(token.error());
  }
  const Json body{{"token_type", "Bearer"},
                  {"access_token", token.value().text},
                  {"expires_in", token.value().expires_in},
                  {"expires_on", token.value().expires_on},
                  {"refresh_token", pair.refresh_token}};
  return login_reply(200, body.dump());
}

net::HttpReply Login::log_in(const net::HttpRequest& request, const std::string& address) {
  const Json body = Json::parse(request.body, nullptr, /*allow_exceptions=*/false);
  const auto user = body.is_object() ? text_of_body(body, "username") : std::nullopt;
  const auto password = body.is_object() ? text_of_body(body, "password") : std::nullopt;
  if (!user || !password || !is_user_name(*user))
    return bad_login(400, "the body must be {\"username\": \"...\", \"password\": \"...\"}");
  bool is_rs256 = verifier_.signs_rs256_by_default();
  if (body.contains("algorithm")) {
    const auto algorithm = text_of_body(body, "algorithm");
    if (algorithm != "ES256" && algorithm != "RS256") return bad_login(400, "algorithm must be ES256 or RS256");
    is_rs256 = algorithm == "RS256";
  }
  auto checked = check_password(*user, *password, address);
  if (auto* refusal = std::get_if<Refusal>(&checked)) return refuse(*refusal);
  const auto pair = verifier_.sessions().begin(*user, is_rs256, clock_.now().wall);
  if (!pair.ok()) return fail(pair.error());
  return tokens(pair.value());
}

net::HttpReply Login::refresh(const net::HttpRequest& request, const std::string& address) {
  const Json body = Json::parse(request.body, nullptr, /*allow_exceptions=*/false);
  const auto token = body.is_object() ? text_of_body(body, "refreshToken") : std::nullopt;
  if (!token) return bad_login(400, "the body must be {\"refreshToken\": \"...\"}");
  // Guesses are counted as those of passwords are; there is no such user.
  const std::string nobody = "refresh token";
  const Now now = clock_.now();
  if (const auto wait = guard_.begin(nobody, address, now.steady))
    return refuse({.reason = Reason::locked_out, .retry_after = *wait});
  std::string ended;
  const auto pair = verifier_.sessions().refresh(*token, now.wall, &ended);
  if (pair.ok()) {
    guard_.succeeded(nobody, address);
    write_audit(verifier_.folder().path(), "token_refreshed", {{"user", pair.value().session.user}, {"peer", address}},
                now.wall);
    return tokens(pair.value());
  }
  if (pair.error().code != Code::denied && pair.error().code != Code::conflict) return fail(pair.error());
  if (pair.error().code == Code::conflict)
    write_audit(verifier_.folder().path(), "refresh_reused", {{"user", ended}, {"peer", address}}, now.wall);
  (void)guard_.failed(nobody, address, now.steady);  // a lock-out of guesses is nobody's news
  return refuse({.reason = Reason::bad_refresh_token});
}

net::HttpReply Login::log_out(const net::HttpRequest& request, const std::string& address) {
  const auto target = auth::split_target(request.target);
  const auto token = target.parameter("refreshToken");
  if (!token) return bad_login(400, "the query must be refreshToken=...");
  const WallTime now = clock_.now().wall;
  const auto user = verifier_.sessions().end(*token, now);
  if (user.ok()) {
    write_audit(verifier_.folder().path(), "logout", {{"user", user.value()}, {"peer", address}}, now);
    return login_reply(200, "{}");
  }
  if (user.error().code != Code::denied) return fail(user.error());
  return refuse({.reason = Reason::bad_refresh_token});
}

}  // namespace scoria::access
