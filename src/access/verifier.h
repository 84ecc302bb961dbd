// From a credential to the caller it belongs to, by what an access folder says: users, keys, signing keys, logins, identity providers.
// Threads: any number at once. look() reads the disk where a file changed; the rest works in memory, but is_right_password(), which is slow on purpose.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "access/caller.h"
#include "access/folder.h"
#include "access/oidc.h"
#include "access/refusal.h"
#include "access/sessions.h"
#include "auth/jwt.h"

namespace scoria::access {

struct Verified {
  CallerPtr caller;
  WallTime until;  // when it must be verified again
};
using Verification = std::variant<Verified, Refusal>;

class Verifier {
 public:
  // `limit`: of each caller's requests; none where per_second is 0.
  static Result<std::unique_ptr<Verifier>> open(Folder folder, Rate limit);

  const Folder& folder() const { return folder_; }
  Sessions& sessions() { return sessions_; }

  // Reads what other processes changed. What cannot be read stays as it was, and is logged, once.
  void look();
  // Changes with each change of users, keys or providers: what was verified under another must be verified again.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  // A token of ours or of a provider, or a key ("sck_...").
  Verification verify_bearer(std::string_view token, Now now);
  Verification verify_password(const std::string& user, std::string_view password, Now now);

  // The claims and signature of a login's access token, by the newest key.
  struct AccessToken {
    std::string text;
    std::int64_t expires_in, expires_on;  // seconds; since 1970
  };
  Result<AccessToken> make_token(const Session& session, WallTime now) const;
  bool signs_rs256_by_default() const;
  bool has_user(const std::string& name) const;
  std::string jwks() const;

  // When keys were used, to the disk; cheap where none was.
  void save_uses();

 private:
  struct Picture {
    std::unordered_map<std::string, User> users;
    std::unordered_map<std::string, ApiKey> keys;
    std::vector<auth::JwtKey> signing;  // the newest last
    Settings settings;
  };
  Verifier(Folder folder, Rate limit);
  std::shared_ptr<const Picture> picture() const;
  Status read_changed(bool is_first);
  Result<Picture> read_picture() const;
  Verification verify_key(std::string_view text, Now now);
  Verification verify_own_token(std::string_view token, Now now);
  Verification verify_foreign_token(std::string_view token, const auth::JwtGlance& glance, Now now);
  std::shared_ptr<Bucket> bucket_of(const std::string& name, SteadyTime now);
  std::shared_ptr<std::atomic<std::int64_t>> use_of(const std::string& key);

  Folder folder_;
  Rate limit_;
  Sessions sessions_;
  Oidc oidc_;
  std::atomic<std::uint64_t> generation_{1};

  std::mutex look_mutex_;
  std::vector<Folder::Stamp> stamps_;  // guarded by look_mutex_; of the files but sessions
  std::string last_trouble_;           // guarded by look_mutex_

  mutable std::mutex picture_mutex_;
  std::shared_ptr<const Picture> picture_;  // guarded by picture_mutex_

  std::mutex callers_mutex_;
  std::unordered_map<std::string, std::shared_ptr<Bucket>> buckets_;                  // guarded by callers_mutex_
  std::unordered_map<std::string, std::shared_ptr<std::atomic<std::int64_t>>> uses_;  // guarded by callers_mutex_
  std::unordered_map<std::string, std::int64_t> saved_uses_;                          // guarded by callers_mutex_
};

}  // namespace scoria::access
