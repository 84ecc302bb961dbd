// A server's configuration: a YAML file of keys from one table, which also makes docs/server-config.md.
// Source: YAML 1.2 by yaml-cpp. Threads: plain values.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "pool/provider.h"

namespace scoria::server {

struct Webhook {
  std::string url;
  std::string secret;               // signs what is sent; a text, or secret:NAME
  std::vector<std::string> events;  // empty: all
};

// Money for an hour of a node, or of a core.
struct Price {
  double dedicated = 0;
  double low_priority = 0;
};

// What goes by itself after its time.
struct RetentionPolicy {
  // Blobs of containers, by name and age since their last change.
  struct Blobs {
    std::string container;  // "logs" or, of all that begin so, "logs*"
    std::string prefix;     // of the blobs' names
    Duration older_than = Duration::max();
  };
  Duration jobs = Duration::max();  // completed ones, since their end
  std::int64_t schedule_jobs = 0;   // of each schedule so many completed jobs stay, the newest; 0: all
  std::vector<Blobs> blobs;
};

struct ServerConfig {
  std::string http = "127.0.0.1:10100";   // empty: not served
  std::string https = "127.0.0.1:10101";  // empty: not served
  std::vector<std::string> names;  // of the certificate, beside localhost, *.blob.localhost and loopback addresses
  std::string certificate, key;    // PEM files of somebody else's certificate; empty: one of our own authority
  bool behind_proxy = false;       // plain HTTP beyond this machine is meant: a trusted proxy ends TLS
  std::vector<std::string> trusted_proxies;  // addresses and ranges, beside this machine
  double requests_per_second = 0;            // of each user and key; 0: as many as they like
  double burst = 0;                          // 0: what a second brings
  std::string account = "scoria";
  std::string url;  // by which nodes and tasks call the server; empty: the http address
  std::map<std::string, pool::ResourceClass> sizes;
  double overcommit = 1.0;
  std::int64_t machine_cores = 0;          // 0: as many as there are
  std::uint64_t machine_memory_bytes = 0;  // 0: as much as there is
  std::int64_t machine_devices = 0;        // GPUs, or what counts as such
  bool strict_sizes = false;
  std::string containers = "podman";
  std::map<std::string, std::string> images;  // alias -> image, or "host"
  std::vector<std::string> podman_options;    // before each of podman's commands
  std::vector<std::string> podman_run_options;
  std::string stand_ins = "missing";    // "first", "none"
  std::string task_limits = "none";     // "memory"; "memory_and_cpu"
  std::map<std::string, Price> prices;  // by vmSize; "core": of a core of the others
  std::string currency = "EUR";
  std::vector<Webhook> webhooks;
  RetentionPolicy retention;
  Duration local_node_lost = std::chrono::seconds(1);
  Duration remote_node_lost = std::chrono::seconds(15);
  Duration preempt_grace = std::chrono::seconds(5);
  Duration kill_grace = std::chrono::seconds(2);
  std::int64_t lost_limit = 5;
  bool evaluate_on_change = true;
  Duration minimum_evaluation_interval = std::chrono::minutes(5);
  std::uint64_t max_body_bytes = 4u << 20;
  std::uint64_t max_upload_bytes = 4000ull << 20;
  // What is kept of requests to services (serve/observer.h).
  std::string service_access_log, service_payload_log;  // files; empty: none
  double service_sample_rate = 0.01;
  std::vector<std::string> service_mask;
  std::int64_t service_drift = 0;  // rows; 0: no figures
  std::int64_t threads = 4;
  log::Level log_level = log::Level::info;
};

// Errors: not_found, denied; invalid, naming file, line and key: an unknown key, a wrong type, a value out of its bounds.
Result<ServerConfig> read_server_config(const std::filesystem::path& file);
Result<ServerConfig> parse_server_config(std::string_view text, std::string_view file_name);

// docs/server-config.md, made from the table.
std::string server_config_reference();

}  // namespace scoria::server
