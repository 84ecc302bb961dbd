// Where this server's nodes come from: this machine ("local"), and machines that joined ("joined").
// Threads: as pool::Provider. Owns: the providers.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "pool/provider.h"
#include "server/config.h"
#include "server/trash.h"

namespace scoria::server {

struct ProviderOptions {
  std::filesystem::path program;  // empty: there is no local provider
  std::filesystem::path data;
  std::filesystem::path nodes_folder;
  std::string account;
  std::string account_url, blob_url;
  std::string version;  // of the program
  const ServerConfig& config;
};

class Providers {
 public:
  // Errors: denied, unavailable (folders).
  static Result<Providers> open(ProviderOptions options);

  // For batch::Service, which borrows them.
  std::map<std::string, pool::Provider*> by_name() const;
  // Local agents end; tasks run on under their keepers, and the next server's agents find them.
  void stop();

 private:
  std::filesystem::path agents_folder_;
  std::unique_ptr<Trash> trash_;  // before the providers, which put folders into it
  std::map<std::string, std::unique_ptr<pool::Provider>> providers_;
};

}  // namespace scoria::server
