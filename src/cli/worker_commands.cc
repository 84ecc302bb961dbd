#include "cli/worker_commands.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "worker/host.h"
#include "worker/host_client.h"
#include "worker/kit.h"
#include "worker/package_set.h"

namespace scoria::cli {
namespace {

double megabytes(const nlohmann::json& bytes) { return static_cast<double>(bytes.get<std::uint64_t>()) / 1e6; }

Status start() {
  SCORIA_TRY(host, worker::connect_to_host(/*may_start=*/true));
  SCORIA_TRY(answer, worker::ask_host(host, {{"op", "list"}}));
  SCORIA_TRY(own, worker::own_folder());
  const nlohmann::json line{{"socket", worker::host_socket(own).string()}, {"pid", answer["pid"]}};
  std::printf("%s\n", line.dump().c_str());
  return Ok{};
}

Status list(bool as_json) {
  auto host = worker::connect_to_host(/*may_start=*/false);
  if (!host.ok() && host.error().code == Code::not_found) {
    std::puts(as_json ? R"({"templates": [], "workers": []})"
                      : "No warm workers here: clients start them when they need some.");
    return Ok{};
  }
  if (!host.ok()) return std::move(host).error();
  SCORIA_TRY(answer, worker::ask_host(host.value(), {{"op", "list"}}));
  if (as_json) {
    std::printf("%s\n", answer.dump(2).c_str());
    return Ok{};
  }
  std::printf("%-10s %8s %9s  %s\n", "TEMPLATE", "PID", "MB", "PROGRAM, LOADED");
  for (const auto& one : answer["templates"]) {
    std::printf("%-10s %8d %9.1f  %s  %s\n", one["runtime"].get<std::string>().c_str(), one["pid"].get<int>(),
                megabytes(one["resident_bytes"]), one["program"].get<std::string>().c_str(),
                one["preload"].get<std::string>().c_str());
  }
  std::printf("\n%-10s %8s %9s  %s\n", "WORKER", "PID", "MB", "SECONDS");
  for (const auto& one : answer["workers"]) {
    std::printf("%-10s %8d %9.1f  %lld\n", one["id"].get<std::string>().c_str(), one["pid"].get<int>(),
                megabytes(one["resident_bytes"]), static_cast<long long>(one["seconds"].get<std::int64_t>()));
  }
  return Ok{};
}

Status stop() {
  auto host = worker::connect_to_host(/*may_start=*/false);
  if (!host.ok()) return host.error().code == Code::not_found ? Status(Ok{}) : Status(std::move(host).error());
  SCORIA_TRY(answer, worker::ask_host(host.value(), {{"op", "stop"}}));
  (void)answer;
  return Ok{};
}

struct PackageSetOptions {
  std::string set;
  std::string folder, directory = ".", path;
};

Status build_package_set(const PackageSetOptions& options) {
  SCORIA_TRY(set, worker::read_package_set(options.set, std::filesystem::absolute(options.directory)));
  std::filesystem::path folder = options.folder;
  if (folder.empty()) {
    const char* home = std::getenv("HOME");
    if (home == nullptr || *home != '/') return Error{Code::invalid, "where to? Give --folder, as HOME is not set"};
    folder = std::filesystem::path(home) / ".cache" / "scoria" / "package-sets";
  }
  const char* own_path = std::getenv("PATH");
  const std::string path = !options.path.empty() ? options.path : own_path != nullptr ? own_path : "";
  SCORIA_TRY(library, worker::ensure_package_set(set, std::filesystem::absolute(folder), path));
  std::printf("%s=%s\n", worker::library_variable(set.runtime), library.c_str());
  return Ok{};
}

void add_package_set_command(CLI::App& app, Command& chosen) {
  CLI::App* group = app.add_subcommand(
      "package-set", "R or Python packages in a folder of their own, which pools and jobs name by --packages: build");
  group->require_subcommand(1);
  auto options = std::make_shared<PackageSetOptions>();
  CLI::App* command =
      group->add_subcommand("build", "Build a set, unless it is there, and print the setting that finds it");
  command
      ->add_option("SET", options->set,
                   "\"r: NAME ...\", \"python: NAME==VERSION ...\", an renv.lock, a requirements.txt, or JSON (or its "
                   "file) with runtime, packages, files, debian, repos")
      ->required();
  command->add_option("--folder", options->folder, "where sets are kept (default: ~/.cache/scoria/package-sets)");
  command->add_option("--directory", options->directory, "where the names of files begin (default: here)");
  command->add_option("--path", options->path, "where Rscript or python3 is looked for (default: PATH)");
  command->footer("Example: export $(scoria package-set build 'r: caret gbm'); Rscript fit.R");
  command->callback([&chosen, options] {
    chosen = {"package-set build", [options] { return build_package_set(*options); }};
  });
}

}  // namespace

void add_worker_commands(CLI::App& app, Command& chosen, const Context& context) {
  (void)context;
  // These two are told from others before options are read; here they are for the list of --help.
  app.add_subcommand(
      "call-r", "Run an R script as Rscript would; as a task's command line by a warm process, without the start of R");
  app.add_subcommand("call-py", "Run a Python script as python3 would; as a task's command line by a warm process");
  CLI::App* group = app.add_subcommand(
      "workers", "This machine's warm R and Python workers, which the R and Python packages use: start, list, stop");
  group->require_subcommand(1);
  group->add_subcommand("start", "Start their host where it does not run, and print its socket as JSON")
      ->callback([&chosen] {
        chosen = {"workers start", start};
      });
  CLI::App* listing = group->add_subcommand("list", "Templates in memory, and workers with their age and memory");
  auto as_json = std::make_shared<bool>(false);
  listing->add_flag("--json", *as_json, "as JSON");
  listing->callback([&chosen, as_json] { chosen = {"workers list", [as_json] { return list(*as_json); }}; });
  add_package_set_command(app, chosen);
  group->add_subcommand("stop", "End all of them; calls that run are lost")->callback([&chosen] {
    chosen = {"workers stop", stop};
  });
}

}  // namespace scoria::cli
