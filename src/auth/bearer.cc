#include "auth/bearer.h"

#include <charconv>
#include <optional>

#include "auth/shared_key.h"
#include "base/iso8601.h"

namespace scoria::auth {
namespace {

constexpr std::size_t kMaxToken = 4096;

// A kind of token: what it begins with, and its purpose, which stands before the signed payload, so that no other text the key signs is one.
struct Form {
  std::string_view mark;
  std::string_view purpose;
};
constexpr Form kTask{"sct1.", "scoria task token\n"};
constexpr Form kAccount{"sca1.", "scoria account token\n"};

std::string signature(const Form& form, std::string_view key, std::string_view payload) {
  return hmac_sha256(key, std::string(form.purpose).append(payload));
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

std::int64_t seconds_of(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

std::string make(const Form& form, std::string_view key, std::string_view account, const std::string& payload) {
  SCORIA_CHECK(key.size() >= 32 && account.find('|') == std::string::npos);
  return std::string(form.mark) + base64url(payload) + "." + base64url(signature(form, key, payload));
}

// The payload of a token that this key signed.
Result<std::string> open(const Form& form, std::string_view key, std::string_view token) {
  if (token.size() > kMaxToken || !token.starts_with(form.mark)) return token_denied("is not one of this server's");
  token.remove_prefix(form.mark.size());
  const std::size_t dot = token.find('.');
  if (dot == std::string_view::npos) return token_denied("is not one of this server's");
  auto payload = from_base64url(token.substr(0, dot));
  const auto given = from_base64url(token.substr(dot + 1));
  if (!payload.ok() || !given.ok() || !equal_in_constant_time(signature(form, key, payload.value()), given.value())) {
    return token_denied("was not signed by this server");
  }
  return payload;
}

Status check_rest(std::string_view named, std::string_view account, WallTime expires, WallTime now) {
  if (named != account) return token_denied("is another account's");
  if (now >= expires) return token_denied("expired at " + format_http_time(expires));
  return Ok{};
}

}  // namespace

std::string make_task_token(std::string_view key, const TaskToken& token) {
  return make(kTask, key, token.account,
              token.account + "|" + std::to_string(token.job) + "|" + std::to_string(seconds_of(token.expires)) + "|" +
                  token.job_id);
}

Result<TaskToken> check_task_token(std::string_view key, std::string_view account, std::string_view token,
                                   WallTime now) {
  SCORIA_TRY(payload, open(kTask, key, token));
  std::string_view rest = payload;
  const auto name = take_field(rest);
  const auto job = take_field(rest);
  const auto expires = take_field(rest);
  TaskToken read;
  std::int64_t seconds = 0;
  if (!name || !job || !expires || !read_number(*job, read.job) || !read_number(*expires, seconds)) {
    return token_denied("is damaged");
  }
  read.account = *name;
  read.job_id = rest;
  read.expires = WallTime(std::chrono::seconds(seconds));
  SCORIA_TRY_STATUS(check_rest(read.account, account, read.expires, now));
  return read;
}

std::string make_account_token(std::string_view key, const AccountToken& token) {
  return make(kAccount, key, token.account,
              token.account + "|" + std::to_string(seconds_of(token.expires)) + "|" + token.principal);
}

bool is_account_token(std::string_view token) { return token.starts_with(kAccount.mark); }

Result<AccountToken> check_account_token(std::string_view key, std::string_view account, std::string_view token,
                                         WallTime now) {
  SCORIA_TRY(payload, open(kAccount, key, token));
  std::string_view rest = payload;
  const auto name = take_field(rest);
  const auto expires = take_field(rest);
  std::int64_t seconds = 0;
  if (!name || !expires || !read_number(*expires, seconds)) return token_denied("is damaged");
  const AccountToken read{std::string(*name), std::string(rest), WallTime(std::chrono::seconds(seconds))};
  SCORIA_TRY_STATUS(check_rest(read.account, account, read.expires, now));
  return read;
}

}  // namespace scoria::auth
