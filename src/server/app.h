// What the handlers of the REST surface work on: one of each for the life of a server.
// Threads: handlers run on several threads; everything here is made for that or immutable. Borrows: all of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "access/access.h"
#include "auth/shared_key.h"
#include "base/clock.h"
#include "batch/service.h"
#include "blob/blob_store.h"
#include "server/config.h"
#include "store/store.h"

namespace scoria::server {

class Backups;
class FileRelay;
class Secrets;
class Services;
class Webhooks;

// What retention deleted since the start.
struct RetentionTotals {
  std::atomic<std::uint64_t> jobs = 0, blobs = 0, blob_bytes = 0;
};

struct App {
  const ServerConfig& config;
  const auth::AccountKey& account;
  const Clock& clock;
  const store::Store& store;
  batch::Service& service;
  blob::BlobStore& blobs;
  FileRelay& relay;
  Secrets& secrets;
  Webhooks& webhooks;
  Backups& backups;
  Services& services;
  std::filesystem::path nodes_folder;  // DATA/nodes: local nodes' root folders, POOL/NODE
  std::string token_key;               // signs tokens of jobs
  std::string account_url;             // what nodes and tasks call us by; answers use the request's own Host
  std::string https_url = {};          // this machine's own name for the HTTPS listener; empty: there is none
  RetentionTotals retained = {};
  access::Access* access = nullptr;  // users; null: there are none
  access::ProxyRules proxies = {};   // whose word on clients is taken
};

}  // namespace scoria::server
