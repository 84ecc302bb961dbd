// Values of a server's configuration that are more than one text or number: each reads its node into the configuration, or says what it must be.
// Threads: free functions.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/config.h"

namespace scoria::server {

// Which key of which file.
struct ConfigPlace {
  std::string_view file;
  std::string key;
};

// invalid: "FILE:LINE: KEY is 'what it is', must be WANTED".
Error wrong_value(const ConfigPlace& place, const YAML::Node& node, std::string_view wanted);

std::optional<double> config_number(const YAML::Node& node);
// "4MB", "1.5GiB", "1000": K, M, G and T are powers of 1024, as memory is counted.
std::optional<std::uint64_t> config_bytes(const YAML::Node& node);

Status read_sizes(ServerConfig& config, const ConfigPlace& place, const YAML::Node& node);
Status read_names(ServerConfig& config, const ConfigPlace& place, const YAML::Node& node);
Status read_images(ServerConfig& config, const ConfigPlace& place, const YAML::Node& node);
Status read_prices(ServerConfig& config, const ConfigPlace& place, const YAML::Node& node);
Status read_webhooks(ServerConfig& config, const ConfigPlace& place, const YAML::Node& node);
Status read_retention(ServerConfig& config, const ConfigPlace& place, const YAML::Node& node);
Status read_log_level(ServerConfig& config, const ConfigPlace& place, const YAML::Node& node);

}  // namespace scoria::server
