// Files of nodes by pool and node, wherever the node is: straight from the folder of one that runs on this machine, through the relay from
// any other. Threads: all functions may be called from several threads at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "net/http.h"
#include "node/node_files.h"
#include "server/app.h"

namespace scoria::server {

// DATA/nodes/POOL/NODE, in lower case.
std::filesystem::path local_node_folder(const std::filesystem::path& nodes_folder, std::string_view pool,
                                        std::string_view node);

class NodeFolder {
 public:
  NodeFolder(App& app, std::string pool, std::string node);

  using Listed = std::function<void(Result<std::vector<node::FileFacts>>)>;
  using Found = std::function<void(Result<node::FileFacts>)>;
  using Removed = std::function<void(Status)>;
  // What a body is sent from: one of the two.
  struct Bytes {
    std::optional<net::FilePart> file;
    std::unique_ptr<net::BodySource> source;
  };

  // Each answer comes once, now or from another thread. Errors: FileNotFound, the node's, OperationTimedOut.
  void list(const std::string& path, bool is_recursive, Listed done) const;
  void properties(const std::string& path, Found done) const;
  void remove(const std::string& path, bool is_recursive, Removed done) const;
  // Of a file that properties() found. Errors: FileNotFound.
  Result<Bytes> read(const std::string& path, std::uint64_t offset, std::uint64_t length) const;

 private:
  void ask(std::string action, const std::string& path, std::function<void(Result<std::string>)> done) const;

  App& app_;
  std::string pool_, node_;
  std::optional<node::NodeFiles> local_;
};

}  // namespace scoria::server
