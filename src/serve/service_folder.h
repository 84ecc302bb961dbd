// Services on disk: FOLDER/SERVICE/VERSION/ with manifest.json and the version's files, and FOLDER/SERVICE/traffic.json with the weights. A version is
// there whole or not at all, and never changes: it is one when it has its manifest, which comes last.
// Threads: one caller at a time. Owns: nothing but the path.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "serve/version_spec.h"

namespace scoria::serve {

struct StoredVersion {
  VersionSpec spec;         // with absolute paths
  nlohmann::json manifest;  // the settings, "files": [{"path", "sha256", "bytes"}], "model" and so on, "deployed"
};

struct UnreadVersion {
  std::string service, version;
  Error why;
};

using Weights = std::map<std::string, double>;  // by version

class ServiceFolder {
 public:
  // Makes it (0700); removes what a crash left half done, folders without a manifest among it. Errors: denied, unavailable.
  static Result<ServiceFolder> open(const std::filesystem::path& path);

  // All of them, by service and time. One that cannot be read is told to `failed` and left out.
  std::vector<StoredVersion> versions(std::vector<UnreadVersion>& failed) const;
  // Errors: not_found; corrupt, of its manifest.
  Result<StoredVersion> version(const std::string& service, const std::string& version) const;
  bool has(const std::string& service, const std::string& version) const;

  // A new folder for files. Errors: exhausted, unavailable.
  Result<std::filesystem::path> begin() const;
  // It becomes the version's, which can be tried there, but is none yet; its path. Errors: conflict: it is there already; exhausted, unavailable.
  Result<std::filesystem::path> place(const std::filesystem::path& scratch, const std::string& service,
                                      const std::string& version) const;
  // What was placed is a version, durably when this returns. Errors: exhausted, unavailable.
  Status publish(const std::string& service, const std::string& version, const nlohmann::json& manifest) const;
  // What was placed is gone.
  void withdraw(const std::string& service, const std::string& version) const;

  Weights weights(const std::string& service) const;  // empty: never set
  // Keeps what was there, for before(). Errors: exhausted, unavailable.
  Status set_weights(const std::string& service, const Weights& weights) const;
  // The weights before the last ones, or before those, of versions that are still there. Errors: not_found.
  Result<Weights> before(const std::string& service) const;

  Status remove(const std::string& service, const std::string& version) const;
  Status remove(const std::string& service) const;

 private:
  explicit ServiceFolder(std::filesystem::path path) : path_(std::move(path)) {}
  Status remove_path(const std::filesystem::path& path) const;
  std::filesystem::path path_;
};

// Of a manifest or a request: the settings, and of the files' paths those that play a part. Paths are below `folder`. Errors: invalid, naming the member.
Result<VersionSpec> read_manifest(const nlohmann::json& manifest, const std::filesystem::path& folder);

// A file's path in a version: relative, at most 100 characters, of parts without spaces that do not begin with a dot. Errors: invalid.
Status check_file_path(const std::string& path);

}  // namespace scoria::serve
