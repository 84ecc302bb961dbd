#include "cli/access_commands.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <iterator>

#include "access/accounts.h"
#include "base/file.h"
#include "base/iso8601.h"
#include "cli/client/view.h"
#include "cli/password_input.h"

namespace scoria::cli {
namespace {

using access::Doing;
using access::Folder;
using access::Rights;

const std::vector<Column> kUserColumns = {
    {"USER", "name"}, {"ROLE", "role"}, {"GRANTS", "grantsText"}, {"CREATED", "created"}};
const std::vector<Column> kKeyColumns = {
    {"KEY", "id"},          {"NAME", "name"},       {"ROLE", "role"},         {"GRANTS", "grantsText"},
    {"CREATED", "created"}, {"EXPIRES", "expires"}, {"LAST USED", "lastUsed"}};

// What all of these commands have, and what some of them have.
struct AccessCommandOptions : ClientOptions {
  std::string access;  // folder; empty: a running server
  std::string name, file, role = "none", expires;
  std::vector<std::string> grants;
  PasswordOptions password;
};
using OptionsPtr = std::shared_ptr<AccessCommandOptions>;

Doing doing_now() { return {.by = "uid " + std::to_string(::getuid()), .now = SystemClock().now().wall}; }

Result<Rights> rights_of(const AccessCommandOptions& options) {
  Rights rights;
  const auto role = access::role_named(options.role);
  if (!role)
    return Error{Code::invalid, "--role " + options.role + " must be owner, contributor, reader, scorer or none"};
  rights.role = *role;
  for (const std::string& text : options.grants) {
    SCORIA_TRY(grant, access::parse_grant(text));
    rights.grants.push_back(std::move(grant));
  }
  if (rights.role == access::Role::none && rights.grants.empty())
    return Error{Code::invalid, "give --role ROLE, or --grant ROLE@SERVICE, as --grant scorer@boston"};
  return rights;
}

Json rights_body(const Rights& rights) { return Json::parse(access::rights_json(rights).dump()); }

void add_rights_options(CLI::App& command, AccessCommandOptions& options) {
  command.add_option("--role", options.role, "over everything: owner, contributor, reader, scorer or none")
      ->capture_default_str();
  command.add_option("--grant", options.grants, "ROLE@SERVICE or ROLE@BEGIN*, as scorer@boston*")->take_all();
}

// A folder that is mistyped is not to be made by a command that only looks, or takes away.
Result<Folder> open_folder(const std::string& path, bool may_make) {
  std::error_code error;
  if (!may_make && !std::filesystem::exists(path, error)) {
    return Error{Code::not_found, "there is no access folder '" + path +
                                      "': --access must name one that scoria user add or scoria key create made"};
  }
  return Folder::open(path, SystemClock().now().wall);
}

// A command that works on a folder, or else by REST.
using OnFolder = std::function<Status(AccessCommandOptions&, const Folder&)>;
using OnServer = std::function<Status(AccessCommandOptions&, Connection&)>;

// `adds`: it makes the folder where there is none.
CLI::App* add_access_command(CLI::App* group, Command& chosen, const OptionsPtr& options, const std::string& name,
                             const std::string& about, OnFolder on_folder, OnServer on_server, bool adds = false) {
  CLI::App* command = group->add_subcommand(name, about);
  command->add_option("--access", options->access, "the access folder; without: of a running server");
  add_client_options(*command, *options);
  const std::string whole = group->get_name() + " " + name;
  command->callback(
      [&chosen, options, whole, adds, on_folder = std::move(on_folder), on_server = std::move(on_server)] {
        chosen = {whole, [options, adds, on_folder, on_server]() -> Status {
                    if (!options->access.empty()) {
                      SCORIA_TRY(folder, open_folder(options->access, adds));
                      return on_folder(*options, folder);
                    }
                    SCORIA_TRY(server, Connection::open(options->where));
                    return on_server(*options, server);
                  }};
      });
  return command;
}

Status print_list(const AccessCommandOptions& options, const std::vector<Column>& columns, std::vector<Json> rows) {
  if (options.json) {
    std::printf("%s\n", Json(rows).dump(2).c_str());
    return Ok{};
  }
  for (Json& row : rows) {
    std::string text;
    if (row.contains("grants")) {
      for (const auto& grant : row["grants"]) text += (text.empty() ? "" : " ") + grant.get<std::string>();
    }
    if (!text.empty()) row["grantsText"] = text;
  }
  std::printf("%s", table_text(columns, rows).c_str());
  return Ok{};
}

std::vector<Json> rows_of(const access::Json& list) {
  std::vector<Json> rows;
  for (const auto& one : list) rows.push_back(Json::parse(one.dump()));
  return rows;
}

std::string user_path(const std::string& name) { return "/scoria/v1" + path_of({"users", name}); }

void add_user_changes(CLI::App* group, Command& chosen) {
  auto options = std::make_shared<AccessCommandOptions>();
  CLI::App* command = add_access_command(
      group, chosen, options, "add", "Add a user",
      [](AccessCommandOptions& given, const Folder& folder) -> Status {
        SCORIA_TRY(rights, rights_of(given));
        SCORIA_TRY(password, read_password(given.password, given.name));
        SCORIA_TRY_STATUS(access::add_user(folder, given.name, password, rights, doing_now()));
        say(given, "user " + given.name + " is added");
        return Ok{};
      },
      [](AccessCommandOptions& given, Connection& server) -> Status {
        SCORIA_TRY(rights, rights_of(given));
        SCORIA_TRY(password, read_password(given.password, given.name));
        Json body = rights_body(rights);
        body["name"] = given.name;
        body["password"] = password;
        SCORIA_TRY_STATUS(server.send("POST", "/scoria/v1/users", body));
        say(given, "user " + given.name + " is added");
        return Ok{};
      },
      /*adds=*/true);
  command->add_option("NAME", options->name)->required();
  add_rights_options(*command, *options);
  add_password_options(*command, options->password);
  command->footer("Example: scoria user add ann --role scorer --access /srv/access");

  options = std::make_shared<AccessCommandOptions>();
  command = add_access_command(
      group, chosen, options, "remove", "Remove a user; their tokens are refused from then on",
      [](AccessCommandOptions& given, const Folder& folder) -> Status {
        SCORIA_TRY_STATUS(access::remove_user(folder, given.name, doing_now()));
        say(given, "user " + given.name + " is removed");
        return Ok{};
      },
      [](AccessCommandOptions& given, Connection& server) -> Status {
        SCORIA_TRY_STATUS(server.send("DELETE", user_path(given.name)));
        say(given, "user " + given.name + " is removed");
        return Ok{};
      });
  command->add_option("NAME", options->name)->required();

  options = std::make_shared<AccessCommandOptions>();
  command = add_access_command(
      group, chosen, options, "password", "Give a user another password; their tokens are refused from then on",
      [](AccessCommandOptions& given, const Folder& folder) -> Status {
        SCORIA_TRY(password, read_password(given.password, given.name));
        SCORIA_TRY_STATUS(access::set_password(folder, given.name, password, doing_now()));
        say(given, "user " + given.name + " has another password");
        return Ok{};
      },
      [](AccessCommandOptions& given, Connection& server) -> Status {
        SCORIA_TRY(password, read_password(given.password, given.name));
        SCORIA_TRY_STATUS(server.send("PATCH", user_path(given.name), {{"password", password}}));
        say(given, "user " + given.name + " has another password");
        return Ok{};
      });
  command->add_option("NAME", options->name)->required();
  add_password_options(*command, options->password);

  options = std::make_shared<AccessCommandOptions>();
  command = add_access_command(
      group, chosen, options, "grant", "Give a user a role and grants, in the place of those they have",
      [](AccessCommandOptions& given, const Folder& folder) -> Status {
        SCORIA_TRY(rights, rights_of(given));
        SCORIA_TRY_STATUS(access::set_rights(folder, given.name, rights, doing_now()));
        say(given, "user " + given.name + " has these rights now");
        return Ok{};
      },
      [](AccessCommandOptions& given, Connection& server) -> Status {
        SCORIA_TRY(rights, rights_of(given));
        SCORIA_TRY_STATUS(server.send("PATCH", user_path(given.name), rights_body(rights)));
        say(given, "user " + given.name + " has these rights now");
        return Ok{};
      });
  command->add_option("NAME", options->name)->required();
  add_rights_options(*command, *options);
  command->footer("Example: scoria user grant ann --grant scorer@boston --grant reader@store* --access /srv/access");
}

void add_user_lists(CLI::App* group, Command& chosen) {
  auto options = std::make_shared<AccessCommandOptions>();
  add_access_command(
      group, chosen, options, "list", "List the users and what they may",
      [](AccessCommandOptions& given, const Folder& folder) -> Status {
        SCORIA_TRY(users, access::shown_users(folder));
        return print_list(given, kUserColumns, rows_of(users));
      },
      [](AccessCommandOptions& given, Connection& server) -> Status {
        SCORIA_TRY(users, server.list("/scoria/v1/users"));
        return print_list(given, kUserColumns, std::move(users));
      });

  options = std::make_shared<AccessCommandOptions>();
  CLI::App* command = add_access_command(
      group, chosen, options, "import-htpasswd",
      "Add the users of a htpasswd file (htpasswd -B), with one role for all",
      [](AccessCommandOptions& given, const Folder& folder) -> Status {
        SCORIA_TRY(rights, rights_of(given));
        SCORIA_TRY(bytes, FileBytes::open(given.file));
        auto count = access::import_htpasswd(folder, bytes.text(), rights, doing_now());
        if (!count.ok()) return with_context("'" + given.file + "'", count.error());
        say(given, std::to_string(count.value()) + " users are imported");
        return Ok{};
      },
      [](AccessCommandOptions& given, Connection& server) -> Status {
        SCORIA_TRY(rights, rights_of(given));
        SCORIA_TRY(bytes, FileBytes::open(given.file));
        Json body = rights_body(rights);
        body["htpasswd"] = std::string(bytes.text());
        SCORIA_TRY_STATUS(server.send("POST", "/scoria/v1/userimports", body));
        say(given, "the users are imported");
        return Ok{};
      },
      /*adds=*/true);
  command->add_option("FILE", options->file)->required();
  add_rights_options(*command, *options);
}

void print_new_key(const AccessCommandOptions& options, const std::string& id, const std::string& text) {
  if (options.json) {
    std::printf("%s\n", Json{{"id", id}, {"key", text}}.dump(2).c_str());
    return;
  }
  std::printf("%s\n", text.c_str());
  std::fprintf(stderr, "key %s is made; it is shown this once\n", id.c_str());
}

void add_key_commands(CLI::App& app, Command& chosen) {
  CLI::App* group = add_group(app, "key", "API keys: of programs that score or deploy: create, list, revoke");
  auto options = std::make_shared<AccessCommandOptions>();
  CLI::App* command = add_access_command(
      group, chosen, options, "create", "Make a key and print it, once",
      [](AccessCommandOptions& given, const Folder& folder) -> Status {
        SCORIA_TRY(rights, rights_of(given));
        std::optional<WallTime> expires;
        if (!given.expires.empty()) {
          auto time = parse_time(given.expires);
          if (!time.ok()) return with_context("--expires", time.error());
          expires = time.value();
        }
        SCORIA_TRY(key, access::create_key(folder, given.name, rights, expires, doing_now()));
        print_new_key(given, key.record.id, key.text);
        return Ok{};
      },
      [](AccessCommandOptions& given, Connection& server) -> Status {
        SCORIA_TRY(rights, rights_of(given));
        Json body = rights_body(rights);
        body["name"] = given.name;
        if (!given.expires.empty()) body["expires"] = given.expires;
        SCORIA_TRY(answer, server.send("POST", "/scoria/v1/keys", body));
        const Json made = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
        if (!made.is_object()) return Error{Code::corrupt, "the server's answer is no JSON object"};
        print_new_key(given, text_at(made, "id"), text_at(made, "key"));
        return Ok{};
      },
      /*adds=*/true);
  command->add_option("NAME", options->name, "what it is for")->required();
  add_rights_options(*command, *options);
  command->add_option("--expires", options->expires,
                      "until when it is good, as 2027-12-31T00:00:00Z (default: for ever)");
  command->footer("Example: scoria key create shop --grant scorer@boston --access /srv/access > shop.key");

  options = std::make_shared<AccessCommandOptions>();
  add_access_command(
      group, chosen, options, "list", "List the keys; they themselves are never shown",
      [](AccessCommandOptions& given, const Folder& folder) -> Status {
        SCORIA_TRY(keys, access::shown_keys(folder));
        return print_list(given, kKeyColumns, rows_of(keys));
      },
      [](AccessCommandOptions& given, Connection& server) -> Status {
        SCORIA_TRY(keys, server.list("/scoria/v1/keys"));
        return print_list(given, kKeyColumns, std::move(keys));
      });

  options = std::make_shared<AccessCommandOptions>();
  command = add_access_command(
      group, chosen, options, "revoke", "Revoke a key; it is refused within a second",
      [](AccessCommandOptions& given, const Folder& folder) -> Status {
        SCORIA_TRY_STATUS(access::revoke_key(folder, given.name, doing_now()));
        say(given, "key " + given.name + " is revoked");
        return Ok{};
      },
      [](AccessCommandOptions& given, Connection& server) -> Status {
        SCORIA_TRY_STATUS(server.send("DELETE", "/scoria/v1" + path_of({"keys", given.name})));
        say(given, "key " + given.name + " is revoked");
        return Ok{};
      });
  command->add_option("KEY", options->name, "its id, as `scoria key list` shows it")->required();
}

}  // namespace

void add_access_commands(CLI::App& app, Command& chosen, const Context&) {
  CLI::App* users =
      add_group(app, "user", "Users of services and of a server: add, list, grant, password, remove, import-htpasswd");
  add_user_changes(users, chosen);
  add_user_lists(users, chosen);
  add_key_commands(app, chosen);
  CLI::App* group = add_group(app, "access", "What an access folder needs now and then: rotate-key");
  add_access_command(
      group, chosen, std::make_shared<AccessCommandOptions>(), "rotate-key",
      "Sign tokens with new keys from now on; those of the keys before stay good until the next time",
      [](AccessCommandOptions& given, const Folder& folder) -> Status {
        SCORIA_TRY_STATUS(access::rotate_signing_keys(folder, doing_now()));
        say(given, "tokens are signed with new keys");
        return Ok{};
      },
      [](AccessCommandOptions& given, Connection& server) -> Status {
        SCORIA_TRY_STATUS(server.send("POST", "/scoria/v1/signingkeys"));
        say(given, "tokens are signed with new keys");
        return Ok{};
      });
}

}  // namespace scoria::cli
