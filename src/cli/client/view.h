// How answers of a server are shown: a table on a terminal, the API's own JSON with --json, again and again with --watch.
// Threads: one call at a time.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/client/connection.h"
#include "cli/command.h"
#include "cli/context.h"

namespace scoria::cli {

// Options that every command of a client has.
struct ClientOptions {
  ServerChoice where;
  bool json = false;
  bool watch = false;
};

// Adds --server, --profile, --data and --json to a command; `watches`: --watch, too.
void add_client_options(CLI::App& command, ClientOptions& options, bool watches = false);

struct Column {
  std::string title;
  std::string path;  // "executionInfo/exitCode"; a value that is missing is shown as "-"
};

// What stands under a path of a document, as text; empty where nothing does.
std::string text_at(const Json& document, std::string_view path);

// Rows under their titles, columns as wide as they need to be.
std::string table_text(const std::vector<Column>& columns, const std::vector<Json>& rows);
// One document: a line for each of its values, nested ones by path.
std::string document_text(const Json& document);

// Prints what `fetch` brings; with --watch every two seconds until Ctrl-C.
Status show_list(const ClientOptions& options, const Context& context, const std::vector<Column>& columns,
                 const std::function<Result<std::vector<Json>>(Connection&)>& fetch);
Status show_one(const ClientOptions& options, const Context& context,
                const std::function<Result<Json>(Connection&)>& fetch);

// A group of commands ("pool") and one command of it; its callback sets `chosen` to `run` with a connection opened.
CLI::App* add_group(CLI::App& app, const std::string& name, const std::string& about);
using ClientRun = std::function<Status(Connection&)>;
void on_chosen(CLI::App* command, Command& chosen, const std::shared_ptr<ClientOptions>& options, ClientRun run);

// A sentence for people on standard output, unless --json asked for JSON.
void say(const ClientOptions& options, const std::string& sentence);

// Arguments as one command line that splits into the same arguments again (spec/command_line.h).
std::string join_command_line(const std::vector<std::string>& arguments);
// "NAME=VALUE" of an option. Errors: invalid, naming the option.
Result<std::pair<std::string, std::string>> name_and_value(std::string_view option, std::string_view text);
// A path's segments, percent-encoded: "/pools/" + id.
std::string path_of(std::initializer_list<std::string_view> segments);
// A JSON file's content, "-" is standard input. Errors: invalid.
Result<Json> read_json_body(const std::string& file);

}  // namespace scoria::cli
