// What administrators do with an access folder: users, keys, signing keys. Commands do it on the folder, a server for REST; each change is audited.
// Threads and processes: any number at once.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "access/folder.h"
#include "base/clock.h"
#include "base/result.h"

namespace scoria::access {

// Who does it, for the audit log, and when.
struct Doing {
  std::string by;
  WallTime now;
};

// Errors: invalid (the name; a password of less than 8 characters), conflict (the name is taken), exhausted (10,000 are all that there may be).
Status add_user(const Folder& folder, const std::string& name, std::string_view password, const Rights& rights,
                const Doing& doing);
// Their tokens are dead from then on. Errors: not_found.
Status remove_user(const Folder& folder, const std::string& name, const Doing& doing);
// So are they of a changed password. Errors: not_found, invalid.
Status set_password(const Folder& folder, const std::string& name, std::string_view password, const Doing& doing);
// In the place of what they had; tokens get them at once. Errors: not_found.
Status set_rights(const Folder& folder, const std::string& name, const Rights& rights, const Doing& doing);

// Lines of htpasswd (NAME:HASH, of bcrypt), who get `rights`; those who are there keep theirs and get the password. How many came.
// Errors: invalid, naming the line: then none came.
Result<std::size_t> import_htpasswd(const Folder& folder, std::string_view text, const Rights& rights,
                                    const Doing& doing);

// The key, which nobody can be shown again. Errors: invalid (the name: 1 to 64 bytes; it would have expired already), exhausted.
struct NewKey {
  ApiKey record;
  std::string text;  // "sck_..."
};
Result<NewKey> create_key(const Folder& folder, const std::string& name, const Rights& rights,
                          std::optional<WallTime> expires, const Doing& doing);
// Errors: not_found.
Status revoke_key(const Folder& folder, const std::string& id, const Doing& doing);

// New keys sign from now on; tokens of the ones before stay good, those of the ones before them do not.
Status rotate_signing_keys(const Folder& folder, const Doing& doing);

// Lists for people: no hashes. [{"name", "role", "grants", "created"}], [{"id", "name", ..., "lastUsed"}]
Result<Json> shown_users(const Folder& folder);
Result<Json> shown_keys(const Folder& folder);

inline constexpr std::string_view kKeyPrefix = "sck_", kRefreshPrefix = "srt_";

}  // namespace scoria::access
