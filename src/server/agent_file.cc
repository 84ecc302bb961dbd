#include "server/agent_file.h"

#include "base/file.h"
#include "spec/json_text.h"

namespace scoria::server {

using spec::Json;

Status write_agent_file(const std::filesystem::path& path, const node::AgentConfig& config) {
  const Json json{{"server_file", config.server_file.string()},
                  {"pool", config.pool},
                  {"node", config.node},
                  {"token_file", config.token_file.string()},
                  {"root", config.root.string()},
                  {"private_folder", config.private_folder.string()},
                  {"slots", config.slots},
                  {"cores", config.cores},
                  {"memory_bytes", config.memory_bytes},
                  {"devices", config.devices},
                  {"is_dedicated", config.is_dedicated},
                  {"ip_address", config.ip_address},
                  {"account_name", config.account_name},
                  {"account_url", config.account_url},
                  {"blob_url", config.blob_url},
                  {"containers", config.containers.mode},
                  {"images", config.containers.images},
                  {"podman_options", config.containers.options},
                  {"podman_run_options", config.containers.run_options},
                  {"stand_ins", config.stand_ins},
                  {"limit_memory", config.limit_memory},
                  {"use_cgroups", config.use_cgroups},
                  {"kill_grace_ms", config.kill_grace.count()},
                  {"version", config.version}};
  return write_file(path, json.dump(2) + "\n");
}

Result<node::AgentConfig> read_agent_file(const std::filesystem::path& path) {
  SCORIA_TRY(bytes, FileBytes::open(path));
  auto parsed = spec::parse_json(bytes.text());
  if (!parsed.ok()) return with_context("'" + path.string() + "'", std::move(parsed).error());
  try {
    const Json& json = parsed.value();
    node::AgentConfig config;
    config.server_file = json.at("server_file").get<std::string>();
    config.pool = json.at("pool");
    config.node = json.at("node");
    config.token_file = json.at("token_file").get<std::string>();
    config.root = json.at("root").get<std::string>();
    config.private_folder = json.at("private_folder").get<std::string>();
    config.slots = json.at("slots");
    config.cores = json.at("cores");
    config.memory_bytes = json.at("memory_bytes");
    config.devices = json.at("devices").get<std::vector<int>>();
    config.is_dedicated = json.at("is_dedicated");
    config.ip_address = json.at("ip_address");
    config.account_name = json.at("account_name");
    config.account_url = json.at("account_url");
    config.blob_url = json.at("blob_url");
    config.containers.mode = json.at("containers");
    config.containers.images = json.at("images").get<std::map<std::string, std::string>>();
    config.containers.options = json.at("podman_options").get<std::vector<std::string>>();
    config.containers.run_options = json.at("podman_run_options").get<std::vector<std::string>>();
    config.stand_ins = json.at("stand_ins");
    config.limit_memory = json.at("limit_memory");
    config.use_cgroups = json.at("use_cgroups");
    config.kill_grace = std::chrono::milliseconds(json.at("kill_grace_ms").get<std::int64_t>());
    config.version = json.at("version");
    return config;
  } catch (const Json::exception& error) {
    return Error{Code::invalid, "'" + path.string() + "' is not the file of an agent: " + error.what()};
  }
}

}  // namespace scoria::server
