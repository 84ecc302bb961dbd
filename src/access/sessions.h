// Logins: an access token and a refresh token each, which replace each other until the login ends.
//
// A refresh token is good once, for 14 days, and for 90 days from the login at most. One that comes a second time was stolen, by the first who used
// it or by the second: the login ends, with all its tokens. An access token is good as long as its login is there and it is that login's newest.
// Source: RFC 9700 section 4.14. Threads: any number at once; begin(), refresh() and end() write to the disk.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "access/folder.h"
#include "base/clock.h"
#include "base/result.h"

namespace scoria::access {

class Sessions {
 public:
  explicit Sessions(const Folder& folder) : folder_(folder) {}

  // Reads them anew if another process wrote them. Errors: as Folder.
  Status look();

  // A flag that falls when the token dies before its time; null: it is dead.
  std::shared_ptr<const std::atomic<bool>> live(const std::string& session, const std::string& token_id) const;

  struct Pair {
    Session session;
    std::string refresh_token;
  };
  Result<Pair> begin(const std::string& user, bool is_rs256, WallTime now);
  // Errors: denied (no such token, or one whose time is over); conflict (it was used before; the login was ended). `ended`: whose, then.
  Result<Pair> refresh(std::string_view token, WallTime now, std::string* ended);
  // Whose login it was. Errors: denied.
  Result<std::string> end(std::string_view token, WallTime now);

 private:
  struct Live {
    std::string token_id;
    std::shared_ptr<std::atomic<bool>> flag;
  };
  Status change(const std::function<Status(std::vector<Session>&)>& change, WallTime now);
  Status reload();

  const Folder& folder_;
  std::mutex reload_mutex_;  // order: reload_mutex_, then live_mutex_
  Folder::Stamp stamp_{};    // guarded by reload_mutex_
  mutable std::mutex live_mutex_;
  std::unordered_map<std::string, Live> live_;  // guarded by live_mutex_; by session
};

}  // namespace scoria::access
