// `scoria service ...`
#include <algorithm>
#include <charconv>
#include <cstdio>

#include "cli/client/commands.h"
#include "cli/client/service_files.h"
#include "cli/client/view.h"
#include "cli/script_options.h"

namespace scoria::cli {
namespace {

struct DeployOptions : ClientOptions {
  std::string name, model, script, version, sample, expected, description;
  std::vector<std::string> with, features;
  double weight = 100, tolerance = 0;
  ScriptArguments scripts;
};

// The number after the largest one that a version is named by.
Result<std::string> next_version(Connection& server, const std::string& service) {
  const auto found = server.get(path_of({"scoria", "v1", "services", service}));
  if (!found.ok() && found.error().code != Code::not_found) return found.error();
  int largest = 0;
  const Json versions = found.ok() ? found.value().value("versions", Json::array()) : Json::array();
  for (const Json& one : versions) {
    const std::string name = one.value("version", "");
    int number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc{} && end == name.data() + name.size()) largest = std::max(largest, number);
  }
  return std::to_string(largest + 1);
}

Status add_model(ServiceFiles& files, const std::string& model, Json& request) {
  const bool is_pattern = model.find('{') != std::string::npos;
  if (is_pattern) {
    request["model"] = model;
    return files.add_set(model);
  }
  SCORIA_TRY(path, files.add(model));
  request["model"] = path;
  return Ok{};
}

Result<Json> request_of(const DeployOptions& options, Connection& server) {
  ServiceFiles files(server, options.name);
  Json request = Json::object();
  if (!options.model.empty()) SCORIA_TRY_STATUS(add_model(files, options.model, request));
  for (const auto& [member, place] : {std::pair{"script", &options.script}, std::pair{"sample", &options.sample},
                                      std::pair{"expected", &options.expected}}) {
    if (place->empty()) continue;
    SCORIA_TRY(path, files.add(*place));
    request[member] = path;
  }
  for (const auto& place : options.with) SCORIA_TRY_STATUS(files.add_tree(place));
  request["files"] = files.list();
  request["weight"] = options.weight;
  if (!options.description.empty()) request["description"] = options.description;
  if (options.tolerance > 0) request["tolerance"] = options.tolerance;
  if (!options.features.empty()) request["features"] = options.features;
  SCORIA_TRY(settings, script_settings_of(options.scripts));
  for (const auto& setting : serve::script::script_settings()) {
    Json value = script_setting_value(setting, settings);
    if (value != script_setting_value(setting, serve::script::ScriptSettings()))
      request[setting.member] = std::move(value);
  }
  return request;
}

Status deploy(const DeployOptions& options, Connection& server) {
  if (options.model.empty() && options.script.empty())
    return Error{Code::invalid, "give a model file, or --script, or both"};
  std::string version = options.version;
  if (version.empty()) {
    SCORIA_TRY(next, next_version(server, options.name));
    version = std::move(next);
  }
  SCORIA_TRY(request, request_of(options, server));
  SCORIA_TRY(answer,
             server.send("PUT", path_of({"scoria", "v1", "services", options.name, "versions", version}), request));
  if (options.json) {
    std::printf("%s\n", answer.body.c_str());
    return Ok{};
  }
  say(options, "service " + options.name + " has version " + version + ": POST " + server.url() + "/services/" +
                   options.name + "/score");
  return Ok{};
}

const std::vector<Column> kVersionColumns = {{"SERVICE", "name"}, {"VERSION", "version"},   {"WEIGHT", "weight"},
                                             {"KIND", "kind"},    {"REQUESTS", "requests"}, {"WHAT", "title"}};

// Where a version did not load, that is what there is to say of it.
Json as_row(Json version) {
  if (version.contains("error")) version["title"] = "did not load: " + version.value("error", "");
  return version;
}

// Rows of `show`, each with its service's name.
std::vector<Json> versions_of(const Json& service) {
  std::vector<Json> rows;
  for (Json version : service.value("versions", Json::array())) {
    version["name"] = service.value("name", "");
    rows.push_back(as_row(std::move(version)));
  }
  return rows;
}

void print(const ClientOptions& options, const Json& service) {
  if (options.json) {
    std::printf("%s\n", service.dump(2).c_str());
  } else {
    std::printf("%s", table_text(kVersionColumns, versions_of(service)).c_str());
  }
}

void add_deploy(CLI::App& group, Command& chosen) {
  auto options = std::make_shared<DeployOptions>();
  CLI::App* command = group.add_subcommand(
      "deploy",
      "Serve a model, a pack, a plan or a script as a new version of a service, which gets its requests once it "
      "has answered its sample rows");
  command->add_option("NAME", options->name, "of the service")->required();
  command->add_option("MODEL", options->model,
                      "a file, a path with {column} parts, blob:CONTAINER/NAME#sha256=HEX or https://...#sha256=HEX");
  command->add_option("--script", options->script,
                      "a plumber file, an R function or a Python module; placed like MODEL");
  command->add_option("--with", options->with, "more files of the version, or folders: a plan's models and tables");
  command->add_option("--version-name", options->version, "default: the next number");
  command
      ->add_option("--weight", options->weight, "percent of the requests; the other versions share the rest as before")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  command->add_option("--sample", options->sample,
                      "rows as a request has them (.json, .csv): a version that cannot answer them is not served");
  command->add_option("--expect", options->expected, "what the sample rows must give (.json)");
  command->add_option("--tolerance", options->tolerance, "relative, of --expect; 0: the same doubles");
  add_script_settings(*command, options->scripts);
  command->add_option("--features", options->features, "columns in the models' order, for models without names")
      ->delimiter(',');
  command->add_option("--description", options->description);
  add_client_options(*command, *options);
  command->footer("Example: scoria service deploy boston boston.rds --sample rows.json --weight 10");
  on_chosen(command, chosen, options, [options](Connection& server) { return deploy(*options, server); });
}

struct ServiceOptions : ClientOptions {
  std::string name, version;
  std::vector<std::string> weights;
};

void add_traffic(CLI::App& group, Command& chosen) {
  auto options = std::make_shared<ServiceOptions>();
  CLI::App* command = group.add_subcommand("traffic", "Share the requests between versions");
  command->add_option("NAME", options->name, "of the service")->required();
  command->add_option("VERSION=WEIGHT", options->weights, "others get none")->required();
  add_client_options(*command, *options);
  command->footer("Example: scoria service traffic boston 1=90 2=10");
  on_chosen(command, chosen, options, [options](Connection& server) -> Status {
    Json weights = Json::object();
    for (const auto& text : options->weights) {
      SCORIA_TRY(named, name_and_value("VERSION=WEIGHT", text));
      double weight = 0;
      const auto [end, error] = std::from_chars(named.second.data(), named.second.data() + named.second.size(), weight);
      if (error != std::errc{} || end != named.second.data() + named.second.size())
        return Error{Code::invalid, "'" + text + "': the weight must be a number"};
      weights[named.first] = weight;
    }
    SCORIA_TRY(answer, server.send("PUT", path_of({"scoria", "v1", "services", options->name, "traffic"}), weights));
    print(*options, Json::parse(answer.body, nullptr, false));
    return Ok{};
  });
}

}  // namespace

void add_service_commands(CLI::App& app, Command& chosen, const Context& context) {
  CLI::App* group = add_group(app, "service",
                              "Models and scripts behind URLs of a server: deploy, list, show, share requests between "
                              "versions, go back, delete");
  add_deploy(*group, chosen);
  {
    auto options = std::make_shared<ServiceOptions>();
    CLI::App* command = group->add_subcommand("list", "List the services and their versions");
    add_client_options(*command, *options, true);
    on_chosen(command, chosen, options, [options, &context](Connection&) {
      return show_list(*options, context, kVersionColumns, [options](Connection& server) -> Result<std::vector<Json>> {
        SCORIA_TRY(rows, server.list("/scoria/v1/services"));
        if (!options->json) std::ranges::transform(rows, rows.begin(), as_row);
        return rows;
      });
    });
  }
  {
    auto options = std::make_shared<ServiceOptions>();
    CLI::App* command = group->add_subcommand("show", "Show a service: its versions, their files and requests");
    command->add_option("NAME", options->name)->required();
    add_client_options(*command, *options);
    on_chosen(command, chosen, options, [options, &context](Connection&) {
      return show_one(*options, context, [options](Connection& server) {
        return server.get(path_of({"scoria", "v1", "services", options->name}));
      });
    });
  }
  add_traffic(*group, chosen);
  {
    auto options = std::make_shared<ServiceOptions>();
    CLI::App* command = group->add_subcommand("rollback", "Share the requests as before the last change");
    command->add_option("NAME", options->name)->required();
    add_client_options(*command, *options);
    on_chosen(command, chosen, options, [options](Connection& server) -> Status {
      SCORIA_TRY(answer, server.send("POST", path_of({"scoria", "v1", "services", options->name, "rollback"})));
      print(*options, Json::parse(answer.body, nullptr, false));
      return Ok{};
    });
  }
  {
    auto options = std::make_shared<ServiceOptions>();
    CLI::App* command = group->add_subcommand("delete", "Delete a service, or a version that gets no requests");
    command->add_option("NAME", options->name)->required();
    command->add_option("--version-name", options->version, "only this version");
    add_client_options(*command, *options);
    on_chosen(command, chosen, options, [options](Connection& server) -> Status {
      const std::string service = path_of({"scoria", "v1", "services", options->name});
      const std::string path = options->version.empty() ? service : service + path_of({"versions", options->version});
      SCORIA_TRY_STATUS(server.send("DELETE", path));
      say(*options, "service " + options->name +
                        (options->version.empty() ? " is deleted" : ": version " + options->version + " is deleted"));
      return Ok{};
    });
  }
}

}  // namespace scoria::cli
