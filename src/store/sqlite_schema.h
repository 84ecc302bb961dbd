// The tables of the store's database, by version: each step of kMigrations leads from one version to the next.
// Threads: free functions.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "store/sqlite_connection.h"

namespace scoria::store {

// Of PRAGMA application_id: whose database it is.
inline constexpr std::int64_t kApplicationId = 0x53436F72;  // "SCor"

// Brings a database of any older version, or an empty one, to the newest, in one transaction. Errors: unsupported (a newer one, or
// another program's); the connection's.
Status migrate(SqliteConnection& connection, const std::string& name);

}  // namespace scoria::store
