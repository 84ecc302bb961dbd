#include "node/agent.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.h"
#include "net/url.h"
#include "node/members.h"
#include "node/node_loop.h"
#include "node/stand_ins.h"
#include "node/task_folders.h"
#include "node/trust.h"
#include "spec/json_text.h"

namespace scoria::node {
namespace {

Result<std::string> read_token(const std::filesystem::path& path) {
  SCORIA_TRY(bytes, FileBytes::open(path));
  const std::string_view text = bytes.text();
  const std::size_t begin = text.find_first_not_of(" \r\n\t");
  if (begin == std::string_view::npos || text.size() > 4096) {
    return Error{Code::invalid, "token file '" + path.string() + "' must hold one token, and nothing else"};
  }
  return std::string(text.substr(begin, text.find_last_not_of(" \r\n\t") - begin + 1));
}

Result<spec::Json> read_json(const std::filesystem::path& path) {
  SCORIA_TRY(bytes, FileBytes::open(path));
  auto json = spec::parse_json(bytes.text(), {.bytes = 64u << 10, .depth = 8, .values = 1000});
  if (!json.ok()) return with_context("'" + path.string() + "'", std::move(json).error());
  if (!json.value().is_object()) return Error{Code::invalid, "'" + path.string() + "' must be a JSON object"};
  return json;
}

Result<ServerPlace> server_place(const AgentConfig& config) {
  if (config.server_file.empty()) return ServerPlace{config.server_url, config.ca_file};
  SCORIA_TRY(json, read_json(config.server_file));
  ServerPlace place{text_of(json, "url"), text_of(json, "ca_file")};
  if (place.url.empty()) return Error{Code::invalid, "'" + config.server_file.string() + "' has no \"url\""};
  return place;
}

std::vector<std::string> blob_hosts(const AgentConfig& config) {
  std::vector<std::string> hosts = config.blob_hosts;
  const auto add = [&](const std::string& host) {
    if (std::find(hosts.begin(), hosts.end(), host) == hosts.end()) hosts.push_back(host);
  };
  for (const std::string& url : {config.server_url, config.account_url, config.blob_url}) {
    const auto parsed = net::parse_url(url);
    if (url.empty() || !parsed.ok()) continue;
    add(parsed.value().authority());
    // A server on this machine answers to every name of it.
    if (parsed.value().host != "127.0.0.1" && parsed.value().host != "localhost" && parsed.value().host != "::1")
      continue;
    for (const char* name : {"127.0.0.1:", "localhost:", "*.blob.localhost:"}) add(name + parsed.value().port);
  }
  if (!config.server_file.empty()) {
    const auto json = read_json(config.server_file);
    if (json.ok()) {
      const auto url = net::parse_url(text_of(json.value(), "url"));
      if (url.ok()) add(url.value().authority());
      const auto list = json.value().find("blob_hosts");
      if (list != json.value().end() && list->is_array()) {
        for (const auto& host : *list) {
          if (host.is_string()) add(host.get<std::string>());
        }
      }
    }
  }
  return hosts;
}

std::string first_address() {
  ifaddrs* list = nullptr;
  std::string found = "127.0.0.1";
  if (getifaddrs(&list) != 0) return found;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET || (entry->ifa_flags & IFF_LOOPBACK) != 0) {
      continue;
    }
    sockaddr_in address{};
    memcpy(&address, entry->ifa_addr, sizeof address);
    char text[INET_ADDRSTRLEN];
    if (inet_ntop(AF_INET, &address.sin_addr, text, sizeof text) != nullptr) {
      found = text;
      break;
    }
  }
  freeifaddrs(list);
  return found;
}

std::string machine_name() {
  char name[256] = {};
  (void)gethostname(name, sizeof name - 1);
  std::string tidy;
  for (const char* c = name; *c != '\0'; ++c) tidy += isalnum(static_cast<unsigned char>(*c)) != 0 ? *c : '-';
  return tidy.empty() ? "node" : tidy;
}

// What runs tasks' command lines beside what is on the machine: stand-ins in their PATH, trust in the server.
Status furnish(AgentConfig& config) {
  if (config.stand_ins != "none") {
    const std::filesystem::path folder = config.private_folder / "stand-ins";
    SCORIA_TRY_STATUS(write_stand_ins(folder, {.program = config.program,
                                               .root = config.root,
                                               .containers = config.containers,
                                               .own_hosts = blob_hosts(config),
                                               .own_ca_file = config.ca_file}));
    const char* own_path = getenv("PATH");
    if (config.task_path.empty()) config.task_path = own_path != nullptr ? own_path : NodePlace{}.path;
    config.task_path = config.stand_ins == "first" ? folder.string() + ":" + config.task_path
                                                   : config.task_path + ":" + folder.string();
  }
  SCORIA_TRY(trust, make_tasks_trust(config.root, config.ca_file));
  config.task_environment.insert(config.task_environment.begin(), trust.begin(), trust.end());
  return Ok{};
}

// A program that was replaced while it ran is found under its name.
std::string own_program() {
  std::error_code error;
  std::string path = std::filesystem::read_symlink("/proc/self/exe", error).string();
  constexpr std::string_view kReplaced = " (deleted)";
  if (path.ends_with(kReplaced)) path.resize(path.size() - kReplaced.size());
  return path;
}

Status settle(AgentConfig& config) {
  bool is_known = false;
  if (config.pool.empty()) return Error{Code::invalid, "node: no pool is named"};
  if (config.root.empty() || !config.root.is_absolute()) {
    return Error{Code::invalid, "node: root '" + config.root.string() + "' must be an absolute path"};
  }
  for (const char* known : {"missing", "first", "none"}) is_known = is_known || config.stand_ins == known;
  if (!is_known) {
    return Error{Code::invalid, "node: stand_ins is '" + config.stand_ins + "', must be missing, first or none"};
  }
  config.root = config.root.lexically_normal();
  if (!config.root.has_filename()) config.root = config.root.parent_path();
  if (config.private_folder.empty()) config.private_folder = config.root.string() + ".private";
  if (config.slots < 1 || config.slots > 100'000) return Error{Code::invalid, "node: slots must be 1 to 100,000"};
  if (config.transfers < 1 || config.transfers > 64) return Error{Code::invalid, "node: transfers must be 1 to 64"};
  if (config.cores == 0) config.cores = machine_cores();
  if (config.memory_bytes == 0) config.memory_bytes = machine_memory_bytes();
  if (config.ip_address.empty()) config.ip_address = first_address();
  if (config.program.empty()) config.program = own_program();
  if (config.fence.count() > 0 && config.wait >= config.fence) config.wait = config.fence / 3;
  std::error_code error;
  std::filesystem::create_directories(config.private_folder, error);
  if (chmod(config.private_folder.c_str(), 0700) != 0) {
    return Error{Code::denied, "'" + config.private_folder.string() + "' cannot be made private: " + strerror(errno)};
  }
  return make_node_folders(config.root);
}

// The node's name and token: given, kept from before, or got by joining.
Result<std::string> identity(AgentConfig& config) {
  if (config.join_token_file.empty()) {
    if (config.node.empty()) return Error{Code::invalid, "node: it has no name"};
    return read_token(config.token_file);
  }
  const auto kept_path = config.private_folder / "node.json";
  std::error_code error;
  if (std::filesystem::exists(kept_path, error)) {
    SCORIA_TRY(kept, read_json(kept_path));
    if (text_of(kept, "pool") == config.pool) {
      config.node = text_of(kept, "node");
      if (config.account_name.empty()) config.account_name = text_of(kept, "account");
      return text_of(kept, "token");
    }
  }
  SCORIA_TRY(join_token, read_token(config.join_token_file));
  SCORIA_TRY(place, server_place(config));
  SCORIA_TRY(joined, join_pool(place, config.pool, join_token, config.node.empty() ? machine_name() : config.node,
                               config.slots));
  config.node = joined.node;
  if (config.account_name.empty()) config.account_name = joined.account;
  const Descriptor file(open(kept_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  const std::string text = spec::json_text(
      {{"pool", config.pool}, {"node", joined.node}, {"token", joined.token}, {"account", joined.account}});
  if (!file.is_open() || write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return Error{Code::denied, "'" + kept_path.string() + "' cannot be written: " + strerror(errno)};
  }
  return joined.token;
}

Result<AgentEnd> run(AgentConfig config, const std::stop_token& stop, const LinkFactory& links) {
  SCORIA_TRY_STATUS(furnish(config));
  SCORIA_TRY(files, NodeFiles::open(config.root));
  SCORIA_TRY(shelf, TaskShelf::open(config.private_folder, config.root));
  SCORIA_TRY(cache, FileCache::open(config.private_folder / "cache", config.cache_bytes));
  const WebConfig web{.own_hosts = blob_hosts(config), .own_ca_file = config.ca_file};
  NodeLoop loop(
      std::move(config), links,
      [links, web] {
        return Bench{Web(web), links()};
      },
      std::move(files), std::move(shelf), std::move(cache));
  return loop.run(stop);
}

}  // namespace

Result<AgentEnd> run_agent(AgentConfig config, const std::stop_token& stop) {
  SCORIA_TRY_STATUS(settle(config));
  SCORIA_TRY(token, identity(config));
  LinkConfig link{
      .place = [config] { return server_place(config); }, .pool = config.pool, .node = config.node, .token = token};
  if (!config.server_file.empty() && config.ca_file.empty()) {
    const auto place = server_place(config);
    if (place.ok()) config.ca_file = place.value().ca_file;
  }
  const LinkFactory links = [link] { return http_link(link); };
  auto end = run(config, stop, links);
  // A machine that was let go joins anew when it is told to.
  if (end.ok() && end.value() == AgentEnd::left) (void)unlink((config.private_folder / "node.json").c_str());
  return end;
}

Result<AgentEnd> run_agent(AgentConfig config, const std::stop_token& stop, const LinkFactory& links) {
  SCORIA_TRY_STATUS(settle(config));
  return run(std::move(config), stop, links);
}

}  // namespace scoria::node
