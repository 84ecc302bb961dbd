// A person's connection to a server: which one, with whose key, and requests of its REST API signed with it.
//
//   SCORIA_TRY(server, Connection::open({.data = "/var/lib/scoria"}));
//   SCORIA_TRY(pools, server.list("/pools"));
//
// Source: Azure Batch REST API; blobs in path style on the same address. Threads: one call at a time.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/shared_key.h"
#include "base/result.h"
#include "net/http_connection.h"
#include "spec/json.h"

namespace scoria::cli {

using spec::Json;

// How a command says which server it means. Looked at in this order: --server (with a user's key or token from SCORIA_TOKEN, or the account's from
// SCORIA_ACCOUNT and SCORIA_KEY), --profile (a file that `scoria account show --json` printed, in ~/.config/scoria/profiles), --data, SCORIA_SERVER, SCORIA_PROFILE, SCORIA_DATA,
// and last the folder that `scoria server` uses by default.
struct ServerChoice {
  std::string server;   // URL
  std::string profile;  // name, or a path with a slash
  std::string data;     // a server's folder on this machine
};

using Query = std::vector<std::pair<std::string, std::string>>;

// What a server answered, whatever its status.
struct Answer {
  int status = 0;
  net::Headers headers;
  std::string body;
};

class Connection {
 public:
  // Errors: not_found (no server runs on that folder; no such profile), denied (the key's file), invalid.
  // `patience`: without a byte from the server.
  static Result<Connection> open(const ServerChoice& choice,
                                 std::chrono::milliseconds patience = std::chrono::seconds(60));

  const std::string& url() const { return url_; }
  const auth::AccountKey& account() const { return account_; }

  // Requests of the batch API, with its api-version. A status other than 2xx is an Error with the server's code and words.
  Result<Json> get(std::string_view path, Query query = {});
  Result<Answer> send(std::string_view method, std::string_view path, const Json& body = nullptr, Query query = {});
  // Every page of a list. `limit` 0: all of it.
  Result<std::vector<Json>> list(std::string_view path, const Query& query = {}, std::size_t limit = 0);
  // A file's bytes from `offset`, which may be the end: then nothing comes. Errors also: not_found.
  Result<std::string> read_file(std::string_view path, std::uint64_t offset);
  // The same into a sink, as it arrives.
  Status download(std::string_view path, net::BodySink& sink);
  bool exists(std::string_view path);

  // Requests of the blob API: "/container/name?query". The same of errors.
  Result<Answer> blob(std::string_view method, std::string_view target, net::Headers headers = {},
                      std::string body = {});
  Status put_blob_file(const std::string& container, const std::string& name, const std::filesystem::path& file);
  Status get_blob_file(const std::string& container, const std::string& name, const std::filesystem::path& file);
  // Names and sizes below a prefix, all pages.
  Result<std::vector<std::pair<std::string, std::uint64_t>>> list_blobs(const std::string& container,
                                                                        const std::string& prefix);
  // A URL of a container by which `permissions` ("r", "rwl", ...) are had without a key: for seven days, or (a schedule's) ten years.
  std::string container_url(const std::string& container, std::string_view permissions, bool is_short = true) const;

 private:
  Connection(std::string url, std::string blob_url, auth::AccountKey account, std::string token, std::string ca_file,
             std::chrono::milliseconds patience);
  Result<net::ClientReply> exchange(auth::Service service, net::ClientRequest request);

  std::string url_;
  std::string blob_url_;  // as nodes reach it: https://account.blob...
  auth::AccountKey account_;
  std::string token_;  // empty: the account's key signs
  std::unique_ptr<net::HttpConnection> http_;
};

// Where a server on this machine keeps its data unless it is told otherwise: $XDG_DATA_HOME/scoria, ~/.local/share/scoria.
std::filesystem::path default_data_folder();

}  // namespace scoria::cli
