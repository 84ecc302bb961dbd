#include "auth/bearer.h"

#include <charconv>
#include <optional>

#include "auth/shared_key.h"
#include "base/iso8601.h"

namespace scoria::auth {
namespace {

constexpr std::string_view kForm = "sct1.";
constexpr std::size_t kMaxToken = 4096;

std::string signature(std::string_view key, std::string_view payload) {
  // The purpose stands before the payload, so that no other text the key signs is a token.
  return hmac_sha256(key, "scoria task token\n" + std::string(payload));
}

Error token_denied(std::string_view what) {
  return Error{Code::denied, "the bearer token " + std::string(what), "AuthenticationFailed"};
}

std::optional<std::string_view> take_field(std::string_view& payload) {
  const std::size_t bar = payload.find('|');
  if (bar == std::string_view::npos) return std::nullopt;
  const std::string_view field = payload.substr(0, bar);
  payload.remove_prefix(bar + 1);
  return field;
}

template <typename Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::string make_task_token(std::string_view key, const TaskToken& token) {
  SCORIA_CHECK(key.size() >= 32 && token.account.find('|') == std::string::npos);
  const auto expires = std::chrono::floor<std::chrono::seconds>(token.expires).time_since_epoch().count();
  const std::string payload =
      token.account + "|" + std::to_string(token.job) + "|" + std::to_string(expires) + "|" + token.job_id;
  return std::string(kForm) + base64url(payload) + "." + base64url(signature(key, payload));
}

Result<TaskToken> check_task_token(std::string_view key, std::string_view account, std::string_view token,
                                   WallTime now) {
  if (token.size() > kMaxToken || !token.starts_with(kForm)) return token_denied("is not one of this server's");
  token.remove_prefix(kForm.size());
  const std::size_t dot = token.find('.');
  if (dot == std::string_view::npos) return token_denied("is not one of this server's");
  const auto payload = from_base64url(token.substr(0, dot));
  const auto given = from_base64url(token.substr(dot + 1));
  if (!payload.ok() || !given.ok() || !equal_in_constant_time(signature(key, payload.value()), given.value())) {
    return token_denied("was not signed by this server");
  }
  std::string_view rest = payload.value();
  const auto name = take_field(rest);
  const auto job = take_field(rest);
  const auto expires = take_field(rest);
  TaskToken read;
  std::int64_t seconds = 0;
  if (!name || !job || !expires || !read_number(*job, read.job) || !read_number(*expires, seconds)) {
    return token_denied("is damaged");
  }
  if (*name != account) return token_denied("is another account's");
  read.account = *name;
  read.job_id = rest;
  read.expires = WallTime(std::chrono::seconds(seconds));
  if (now >= read.expires) return token_denied("expired at " + format_http_time(read.expires));
  return read;
}

}  // namespace scoria::auth
