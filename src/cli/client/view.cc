#include "cli/client/view.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <mutex>

#include "base/file.h"
#include "net/url.h"

namespace scoria::cli {
namespace {

// Sleeps until Ctrl-C; true when it came.
bool stopped_within(const std::stop_token& stop, std::chrono::milliseconds time) {
  std::mutex mutex;
  std::condition_variable_any condition;
  std::unique_lock lock(mutex);
  return condition.wait_for(lock, stop, time, [&stop] { return stop.stop_requested(); });
}

Status repeat(const ClientOptions& options, const Context& context,
              const std::function<Result<std::string>(Connection&)>& text) {
  SCORIA_TRY(server, Connection::open(options.where));
  for (;;) {
    SCORIA_TRY(shown, text(server));
    if (options.watch && context.is_terminal) std::fputs("\033[H\033[2J", stdout);  // from the top of a clear screen
    std::fwrite(shown.data(), 1, shown.size(), stdout);
    std::fflush(stdout);
    if (!options.watch || stopped_within(context.stop, std::chrono::seconds(2))) return Ok{};
  }
}

void append_lines(std::string& text, const std::string& path, const Json& value) {
  if (value.is_object()) {
    for (const auto& [name, inner] : value.items()) append_lines(text, path.empty() ? name : path + "/" + name, inner);
    return;
  }
  if (value.is_array() && !value.empty() && value.front().is_object()) {
    for (std::size_t i = 0; i < value.size(); ++i) append_lines(text, path + "/" + std::to_string(i), value[i]);
    return;
  }
  const std::string shown = value.is_string() ? value.get<std::string>() : value.dump();
  text += path + std::string(path.size() < 34 ? 34 - path.size() : 1, ' ') + shown + "\n";
}

}  // namespace

void add_client_options(CLI::App& command, ClientOptions& options, bool watches) {
  command
      .add_option("--server", options.where.server,
                  "the server's URL; who asks from SCORIA_TOKEN, or SCORIA_ACCOUNT and SCORIA_KEY")
      ->group("Server");
  command
      .add_option("--profile", options.where.profile, "a server by the name of its file in ~/.config/scoria/profiles")
      ->group("Server");
  command.add_option("--data", options.where.data, "a server on this machine by its data folder")->group("Server");
  command.add_flag("--json", options.json, "print the API's own JSON");
  if (watches) command.add_flag("--watch", options.watch, "print again every two seconds, until Ctrl-C");
}

std::string text_at(const Json& document, std::string_view path) {
  const Json* at = &document;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string name(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
    if (!at->is_object() || !at->contains(name)) return {};
    at = &(*at)[name];
  }
  if (at->is_null()) return {};
  if (at->is_number_float()) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.3f", at->get<double>());
    return text.data();
  }
  return at->is_string() ? at->get<std::string>() : at->dump();
}

std::string table_text(const std::vector<Column>& columns, const std::vector<Json>& rows) {
  std::vector<std::size_t> widths;
  std::vector<std::vector<std::string>> cells(rows.size() + 1);
  for (const Column& column : columns) {
    cells[0].push_back(column.title);
    std::size_t width = column.title.size();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::string text = text_at(rows[i], column.path);
      // Times to the second are enough for a table.
      if (text.size() == 28 && text[10] == 'T' && text.back() == 'Z') text = text.substr(0, 19) + "Z";
      if (text.empty()) text = "-";
      width = std::max(width, text.size());
      cells[i + 1].push_back(std::move(text));
    }
    widths.push_back(width);
  }
  std::string result;
  for (const auto& line : cells) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      result += line[i];
      if (i + 1 < line.size()) result += std::string(widths[i] - line[i].size() + 2, ' ');
    }
    result += "\n";
  }
  return result;
}

std::string document_text(const Json& document) {
  std::string text;
  append_lines(text, "", document);
  return text;
}

Status show_list(const ClientOptions& options, const Context& context, const std::vector<Column>& columns,
                 const std::function<Result<std::vector<Json>>(Connection&)>& fetch) {
  return repeat(options, context, [&](Connection& server) -> Result<std::string> {
    SCORIA_TRY(items, fetch(server));
    if (options.json) return Json(items).dump(2) + "\n";
    return table_text(columns, items);
  });
}

Status show_one(const ClientOptions& options, const Context& context,
                const std::function<Result<Json>(Connection&)>& fetch) {
  return repeat(options, context, [&](Connection& server) -> Result<std::string> {
    SCORIA_TRY(item, fetch(server));
    item.erase("odata.metadata");
    return options.json ? item.dump(2) + "\n" : document_text(item);
  });
}

CLI::App* add_group(CLI::App& app, const std::string& name, const std::string& about) {
  CLI::App* group = app.add_subcommand(name, about);
  group->require_subcommand(1);
  return group;
}

void on_chosen(CLI::App* command, Command& chosen, const std::shared_ptr<ClientOptions>& options, ClientRun run) {
  const std::string name = command->get_parent()->get_name() + " " + command->get_name();
  command->callback([&chosen, options, name, run = std::move(run)] {
    chosen = {name, [options, run]() -> Status {
                SCORIA_TRY(server, Connection::open(options->where));
                return run(server);
              }};
  });
}

void say(const ClientOptions& options, const std::string& sentence) {
  if (!options.json) std::printf("%s\n", sentence.c_str());
}

std::string join_command_line(const std::vector<std::string>& arguments) {
  std::string line;
  for (const std::string& argument : arguments) {
    if (!line.empty()) line += ' ';
    const bool is_plain = !argument.empty() && argument.find_first_of(" \t\r\n\"'\\$`") == std::string::npos;
    if (is_plain) {
      line += argument;
      continue;
    }
    line += '\'';
    for (const char c : argument) {
      if (c == '\'') {
        line += "'\\''";  // out of the quotes, a quote, and in again
      } else {
        line += c;
      }
    }
    line += '\'';
  }
  return line;
}

Result<std::pair<std::string, std::string>> name_and_value(std::string_view option, std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return Error{Code::invalid, std::string(option) + " '" + std::string(text) + "' must be NAME=VALUE"};
  }
  return std::pair{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

std::string path_of(std::initializer_list<std::string_view> segments) {
  std::string path;
  for (const std::string_view segment : segments) path += "/" + net::percent_encode(segment);
  return path;
}

Result<Json> read_json_body(const std::string& file) {
  std::string text;
  if (file == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    SCORIA_TRY(bytes, FileBytes::open(file));
    text = bytes.text();
  }
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Error{Code::invalid, "'" + file + "' is no JSON object"};
  return json;
}

}  // namespace scoria::cli
