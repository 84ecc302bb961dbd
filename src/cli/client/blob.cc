// `scoria blob ...`
#include <cstdio>
#include <filesystem>

#include "cli/client/blob_list.h"
#include "cli/client/commands.h"
#include "cli/client/view.h"
#include "cli/numbers.h"

namespace scoria::cli {
namespace {

struct BlobOptions : ClientOptions {
  std::string container;
  std::string name;
  std::vector<std::string> files;
  std::string prefix;
  std::string permissions = "r";
  std::string to = ".";
  bool create = true;
};

void add_container_commands(CLI::App& group, Command& chosen) {
  for (const bool deletes : {false, true}) {
    auto options = std::make_shared<BlobOptions>();
    CLI::App* command = deletes ? group.add_subcommand("delete-container", "Delete a container with all its blobs")
                                : group.add_subcommand("create-container", "Make a container");
    command->add_option("CONTAINER", options->container)->required();
    add_client_options(*command, *options);
    on_chosen(command, chosen, options, [options, deletes](Connection& server) -> Status {
      SCORIA_TRY_STATUS(server.blob(deletes ? "DELETE" : "PUT", path_of({options->container}) + "?restype=container"));
      say(*options, "container " + options->container + (deletes ? " is deleted" : " is made"));
      return Ok{};
    });
  }
  auto options = std::make_shared<BlobOptions>();
  CLI::App* command = group.add_subcommand("containers", "List the containers");
  add_client_options(*command, *options);
  on_chosen(command, chosen, options, [options](Connection& server) -> Status {
    std::string marker;
    Json names = Json::array();
    do {
      SCORIA_TRY(answer, server.blob("GET", "/?comp=list" + (marker.empty() ? "" : "&marker=" + marker)));
      const BlobPage page = parse_blob_page(answer.body);
      for (const auto& [name, size] : page.items) names.push_back(name);
      marker = page.next;
    } while (!marker.empty());
    if (options->json) std::printf("%s\n", names.dump(2).c_str());
    for (const Json& name : names) say(*options, name.get<std::string>());
    return Ok{};
  });
}

void add_upload(CLI::App& group, Command& chosen) {
  auto options = std::make_shared<BlobOptions>();
  CLI::App* command =
      group.add_subcommand("upload", "Put files, or folders with all that is in them, into a container");
  command->add_option("CONTAINER", options->container, "made when it is not there")->required();
  command->add_option("FILE", options->files)->required();
  command->add_option("--prefix", options->prefix, "before each name, such as data/");
  add_client_options(*command, *options);
  on_chosen(command, chosen, options, [options](Connection& server) -> Status {
    auto made = server.blob("PUT", path_of({options->container}) + "?restype=container");
    if (!made.ok() && made.error().api_code != "ContainerAlreadyExists") return std::move(made).error();
    for (const std::string& file : options->files) {
      const std::filesystem::path path = file;
      std::vector<std::pair<std::filesystem::path, std::string>> found;
      std::error_code error;
      if (std::filesystem::is_directory(path, error)) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(path, error)) {
          if (entry.is_regular_file())
            found.emplace_back(entry.path(), std::filesystem::relative(entry.path(), path).string());
        }
        if (error) return Error{Code::unavailable, "cannot list '" + file + "': " + error.message()};
      } else {
        found.emplace_back(path, path.filename().string());
      }
      for (const auto& [from, name] : found) {
        SCORIA_TRY_STATUS(server.put_blob_file(options->container, options->prefix + name, from));
        say(*options, options->container + "/" + options->prefix + name);
      }
    }
    return Ok{};
  });
}

}  // namespace

void add_blob_commands(CLI::App& app, Command& chosen, const Context& /*context*/) {
  CLI::App* group = add_group(app, "blob", "Stored files: containers, upload, list, download, url, delete");
  add_container_commands(*group, chosen);
  add_upload(*group, chosen);
  {
    auto options = std::make_shared<BlobOptions>();
    CLI::App* command = group->add_subcommand("list", "List a container's blobs");
    command->add_option("CONTAINER", options->container)->required();
    command->add_option("--prefix", options->prefix, "only names that begin so");
    add_client_options(*command, *options);
    on_chosen(command, chosen, options, [options](Connection& server) -> Status {
      SCORIA_TRY(items, server.list_blobs(options->container, options->prefix));
      Json all = Json::array();
      for (const auto& [name, size] : items) {
        all.push_back({{"name", name}, {"size", size}});
        if (!options->json) std::printf("%15s  %s\n", with_commas(size).c_str(), name.c_str());
      }
      if (options->json) std::printf("%s\n", all.dump(2).c_str());
      return Ok{};
    });
  }
  {
    auto options = std::make_shared<BlobOptions>();
    CLI::App* command = group->add_subcommand("download", "Bring blobs: one, or all that begin with a prefix");
    command->add_option("CONTAINER", options->container)->required();
    command->add_option("NAME", options->name, "one blob; without it all, or those below --prefix");
    command->add_option("--prefix", options->prefix, "those whose names begin so");
    command->add_option("--to", options->to, "folder to put them into")->capture_default_str();
    add_client_options(*command, *options);
    on_chosen(command, chosen, options, [options](Connection& server) -> Status {
      std::vector<std::string> names;
      if (!options->name.empty()) {
        names.push_back(options->name);
      } else {
        SCORIA_TRY(items, server.list_blobs(options->container, options->prefix));
        for (const auto& [name, size] : items) names.push_back(name);
      }
      for (const std::string& name : names) {
        const std::filesystem::path relative = std::filesystem::path(name).lexically_normal();
        if (relative.is_absolute() || relative.string().starts_with("..")) {
          return Error{Code::denied, "blob '" + name + "' would leave the folder '" + options->to + "'"};
        }
        SCORIA_TRY_STATUS(
            server.get_blob_file(options->container, name, std::filesystem::path(options->to) / relative));
        say(*options, (std::filesystem::path(options->to) / relative).string());
      }
      return Ok{};
    });
  }
  {
    auto options = std::make_shared<BlobOptions>();
    CLI::App* command = group->add_subcommand("url", "A container's URL with a signature, for seven days");
    command->add_option("CONTAINER", options->container)->required();
    command->add_option("--permissions", options->permissions, "r read, w write, l list, d delete, a add, c create")
        ->capture_default_str();
    add_client_options(*command, *options);
    on_chosen(command, chosen, options, [options](Connection& server) -> Status {
      std::printf("%s\n", server.container_url(options->container, options->permissions).c_str());
      return Ok{};
    });
  }
  {
    auto options = std::make_shared<BlobOptions>();
    CLI::App* command = group->add_subcommand("delete", "Delete one blob");
    command->add_option("CONTAINER", options->container)->required();
    command->add_option("NAME", options->name)->required();
    add_client_options(*command, *options);
    on_chosen(command, chosen, options, [options](Connection& server) -> Status {
      SCORIA_TRY_STATUS(server.blob("DELETE", path_of({options->container}) + path_of({options->name})));
      say(*options, options->container + "/" + options->name + " is deleted");
      return Ok{};
    });
  }
}

}  // namespace scoria::cli
