// `scoria file ...`: files of tasks and nodes.
#include <cstdio>
#include <filesystem>

#include "base/file.h"
#include "cli/client/commands.h"
#include "cli/client/view.h"

namespace scoria::cli {
namespace {

struct FileOptions : ClientOptions {
  std::string owner;  // "JOB/TASK", or "node:POOL/NODE"
  std::string path;
  std::string to;
};

// "/jobs/J/tasks/T", "/pools/P/nodes/N". Errors: invalid.
Result<std::string> owner_path(const std::string& owner) {
  const bool is_node = owner.starts_with("node:");
  const std::string rest = is_node ? owner.substr(5) : owner;
  const std::size_t slash = rest.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == rest.size()) {
    return Error{Code::invalid, "'" + owner + "' must be JOB/TASK, or node:POOL/NODE"};
  }
  const std::string first = rest.substr(0, slash);
  const std::string second = rest.substr(slash + 1);
  return is_node ? path_of({"pools", first, "nodes", second}) : path_of({"jobs", first, "tasks", second});
}

std::string file_path(const std::string& owner, const std::string& path) { return owner + "/files" + path_of({path}); }

class OutputSink final : public net::BodySink {
 public:
  explicit OutputSink(std::FILE* file) : file_(file) {}
  Status write(std::span<const std::byte> bytes) override {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size()) return Ok{};
    return Error{Code::unavailable, "cannot write standard output"};
  }

 private:
  std::FILE* file_;
};

class SavedSink final : public net::BodySink {
 public:
  explicit SavedSink(AtomicFile file) : file_(std::move(file)) {}
  Status write(std::span<const std::byte> bytes) override {
    return file_.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  Status commit() { return file_.commit(); }

 private:
  AtomicFile file_;
};

}  // namespace

void add_file_commands(CLI::App& app, Command& chosen, const Context& context) {
  CLI::App* group = add_group(app, "file", "Files of tasks and nodes: list, get, delete");
  {
    auto options = std::make_shared<FileOptions>();
    CLI::App* command = group->add_subcommand("list", "List what a task or node has");
    command->add_option("OWNER", options->owner, "JOB/TASK, or node:POOL/NODE")->required();
    add_client_options(*command, *options, /*watches=*/true);
    on_chosen(command, chosen, options, [options, &context](Connection&) {
      return show_list(
          *options, context,
          {{"FILE", "name"}, {"SIZE", "properties/contentLength"}, {"MODIFIED", "properties/lastModified"}},
          [options](Connection& server) -> Result<std::vector<Json>> {
            SCORIA_TRY(owner, owner_path(options->owner));
            return server.list(owner + "/files", {{"recursive", "true"}});
          });
    });
  }
  {
    auto options = std::make_shared<FileOptions>();
    CLI::App* command = group->add_subcommand("get", "Bring one file");
    command->add_option("OWNER", options->owner, "JOB/TASK, or node:POOL/NODE")->required();
    command->add_option("PATH", options->path, "such as stdout.txt or wd/result.csv")->required();
    command->add_option("--to", options->to, "where to write it (default: standard output)");
    add_client_options(*command, *options);
    on_chosen(command, chosen, options, [options](Connection& server) -> Status {
      SCORIA_TRY(owner, owner_path(options->owner));
      if (options->to.empty()) {
        OutputSink sink(stdout);
        return server.download(file_path(owner, options->path), sink);
      }
      SCORIA_TRY(file, AtomicFile::create(options->to));
      SavedSink sink(std::move(file));
      SCORIA_TRY_STATUS(server.download(file_path(owner, options->path), sink));
      return sink.commit();
    });
  }
  {
    auto options = std::make_shared<FileOptions>();
    CLI::App* command = group->add_subcommand("delete", "Delete one file");
    command->add_option("OWNER", options->owner, "JOB/TASK, or node:POOL/NODE")->required();
    command->add_option("PATH", options->path)->required();
    add_client_options(*command, *options);
    on_chosen(command, chosen, options, [options](Connection& server) -> Status {
      SCORIA_TRY(owner, owner_path(options->owner));
      SCORIA_TRY_STATUS(server.send("DELETE", file_path(owner, options->path)));
      say(*options, options->path + " is deleted");
      return Ok{};
    });
  }
}

}  // namespace scoria::cli
