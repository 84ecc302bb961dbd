// The files of a version of a service on their way to a server: local ones are put into the container "services" by what they hold, others are named
// where they are.
// Threads: one call at a time. Borrows: the connection.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/client/connection.h"

namespace scoria::cli {

class ServiceFiles {
 public:
  explicit ServiceFiles(Connection& server) : server_(server) {}

  // `place`: a local path, "blob:container/name#sha256=HEX" or "https://...#sha256=HEX". The file's path in the version, its name unless one is given.
  // Errors: the file's; invalid: a place elsewhere without its SHA-256.
  Result<std::string> add(const std::string& place, std::string path = {});
  // A local folder with all that is in it, below its own name; or a file.
  Status add_tree(const std::string& place);
  // All files that a path with {column} parts stands for, under their paths as they are.
  Status add_set(const std::string& path);

  // {"path", "blob" or "url", "sha256"} of each.
  const Json& list() const { return list_; }

 private:
  Status put(const std::string& file, const std::string& path);

  Connection& server_;
  Json list_ = Json::array();
  bool has_container_ = false;
};

}  // namespace scoria::cli
