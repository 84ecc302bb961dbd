// `scoria principal ...`
#include <cstdio>

#include "cli/client/commands.h"
#include "cli/client/view.h"

namespace scoria::cli {

void add_principal_commands(CLI::App& app, Command& chosen, const Context& context) {
  struct Options : ClientOptions {
    std::string name;
  };
  CLI::App* group = add_group(app, "principal",
                              "Service principals: programs with a secret of their own in the place of the account's "
                              "key: create, list, delete");
  {
    auto options = std::make_shared<Options>();
    CLI::App* command = group->add_subcommand(
        "create", "Make a principal and print its credentials, as doAzureParallel has them; the secret is shown once");
    command->add_option("NAME", options->name, "what it is for")->required();
    add_client_options(*command, *options);
    command->footer("Example: scoria principal create forecast > principal.json");
    on_chosen(command, chosen, options, [options](Connection& server) -> Status {
      SCORIA_TRY(answer, server.send("POST", "/scoria/v1/principals", {{"name", options->name}}));
      const Json json = Json::parse(answer.body, nullptr, false);
      std::printf("%s\n", json.dump(2).c_str());
      return Ok{};
    });
  }
  {
    auto options = std::make_shared<Options>();
    CLI::App* command = group->add_subcommand("list", "List the principals; their secrets are never shown");
    add_client_options(*command, *options);
    on_chosen(command, chosen, options, [options, &context](Connection&) {
      return show_list(*options, context, {{"CLIENT ID", "clientId"}, {"NAME", "name"}, {"CREATED", "created"}},
                       [](Connection& server) { return server.list("/scoria/v1/principals"); });
    });
  }
  {
    auto options = std::make_shared<Options>();
    CLI::App* command = group->add_subcommand("delete", "Delete a principal; its tokens are refused from then on");
    command->add_option("CLIENT_ID", options->name)->required();
    add_client_options(*command, *options);
    on_chosen(command, chosen, options, [options](Connection& server) -> Status {
      SCORIA_TRY_STATUS(server.send("DELETE", "/scoria/v1" + path_of({"principals", options->name})));
      say(*options, "principal " + options->name + " is deleted");
      return Ok{};
    });
  }
}

}  // namespace scoria::cli
