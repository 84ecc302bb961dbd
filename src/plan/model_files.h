// The files that models are read from: on this machine, at a web address, or at the URI of an object store.
// Threads: const members may be called from several threads.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/file.h"
#include "base/result.h"

namespace scoria::net {
class HttpClient;
}

namespace scoria::plan {

// A file's bytes, mapped or fetched. Owns them.
class ModelBytes {
 public:
  explicit ModelBytes(FileBytes file) : bytes_(std::move(file)) {}
  explicit ModelBytes(std::string fetched) : bytes_(std::make_shared<const std::string>(std::move(fetched))) {}

  std::string_view text() const {
    const auto* file = std::get_if<FileBytes>(&bytes_);
    return file != nullptr ? file->text() : *std::get<std::shared_ptr<const std::string>>(bytes_);
  }
  std::span<const std::byte> bytes() const { return std::as_bytes(std::span(text())); }

 private:
  std::variant<FileBytes, std::shared_ptr<const std::string>> bytes_;
};

class ModelFiles {
 public:
  // What is fetched from a URI and larger is refused: models are read whole.
  static constexpr std::uint64_t kMostFetchedBytes = 2ull << 30;

  // Paths are relative to `folder`; URIs stand for themselves.
  explicit ModelFiles(std::filesystem::path folder);
  ~ModelFiles();

  // nullopt: there is no such file. Errors: what keeps it from being read, naming the path without its secrets; too_large.
  Result<std::optional<ModelBytes>> read(const std::string& path) const;
  // Of a path on this machine, which is cheaper than read(). Precondition: no URI.
  bool has_local(const std::string& path) const;

 private:
  Result<std::string> fetch(const std::string& uri) const;

  std::filesystem::path folder_;
  mutable std::once_flag web_once_;
  mutable std::unique_ptr<net::HttpClient> web_;  // made when it is first needed
};

// The one file that `path` names. Errors: ModelFiles::read()'s; not_found.
Result<ModelBytes> read_model_file(const std::string& path);

}  // namespace scoria::plan
