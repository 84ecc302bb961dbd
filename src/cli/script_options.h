// The options of a script behind a URL, for every command that serves or deploys one: what script_settings() describes, and files. Threads: as CLI11.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "base/result.h"
#include "serve/script/script_service.h"
#include "serve/script/script_settings.h"

namespace scoria::cli {

struct ScriptArguments {
  serve::script::ScriptSettings settings;
  std::string workers;                 // "5", "2:8"; see read_workers()
  std::string model, sample, program;  // of `scoria serve`
};

// The settings alone. `arguments` lives as long as the command.
void add_script_settings(CLI::App& command, ScriptArguments& arguments);
std::shared_ptr<ScriptArguments> add_script_options(CLI::App& command);

// The settings, checked, with the numbers of workers. Errors: invalid, naming the option.
Result<serve::script::ScriptSettings> script_settings_of(const ScriptArguments& arguments);
// Errors: as script_settings_of().
Result<serve::script::ScriptOptions> script_options(const ScriptArguments& arguments, const std::string& script);

// Whether a file is to be served as a script: by its name (.R, .py), or because the caller names a runtime, function or form.
bool is_script(const ScriptArguments& arguments, const std::string& file);

}  // namespace scoria::cli
