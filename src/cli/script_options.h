// The options of a script behind a URL, for every command that serves one. Threads: as CLI11.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "serve/script/script_service.h"

namespace scoria::cli {

struct ScriptArguments {
  std::string model, function, runtime, form, sample, workers, program;
  bool is_rowwise = false, is_not_rowwise = false, loads_in_each = false, has_no_network = false;
  std::size_t queue = 0, batch_rows = 1024;
  double timeout_s = 30, start_timeout_s = 60, idle_s = 60;
  std::uint64_t worker_calls = 10'000, worker_seconds = 3600, worker_growth_mb = 2048, worker_memory_mb = 0;
  std::vector<std::string> packages;
};

std::shared_ptr<ScriptArguments> add_script_options(CLI::App& command);

// Errors: invalid, naming the option.
Result<serve::script::ScriptOptions> script_options(const ScriptArguments& arguments, const std::string& script);

// Whether a file is to be served as a script: by its name (.R, .py), or because the caller names a runtime, function or form.
bool is_script(const ScriptArguments& arguments, const std::string& file);

// As open() of these options.
Result<std::shared_ptr<serve::script::ScriptService>> open_script(const ScriptArguments& arguments,
                                                                  const std::string& script);

}  // namespace scoria::cli
