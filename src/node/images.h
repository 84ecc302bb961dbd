// Fetches container images by podman. Source: Azure Batch REST API, ContainerConfiguration, ContainerRegistry; podman-pull(1),
// containers-auth.json(5). Threads: free functions, each waiting for podman.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "spec/json.h"

namespace scoria::node {

// What fetching an image takes.
struct ImageSource {
  std::vector<std::string> podman;  // its file and what goes before a command: podman_command()
  std::filesystem::path private_folder;
  std::function<Result<std::string>(const std::string&)> reveal;  // resolves "secret:NAME"
  const std::atomic<bool>* is_cancelled = nullptr;
};

// As docker reads it: "rocker/r-ver" is docker.io/rocker/r-ver, "debian:12" is docker.io/library/debian:12.
std::string full_image_name(const std::string& image);

// The name by which the image is here; fetched where it was not, with the credentials of these ContainerRegistry objects (a later one of the
// same server wins). Errors: api_code ContainerInvalidImage or ContainerInvalidSettings.
Result<std::string> ensure_image(const ImageSource& source, const std::string& image,
                                 const std::vector<spec::Json>& registries);

}  // namespace scoria::node
