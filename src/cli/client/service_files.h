// The files of a version of a service on their way to a server: local ones are put into the container "services", below the service's name, by what they hold, others are named
// where they are.
// Threads: one call at a time. Borrows: the connection.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/client/connection.h"

namespace scoria::cli {

class ServiceFiles {
 public:
  ServiceFiles(Connection& server, std::string service) : server_(server), service_(std::move(service)) {}

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
  std::string service_;
  Json list_ = Json::array();
};

}  // namespace scoria::cli
