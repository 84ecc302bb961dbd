#include "server/config_values.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <system_error>

#include "base/iso8601.h"

namespace scoria::server {
namespace {

using Node = YAML::Node;

Status read_kept(Duration& duration, const ConfigPlace& place, const Node& node) {
  const auto value = node.IsScalar() ? parse_duration(node.Scalar()) : Result<Duration>(Error{Code::invalid, ""});
  if (!value.ok() || value.value() < std::chrono::minutes(1)) {
    return wrong_value(place, node, "a duration of at least PT1M, such as P30D");
  }
  duration = value.value();
  return Ok{};
}

// "logs", "logs*", "*": what a container's name may be, and a star behind it.
bool is_container_pattern(std::string_view text) {
  if (text.ends_with('*')) text.remove_suffix(1);
  return text.size() <= 63 && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '$';
         });
}

Status read_blob_retention(ServerConfig& config, const ConfigPlace& place, const Node& node) {
  if (!node.IsSequence()) return wrong_value(place, node, "a list of {container, prefix, older_than}");
  for (const Node& entry : node) {
    if (!entry.IsMap())
      return wrong_value(place, entry, "a map with container and older_than, and prefix where it has one");
    RetentionPolicy::Blobs rule;
    bool has_time = false;
    for (const auto& part : entry) {
      const std::string name = part.first.Scalar();
      const ConfigPlace at{place.file, place.key + "." + name};
      if (name == "older_than") {
        SCORIA_TRY_STATUS(read_kept(rule.older_than, at, part.second));
        has_time = true;
      } else if (name == "container") {
        if (!part.second.IsScalar() || part.second.Scalar().empty() || !is_container_pattern(part.second.Scalar())) {
          return wrong_value(at, part.second,
                             "a container's name, or the beginning of some and a star, such as \"logs*\"");
        }
        rule.container = part.second.Scalar();
      } else if (name == "prefix") {
        if (!part.second.IsScalar()) return wrong_value(at, part.second, "the beginning of blobs' names");
        rule.prefix = part.second.Scalar();
      } else {
        return wrong_value(at, part.first, "container, prefix or older_than");
      }
    }
    if (rule.container.empty() || !has_time)
      return wrong_value(place, entry, "a map that has container and older_than");
    config.retention.blobs.push_back(std::move(rule));
  }
  return Ok{};
}

// The time of completed jobs by itself, or a map.
}  // namespace

Error wrong_value(const ConfigPlace& place, const Node& node, std::string_view wanted) {
  const int line = node.Mark().line + 1;
  std::string found = node.IsScalar() ? "'" + node.Scalar().substr(0, 80) + "'"
                      : node.IsMap()  ? "a map"
                      : node.IsNull() ? "nothing"
                                      : "a list";
  return {Code::invalid, std::string(place.file) + ":" + std::to_string(line) + ": " + place.key + " is " + found +
                             ", must be " + std::string(wanted)};
}

std::optional<double> config_number(const Node& node) {
  if (!node.IsScalar()) return std::nullopt;
  const std::string& text = node.Scalar();
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> config_bytes(const Node& node) {
  if (!node.IsScalar()) return std::nullopt;
  const std::string& text = node.Scalar();
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value < 0) return std::nullopt;
  std::string unit(end, text.data() + text.size());
  while (unit.starts_with(' ')) unit.erase(0, 1);
  static const std::map<std::string, double> kUnits = {{"", 1},        {"B", 1},        {"KB", 0x1p10}, {"KiB", 0x1p10},
                                                       {"MB", 0x1p20}, {"MiB", 0x1p20}, {"GB", 0x1p30}, {"GiB", 0x1p30},
                                                       {"TB", 0x1p40}, {"TiB", 0x1p40}};
  const auto found = kUnits.find(unit);
  if (found == kUnits.end() || value * found->second > 0x1p62) return std::nullopt;
  return static_cast<std::uint64_t>(value * found->second);
}

// A map whose keys are free and whose values are maps of named numbers.
Status read_sizes(ServerConfig& config, const ConfigPlace& place, const Node& node) {
  if (!node.IsMap()) return wrong_value(place, node, "a map of names to {cores, memory, gpus}");
  for (const auto& entry : node) {
    pool::ResourceClass size;
    for (const char c : entry.first.Scalar())
      size.name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const ConfigPlace at{place.file, place.key + "." + size.name};
    if (!entry.second.IsMap())
      return wrong_value(at, entry.second, "a map with cores, and memory and gpus where it has any");
    bool has_cores = false;
    for (const auto& part : entry.second) {
      const std::string name = part.first.Scalar();
      const ConfigPlace inner{place.file, at.key + "." + name};
      if (name == "memory") {
        const auto bytes = config_bytes(part.second);
        if (!bytes) return wrong_value(inner, part.second, "a size such as 8GB");
        size.memory_bytes = *bytes;
        continue;
      }
      const auto number = config_number(part.second);
      if (name != "cores" && name != "gpus") return wrong_value(inner, part.first, "cores, memory or gpus");
      const int least = name == "cores" ? 1 : 0;
      if (!number || *number != std::floor(*number) || *number < least || *number > 4096) {
        return wrong_value(inner, part.second, "a whole number from " + std::to_string(least) + " to 4096");
      }
      (name == "cores" ? size.cores : size.gpus) = static_cast<int>(*number);
      has_cores = has_cores || name == "cores";
    }
    if (!has_cores) return wrong_value(at, entry.second, "a map that has cores");
    config.sizes[size.name] = size;
  }
  return Ok{};
}

Status read_names(ServerConfig& config, const ConfigPlace& place, const Node& node) {
  if (!node.IsSequence()) return wrong_value(place, node, "a list of DNS names and IP addresses");
  for (const Node& name : node) {
    if (!name.IsScalar() || name.Scalar().empty() || name.Scalar().find_first_of(" /:,") != std::string::npos) {
      return wrong_value(place, name, "a DNS name, *.name or an IP address");
    }
    config.names.push_back(name.Scalar());
  }
  return Ok{};
}

Status read_images(ServerConfig& config, const ConfigPlace& place, const Node& node) {
  if (!node.IsMap()) return wrong_value(place, node, "a map of image names to image names, or to host");
  for (const auto& entry : node) {
    if (!entry.second.IsScalar() || entry.second.Scalar().empty()) {
      return wrong_value({place.file, place.key + "." + entry.first.Scalar()}, entry.second,
                         "an image's name, or host");
    }
    config.images[entry.first.Scalar()] = entry.second.Scalar();
  }
  return Ok{};
}

Status read_prices(ServerConfig& config, const ConfigPlace& place, const Node& node) {
  if (!node.IsMap()) return wrong_value(place, node, "a map of vmSize names, or core, to {dedicated, low_priority}");
  for (const auto& entry : node) {
    std::string size;
    for (const char c : entry.first.Scalar()) size += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const ConfigPlace at{place.file, place.key + "." + size};
    if (!entry.second.IsMap()) return wrong_value(at, entry.second, "a map with dedicated and low_priority");
    Price price;
    for (const auto& part : entry.second) {
      const std::string name = part.first.Scalar();
      if (name != "dedicated" && name != "low_priority") {
        return wrong_value({place.file, at.key + "." + name}, part.first, "dedicated or low_priority");
      }
      const auto number = config_number(part.second);
      if (!number || *number < 0 || *number > 1e6) {
        return wrong_value({place.file, at.key + "." + name}, part.second, "money per node hour, 0 to 1000000");
      }
      (name == "dedicated" ? price.dedicated : price.low_priority) = *number;
    }
    config.prices[size] = price;
  }
  return Ok{};
}

Status read_webhooks(ServerConfig& config, const ConfigPlace& place, const Node& node) {
  static const std::set<std::string> kEvents = {"job.completed", "job.failed", "schedule.missed"};
  if (!node.IsSequence()) return wrong_value(place, node, "a list of {url, secret, events}");
  for (const Node& entry : node) {
    if (!entry.IsMap()) return wrong_value(place, entry, "a map with url, and secret and events where it has any");
    Webhook hook;
    for (const auto& part : entry) {
      const std::string name = part.first.Scalar();
      const ConfigPlace at{place.file, place.key + "." + name};
      if (name == "url" && part.second.IsScalar() &&
          (part.second.Scalar().starts_with("http://") || part.second.Scalar().starts_with("https://"))) {
        hook.url = part.second.Scalar();
      } else if (name == "url") {
        return wrong_value(at, part.second, "an http or https URL");
      } else if (name == "secret" && part.second.IsScalar()) {
        hook.secret = part.second.Scalar();
      } else if (name == "secret") {
        return wrong_value(at, part.second, "a text, or secret:NAME");
      } else if (name == "events" && part.second.IsSequence()) {
        for (const Node& event : part.second) {
          if (!event.IsScalar() || !kEvents.contains(event.Scalar())) {
            return wrong_value(at, event, "job.completed, job.failed or schedule.missed");
          }
          hook.events.push_back(event.Scalar());
        }
      } else {
        return wrong_value(at, part.first, "url, secret or events (a list)");
      }
    }
    if (hook.url.empty()) return wrong_value(place, entry, "a map that has url");
    config.webhooks.push_back(std::move(hook));
  }
  return Ok{};
}

Status read_retention(ServerConfig& config, const ConfigPlace& place, const Node& node) {
  if (node.IsScalar()) return read_kept(config.retention.jobs, place, node);
  if (!node.IsMap()) return wrong_value(place, node, "a duration, or a map of jobs, schedule_jobs and blobs");
  for (const auto& part : node) {
    const std::string name = part.first.Scalar();
    const ConfigPlace at{place.file, place.key + "." + name};
    if (name == "jobs") {
      SCORIA_TRY_STATUS(read_kept(config.retention.jobs, at, part.second));
    } else if (name == "schedule_jobs") {
      const auto number = config_number(part.second);
      if (!number || *number != std::floor(*number) || *number < 1 || *number > 1e6) {
        return wrong_value(at, part.second, "a whole number from 1 to 1000000");
      }
      config.retention.schedule_jobs = static_cast<std::int64_t>(*number);
    } else if (name == "blobs") {
      SCORIA_TRY_STATUS(read_blob_retention(config, at, part.second));
    } else {
      return wrong_value(at, part.first, "jobs, schedule_jobs or blobs");
    }
  }
  return Ok{};
}

Status read_log_level(ServerConfig& config, const ConfigPlace& place, const Node& node) {
  static const std::map<std::string, log::Level> kLevels = {{"debug", log::Level::debug},
                                                            {"info", log::Level::info},
                                                            {"warn", log::Level::warn},
                                                            {"error", log::Level::error}};
  const auto level = node.IsScalar() ? kLevels.find(node.Scalar()) : kLevels.end();
  if (level == kLevels.end()) return wrong_value(place, node, "debug, info, warn or error");
  config.log_level = level->second;
  return Ok{};
}

using namespace std::chrono_literals;

}  // namespace scoria::server
