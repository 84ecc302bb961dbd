#include "plan/model_files.h"

#include <array>

#include "arrowio/stored_bytes.h"
#include "arrowio/uri.h"
#include "net/http_client.h"

namespace scoria::plan {
namespace {

bool is_web(const std::string& uri) { return uri.starts_with("https://") || uri.starts_with("http://"); }

}  // namespace

ModelFiles::ModelFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

ModelFiles::~ModelFiles() = default;

Result<std::string> ModelFiles::fetch(const std::string& uri) const {
  if (is_web(uri)) {
    std::call_once(web_once_, [this] {
      web_ = std::make_unique<net::HttpClient>(net::HttpLimits{.max_body = kMostFetchedBytes});
    });
    return web_->get(uri);
  }
  SCORIA_TRY(source, arrowio::open_as_stored(uri));
  std::string bytes;
  std::array<char, 64 * 1024> piece{};
  for (;;) {
    SCORIA_TRY(count, source->read(piece));
    if (count == 0) return bytes;
    bytes.append(piece.data(), count);
    if (bytes.size() > kMostFetchedBytes) {
      return Error{Code::too_large, "'" + arrowio::without_secrets(uri) + "' is larger than 2 GiB, which no model is"};
    }
  }
}

Result<std::optional<ModelBytes>> ModelFiles::read(const std::string& path) const {
  const auto absent = [](Error error) -> Result<std::optional<ModelBytes>> {
    if (error.code == Code::not_found) return std::optional<ModelBytes>();
    return error;
  };
  if (arrowio::is_uri(path)) {
    auto fetched = fetch(path);
    if (!fetched.ok()) return absent(std::move(fetched).error());
    return std::optional(ModelBytes(std::move(fetched).value()));
  }
  auto file = FileBytes::open(folder_ / path);
  if (!file.ok()) return absent(std::move(file).error());
  return std::optional(ModelBytes(std::move(file).value()));
}

bool ModelFiles::has_local(const std::string& path) const {
  std::error_code error;
  return std::filesystem::exists(folder_ / path, error);
}

Result<ModelBytes> read_model_file(const std::string& path) {
  if (!arrowio::is_uri(path)) {
    SCORIA_TRY(file, FileBytes::open(path));
    return ModelBytes(std::move(file));
  }
  SCORIA_TRY(read, ModelFiles({}).read(path));
  if (!read) return Error{Code::not_found, "there is no file '" + arrowio::without_secrets(path) + "'"};
  return std::move(*read);
}

}  // namespace scoria::plan
