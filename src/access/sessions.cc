#include "access/sessions.h"

#include <algorithm>

#include "access/accounts.h"
#include "auth/shared_key.h"
#include "auth/tokens.h"

namespace scoria::access {
namespace {

constexpr std::chrono::hours kRefreshLife{14 * 24}, kLoginLife{90 * 24};
constexpr std::size_t kMostSessions = 10'000, kMostSessionsOfUser = 200, kHandle = 22;

Error no_refresh_token() { return Error{Code::denied, "the refresh token is not good, or not any more"}; }

std::string random_id() { return auth::random_token().substr(0, kHandle); }

// The refresh token "srt_HANDLE.SECRET" with its handle.
std::optional<std::string> handle_of(std::string_view token) {
  if (!token.starts_with(kRefreshPrefix) || token.size() > 200) return std::nullopt;
  token.remove_prefix(kRefreshPrefix.size());
  if (token.size() <= kHandle || token[kHandle] != '.') return std::nullopt;
  return std::string(token.substr(0, kHandle));
}

// A fresh pair of tokens for a login.
std::string renew(Session& session, WallTime now) {
  std::string token = std::string(kRefreshPrefix) + session.handle + "." + auth::random_token();
  session.hash = auth::hash_token(token);
  session.token_id = random_id();
  session.expires = std::min<WallTime>(now + kRefreshLife, session.created + kLoginLife);
  return token;
}

// Room for one more login of the user.
void make_room(std::vector<Session>& sessions, const std::string& user) {
  // They stand in the order of their beginning.
  const auto drop_first = [&sessions](auto is_it) {
    const auto found = std::ranges::find_if(sessions, is_it);
    if (found != sessions.end()) sessions.erase(found);
  };
  const auto is_users = [&user](const Session& session) { return session.user == user; };
  if (static_cast<std::size_t>(std::ranges::count_if(sessions, is_users)) >= kMostSessionsOfUser) drop_first(is_users);
  if (sessions.size() >= kMostSessions) drop_first([](const Session&) { return true; });
}

}  // namespace

Status Sessions::look() {
  const std::lock_guard lock(reload_mutex_);
  if (folder_.stamp(kSessionsFile) == stamp_) return Ok{};
  return reload();
}

Status Sessions::reload() {
  // Taken before it is read: what is written in between is read twice, not never.
  const auto stamp = folder_.stamp(kSessionsFile);
  SCORIA_TRY(sessions, folder_.sessions());
  stamp_ = stamp;
  std::unordered_map<std::string, Live> live;
  const std::lock_guard lock(live_mutex_);
  for (const Session& session : sessions) {
    const auto found = live_.find(session.id);
    if (found != live_.end() && found->second.token_id == session.token_id) {
      live.emplace(session.id, std::move(found->second));
      live_.erase(found);
    } else {
      live.emplace(session.id, Live{session.token_id, std::make_shared<std::atomic<bool>>(true)});
    }
  }
  for (const auto& [id, gone] : live_) gone.flag->store(false, std::memory_order_release);
  live_ = std::move(live);
  return Ok{};
}

std::shared_ptr<const std::atomic<bool>> Sessions::live(const std::string& session, const std::string& token_id) const {
  const std::lock_guard lock(live_mutex_);
  const auto found = live_.find(session);
  if (found == live_.end() || found->second.token_id != token_id) return nullptr;
  return found->second.flag;
}

Status Sessions::change(const std::function<Status(std::vector<Session>&)>& change, WallTime now) {
  SCORIA_TRY_STATUS(folder_.change_sessions([&](std::vector<Session>& sessions) -> Status {
    std::erase_if(sessions, [now](const Session& session) { return session.expires <= now; });
    return change(sessions);
  }));
  const std::lock_guard lock(reload_mutex_);
  return reload();
}

Result<Sessions::Pair> Sessions::begin(const std::string& user, bool is_rs256, WallTime now) {
  Pair pair{.session = {.id = random_id(), .handle = random_id(), .user = user, .is_rs256 = is_rs256, .created = now},
            .refresh_token = {}};
  pair.refresh_token = renew(pair.session, now);
  SCORIA_TRY_STATUS(change(
      [&](std::vector<Session>& sessions) -> Status {
        make_room(sessions, user);
        sessions.push_back(pair.session);
        return Ok{};
      },
      now));
  return pair;
}

Result<Sessions::Pair> Sessions::refresh(std::string_view token, WallTime now, std::string* ended) {
  const auto handle = handle_of(token);
  if (!handle) return no_refresh_token();
  Pair pair;
  bool is_reused = false;
  SCORIA_TRY_STATUS(change(
      [&](std::vector<Session>& sessions) -> Status {
        const auto found = std::ranges::find(sessions, *handle, &Session::handle);
        if (found == sessions.end()) return no_refresh_token();
        if (!auth::equal_in_constant_time(found->hash, auth::hash_token(token))) {
          is_reused = true;
          *ended = found->user;
          sessions.erase(found);
          return Ok{};
        }
        pair.refresh_token = renew(*found, now);
        pair.session = *found;
        return Ok{};
      },
      now));
  if (is_reused) return Error{Code::conflict, "the refresh token was used before: log in again"};
  return pair;
}

Result<std::string> Sessions::end(std::string_view token, WallTime now) {
  const auto handle = handle_of(token);
  if (!handle) return no_refresh_token();
  std::string user;
  SCORIA_TRY_STATUS(change(
      [&](std::vector<Session>& sessions) -> Status {
        const auto found = std::ranges::find(sessions, *handle, &Session::handle);
        if (found == sessions.end() || !auth::equal_in_constant_time(found->hash, auth::hash_token(token)))
          return no_refresh_token();
        user = found->user;
        sessions.erase(found);
        return Ok{};
      },
      now));
  return user;
}

}  // namespace scoria::access
