// The whole server: state, storage, nodes and listeners, from start to a clean stop.
//
// A data folder holds: version.json (data_version.h), account.json (0600), token.key and secrets.key (0600), tls/ (ca.pem for clients), state/ (SQLite), blobs/, nodes/
// (root folders of local nodes), services/, agents/, trash/, server.json ({httpUrl, httpsUrl, blobUrl, pid} of the server that runs on it, or ran last).
// Threads: run_server() returns when it is told to stop. Borrows: everything given.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/executor.h"
#include "base/result.h"
#include "server/config.h"

namespace scoria::server {

struct ServerOptions {
  std::filesystem::path data;
  ServerConfig config;
  // The program that is started as `PROGRAM node ...` for each local node; empty: the local pool has no nodes (tests join their own).
  std::filesystem::path program;
  Executor* executor = nullptr;  // for large requests of services; null: each on its own thread
  // Told once it serves.
  std::function<void(const std::string& http_url, const std::string& https_url)> on_ready;
  // Asked from time to time: whether the certificate is to be read anew, changed or not. Empty: never.
  std::function<bool()> is_told_to_look;
  std::chrono::milliseconds drain_patience{10'000};
};

// Errors, each naming what: conflict (the port or the data folder is in use), unsupported (a folder of a newer version), denied, corrupt,
// invalid (an address; plain HTTP beyond this machine), unavailable.
Status run_server(const ServerOptions& options, const Clock& clock, const std::stop_token& stop);

// {accountName, accountKey, batchUrl, blobUrl, caFile} of a data folder, as JSON text. Errors: not_found: no server ever ran there.
Result<std::string> account_json(const std::filesystem::path& data);

}  // namespace scoria::server
