#include "node/images.h"

#include <fcntl.h>
#include <unistd.h>

#include <optional>

#include "auth/shared_key.h"
#include "node/descriptor.h"
#include "node/keeper_protocol.h"
#include "node/members.h"
#include "node/program.h"
#include "spec/json_text.h"

namespace scoria::node {
namespace {

constexpr const char* kDockerHub = "docker.io";

// A file that only we may read, for the length of one pull.
class AuthFile {
 public:
  AuthFile(const std::filesystem::path& folder, const spec::Json& servers)
      : path_((folder / ("registry." + random_id())).string()) {
    const std::string text = spec::json_text({{"auths", servers}});
    const Descriptor file(open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    is_written_ = file.is_open() && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  }
  ~AuthFile() { (void)unlink(path_.c_str()); }
  AuthFile(const AuthFile&) = delete;
  AuthFile& operator=(const AuthFile&) = delete;
  const std::string& path() const { return path_; }
  bool is_written() const { return is_written_; }

 private:
  std::string path_;
  bool is_written_ = false;
};

// "https://index.docker.io/v1/" as docker's own tools name it.
std::string server_name(std::string server) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (server.starts_with(scheme)) server.erase(0, scheme.size());
  }
  while (server.ends_with('/')) server.pop_back();
  return server.empty() || server.starts_with("index.docker.io") ? kDockerHub : server;
}

Result<spec::Json> credentials(const ImageSource& source, const std::vector<spec::Json>& registries) {
  spec::Json servers = spec::Json::object();
  for (const auto& registry : registries) {
    if (!registry.is_object()) continue;
    const std::string user = text_of(registry, "username");
    if (user.empty()) continue;
    SCORIA_TRY(revealed_user, source.reveal(user));
    SCORIA_TRY(password, source.reveal(text_of(registry, "password")));
    servers[server_name(text_of(registry, "registryServer"))] = {
        {"auth", auth::base64(revealed_user + ":" + password)}};
  }
  return servers;
}

bool is_here(const ImageSource& source, const std::string& image) {
  std::vector<std::string> line = source.podman;
  line.insert(line.end(), {"image", "exists", image});
  const auto exists = run_program(line, std::chrono::seconds(60), source.is_cancelled);
  return exists.ok() && exists.value().exit_code == 0;
}

}  // namespace

std::string full_image_name(const std::string& image) {
  const std::string first = image.substr(0, image.find('/'));
  const bool has_path = first.size() < image.size();
  if (has_path && (first == "localhost" || first.find_first_of(".:") != std::string::npos)) return image;
  return kDockerHub + std::string(has_path ? "/" : "/library/") + image;
}

Result<std::string> ensure_image(const ImageSource& source, const std::string& image,
                                 const std::vector<spec::Json>& registries) {
  if (image.empty() || image.starts_with('-')) {
    return Error{Code::invalid, "imageName is '" + image + "', must be an image's name", "ContainerInvalidSettings"};
  }
  if (is_here(source, image)) return image;
  // Azure's nodes have docker, which knows one registry for names without any.
  std::string full = full_image_name(image);
  if (full != image && is_here(source, full)) return full;

  std::vector<std::string> pull = source.podman;
  pull.insert(pull.end(), {"pull", "--quiet"});
  SCORIA_TRY(servers, credentials(source, registries));
  std::optional<AuthFile> auth_file;
  if (!servers.empty()) {
    auth_file.emplace(source.private_folder, servers);
    if (!auth_file->is_written()) {
      return Error{Code::unavailable, "registry credentials cannot be written for podman", "ContainerInvalidImage"};
    }
    pull.insert(pull.end(), {"--authfile", auth_file->path()});
  }
  // As docker does: a registry of this machine may speak plain HTTP.
  if (full.starts_with("localhost:") || full.starts_with("127.0.0.1:")) pull.emplace_back("--tls-verify=false");
  pull.push_back(full);
  const auto pulled = run_program(pull, std::chrono::minutes(30), source.is_cancelled);
  if (!pulled.ok()) return Error{pulled.error().code, pulled.error().message, "ContainerInvalidImage"};
  if (pulled.value().exit_code != 0) {
    return Error{Code::not_found, "image '" + image + "' cannot be fetched: " + last_line(pulled.value().output),
                 "ContainerInvalidImage"};
  }
  return full;
}

}  // namespace scoria::node
