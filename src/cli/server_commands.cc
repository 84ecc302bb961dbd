#include "cli/server_commands.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "cli/client/commands.h"
#include "cli/client/connection.h"
#include "cli/hang_up.h"
#include "cli/serve_security.h"
#include "node/agent.h"
#include "server/routes.h"
#include "server/server.h"

namespace scoria::cli {
namespace {

struct ServerCommandOptions {
  std::string data = default_data_folder().string();
  std::string http, https, config;
  ReachOptions reach;
  bool prints_reference = false, prints_routes = false;
};

void log_to_standard_error(log::Level least) {
  log::set_sink(
      [](log::Level, const std::string& line) {
        const std::string whole = line + "\n";
        std::fwrite(whole.data(), 1, whole.size(), stderr);
      },
      least);
}

// What is given on the command line goes before the file's.
void apply(const ReachOptions& given, server::ServerConfig& config) {
  // Together: the key of one certificate is not another's.
  if (!given.certificate.empty() || !given.key.empty()) {
    config.certificate = given.certificate;
    config.key = given.key;
  }
  if (given.is_behind_proxy) config.behind_proxy = true;
  if (!given.trusted_proxies.empty()) config.trusted_proxies = given.trusted_proxies;
  if (given.requests_per_second > 0) config.requests_per_second = given.requests_per_second;
  if (given.burst > 0) config.burst = given.burst;
}

Status serve(const ServerCommandOptions& options, const Context& context) {
  if (options.prints_reference) {
    const std::string text = server::server_config_reference();
    std::fwrite(text.data(), 1, text.size(), stdout);
    return Ok{};
  }
  if (options.prints_routes) {
    const std::string text = server::routes_reference();
    std::fwrite(text.data(), 1, text.size(), stdout);
    return Ok{};
  }
  server::ServerOptions server;
  server.data = options.data;
  server.executor = &context.executor;
  if (!options.config.empty()) {
    SCORIA_TRY(config, server::read_server_config(options.config));
    server.config = std::move(config);
  }
  if (!options.http.empty()) server.config.http = options.http == "none" ? "" : options.http;
  if (!options.https.empty()) server.config.https = options.https == "none" ? "" : options.https;
  apply(options.reach, server.config);
  if (server.config.http.empty() && server.config.https.empty()) {
    return Error{Code::invalid, "--http and --https are both none: one must be served"};
  }
  // Read once: a program that is replaced while the server runs keeps starting nodes of its own version.
  std::error_code error;
  server.program = std::filesystem::read_symlink("/proc/self/exe", error);
  log_to_standard_error(server.config.log_level);
  server.on_ready = [&](const std::string& http, const std::string& https) {
    if (!context.is_terminal) return;
    std::fprintf(stderr, "scoria serves on %s%s%s; its account: scoria account show --data %s\n", http.c_str(),
                 http.empty() || https.empty() ? "" : " and ", https.c_str(), options.data.c_str());
  };
  catch_hang_up();
  server.is_told_to_look = take_hang_up;
  const SystemClock clock;
  return server::run_server(server, clock, context.stop);
}

void add_server(CLI::App& app, Command& chosen, const Context& context) {
  auto options = std::make_shared<ServerCommandOptions>();
  CLI::App* command = app.add_subcommand(
      "server", "Serve the Azure Batch and Blob storage APIs on this machine, with its cores as nodes");
  command->add_option("--data", options->data, "folder of all that the server keeps; made when missing")
      ->capture_default_str();
  command->add_option("--http", options->http, "where to serve HTTP, or none (default: 127.0.0.1:10100)");
  command->add_option("--https", options->https, "where to serve HTTPS, or none (default: 127.0.0.1:10101)");
  command->add_option("--config", options->config, "a YAML file; its keys: docs/server-config.md");
  add_reach_options(*command, options->reach);
  command->add_flag("--print-config-reference", options->prints_reference)->group("");
  command->add_flag("--print-routes", options->prints_routes)->group("");
  command->footer("Example: scoria server --data /srv/scoria --https 0.0.0.0:10101 --config server.yaml\n");
  command->callback([options, &chosen, &context] {
    chosen = {"server", [options, &context] { return serve(*options, context); }};
  });
}

// Of `account show --json`. Storage is called ACCOUNT.blob.SUFFIX there, always by HTTPS; Batch by any URL.
nlohmann::ordered_json doazureparallel_credentials(const nlohmann::json& account) {
  const std::string name = account.value("accountName", ""), key = account.value("accountKey", "");
  const std::string blob_url = account.value("blobUrl", "");  // "https://localhost:10101/scoria"
  const std::string base = blob_url.substr(0, blob_url.rfind('/'));
  const std::string suffix = base.substr(base.find("://") + 3);
  const bool is_here = suffix.starts_with("localhost");
  return {{"sharedKey",
           {{"batchAccount", {{"name", name}, {"key", key}, {"url", is_here ? account.value("batchUrl", "") : base}}},
            {"storageAccount", {{"name", name}, {"key", key}, {"endpointSuffix", suffix}}}}},
          {"githubAuthenticationToken", ""},
          {"dockerAuthentication", {{"username", ""}, {"password", ""}, {"registry", ""}}}};
}

void add_account(CLI::App& app, Command& chosen) {
  struct Options {
    std::string data = default_data_folder().string();
    bool json = false, for_doazureparallel = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* group = app.add_subcommand("account", "The account of a server: its name, key and addresses");
  group->require_subcommand(1);
  CLI::App* command = group->add_subcommand("show", "Print what clients need to know, the key too");
  command->add_option("--data", options->data, "the server's data folder")->capture_default_str();
  auto* json = command->add_flag("--json", options->json, "print JSON");
  command->add_flag("--doazureparallel", options->for_doazureparallel, "print a credentials file of doAzureParallel")
      ->excludes(json);
  command->callback([options, &chosen] {
    chosen = {"account show", [options]() -> Status {
                SCORIA_TRY(text, server::account_json(options->data));
                if (options->for_doazureparallel) {
                  std::printf("%s\n", doazureparallel_credentials(nlohmann::json::parse(text)).dump(2).c_str());
                  return Ok{};
                }
                if (options->json) {
                  std::fwrite(text.data(), 1, text.size(), stdout);
                  return Ok{};
                }
                const auto shown = nlohmann::ordered_json::parse(text);  // items() only looks at it
                for (const auto& [name, value] : shown.items()) {
                  std::printf("%-14s %s\n", name.c_str(), value.get<std::string>().c_str());
                }
                return Ok{};
              }};
  });
}

}  // namespace

void add_node_command(CLI::App& app, Command& chosen, const Context& context) {
  struct Options {
    node::AgentConfig agent;
    std::string root;
    std::string limits = "none";
    std::vector<std::string> images;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "node", "Make this machine a node of a pool (of provider joined); and commands about a server's nodes");
  command->require_subcommand(0, 1);
  command->add_option("--server", options->agent.server_url, "the server's URL, such as https://host:10101");
  command->add_option("--ca-file", options->agent.ca_file, "the server's certificate authority: its DATA/tls/ca.pem");
  command->add_option("--pool", options->agent.pool, "the pool to join");
  command->add_option("--token-file", options->agent.join_token_file,
                      "file of a token to join with, made by `scoria node token POOL`");
  command->add_option("--name", options->agent.node, "the node's name (default: the machine's)");
  command->add_option("--root", options->root, "folder of its tasks (default: scoria-node in the current folder)");
  command->add_option("--slots", options->agent.slots, "tasks at the same time (default: the pool's taskSlotsPerNode)")
      ->check(CLI::Range(1, 100'000))
      ->default_str("");
  command->add_option("--containers", options->agent.containers.mode, "what runs containers: podman, or host")
      ->check(CLI::IsMember({"podman", "host"}))
      ->capture_default_str();
  command->add_option("--image", options->images, "ALIAS=IMAGE, or ALIAS=host: an image that stands for another")
      ->take_all();
  command
      ->add_option("--podman-option", options->agent.containers.options, "an option before each of podman's commands")
      ->take_all();
  command->add_option("--podman-run-option", options->agent.containers.run_options, "an option of each `podman run`")
      ->take_all();
  command
      ->add_option("--stand-ins", options->agent.stand_ins,
                   "stand-ins for docker, wget and blobxfer in tasks' PATH: where one is missing, first, or none")
      ->check(CLI::IsMember({"missing", "first", "none"}))
      ->capture_default_str();
  command->add_option("--task-limits", options->limits, "what holds a task to its slots' share: memory, memory_and_cpu")
      ->check(CLI::IsMember({"none", "memory", "memory_and_cpu"}))
      ->capture_default_str();
  add_node_commands(*command, chosen, context);
  command->footer(
      "Example: scoria node --server https://batch:10101 --ca-file ca.pem --pool fleet --token-file token\n");
  command->callback([options, command, &chosen, &context] {
    if (!command->get_subcommands().empty()) return;
    chosen = {
        "node", [options, &context]() -> Status {
          node::AgentConfig& agent = options->agent;
          for (const auto& [value, name] : {std::pair{agent.server_url, "--server"}, std::pair{agent.pool, "--pool"},
                                            std::pair{agent.join_token_file.string(), "--token-file"}}) {
            if (value.empty()) return Error{Code::invalid, std::string(name) + " is needed to join a pool"};
          }
          for (const std::string& image : options->images) {
            const std::size_t equals = image.find('=');
            if (equals == std::string::npos || equals == 0 || equals + 1 == image.size()) {
              return Error{Code::invalid, "--image is '" + image + "', must be ALIAS=IMAGE or ALIAS=host"};
            }
            agent.containers.images[image.substr(0, equals)] = image.substr(equals + 1);
          }
          agent.limit_memory = options->limits != "none";
          agent.use_cgroups = options->limits == "memory_and_cpu";
          agent.root = std::filesystem::absolute(options->root.empty() ? "scoria-node" : options->root);
          agent.account_url = agent.server_url;
          agent.version = SCORIA_VERSION;
          log_to_standard_error(log::Level::info);
          SCORIA_TRY(end, node::run_agent(agent, context.stop));
          return Ok{};
        }};
  });
}

void add_server_commands(CLI::App& app, Command& chosen, const Context& context) {
  add_server(app, chosen, context);
  add_account(app, chosen);
}

}  // namespace scoria::cli
