#include "server/blob/late_user.h"

namespace scoria::server::storage {

std::shared_ptr<LateUser> LateUser::begin(access::Access& users, const net::HttpRequest& head) {
  std::shared_ptr<LateUser> user(new LateUser);
  users.identify_later(head, [user](access::Identified found) { user->tell(std::move(found)); });
  return user;
}

std::optional<access::Identified> LateUser::known() const {
  const std::lock_guard lock(mutex_);
  return user_;
}

void LateUser::when_known(std::function<void(access::Identified)> then) {
  {
    const std::lock_guard lock(mutex_);
    if (!user_) {
      then_ = std::move(then);
      return;
    }
  }
  then(*user_);  // set once, and never changed after
}

void LateUser::tell(access::Identified user) {
  std::function<void(access::Identified)> then;
  {
    const std::lock_guard lock(mutex_);
    user_ = user;
    then = std::move(then_);
  }
  if (then) then(std::move(user));
}

}  // namespace scoria::server::storage
