#include "cli/script_options.h"

#include <charconv>

namespace scoria::cli {
namespace {

constexpr std::size_t kMostWorkers = 128;

bool read_number(std::string_view text, std::size_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() && number >= 1 && number <= kMostWorkers;
}

Status read_workers(const std::string& text, serve::script::PoolOptions& pool) {
  if (text.empty()) return Ok{};
  const auto colon = text.find(':');
  const bool is_read = colon == std::string::npos
                           ? read_number(text, pool.least) && read_number(text, pool.most)
                           : read_number(std::string_view(text).substr(0, colon), pool.least) &&
                                 read_number(std::string_view(text).substr(colon + 1), pool.most);
  if (is_read && pool.least <= pool.most) return Ok{};
  return Error{Code::invalid, "--workers " + text + " must be a number, or LEAST:MOST, from 1 to 128, as 2:8"};
}

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<long long>(seconds * 1000));
}

}  // namespace

std::shared_ptr<ScriptArguments> add_script_options(CLI::App& command) {
  auto made = std::make_shared<ScriptArguments>();
  auto& a = *made;
  command.add_option("--runtime", a.runtime, "of a script or model that is not read natively: r or python")
      ->check(CLI::IsMember({"r", "python"}))
      ->group("Scripts");
  command.add_option("--form", a.form, "what a script is (default: what stands in it)")
      ->check(CLI::IsMember({"plumber", "function", "run", "predict"}))
      ->group("Scripts");
  command
      .add_option("--function", a.function, "the script's function for rows (default: score or predict_rows; predict)")
      ->group("Scripts");
  command.add_option("--model", a.model, "a model's file for the script: `model`, or its function's second argument")
      ->group("Scripts");
  command
      .add_option(
          "--sample", a.sample,
          "rows in CSV or JSON, which must be answered: a function's columns, and what --drift is measured against")
      ->group("Scripts");
  command
      .add_option("--packages", a.packages,
                  "packages or modules to load before workers are made, beside the script's own")
      ->delimiter(',')
      ->group("Scripts");
  command.add_option("--program", a.program, "Rscript or python3 (default: of PATH)")->group("Scripts");
  command.add_flag("--rowwise", a.is_rowwise, "an answer's rows depend on their own row alone: requests share calls")
      ->group("Scripts");
  command.add_flag("--no-rowwise", a.is_not_rowwise, "they do not, whatever the script says")->group("Scripts");
  command
      .add_flag("--load-in-each-worker", a.loads_in_each,
                "workers load the script themselves, instead of being forks of one that has")
      ->group("Scripts");
  command.add_flag("--no-network", a.has_no_network, "workers have no network, not even this machine's own addresses")
      ->group("Scripts");
  command.add_option("--workers", a.workers, "warm workers: 5, or 2:8 (default: 1 to the cores)")->group("Scripts");
  command.add_option("--queue", a.queue, "requests that may wait (default: 64 for each worker)")->group("Scripts");
  command.add_option("--batch-rows", a.batch_rows, "rows of one call of a row-wise function")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str()
      ->group("Scripts");
  command.add_option("--timeout", a.timeout_s, "seconds that a request may take")
      ->check(CLI::Range(0.001, 86'400.0))
      ->capture_default_str()
      ->group("Scripts");
  command.add_option("--start-timeout", a.start_timeout_s, "seconds that a worker's start may take")
      ->check(CLI::Range(0.1, 3'600.0))
      ->capture_default_str()
      ->group("Scripts");
  command.add_option("--worker-idle", a.idle_s, "seconds after which a worker that is not needed goes")
      ->check(CLI::Range(0.01, 86'400.0))
      ->capture_default_str()
      ->group("Scripts");
  command.add_option("--worker-calls", a.worker_calls, "calls after which a worker is replaced")
      ->check(CLI::Range(1, 1'000'000'000))
      ->capture_default_str()
      ->group("Scripts");
  command.add_option("--worker-seconds", a.worker_seconds, "age at which a worker is replaced")
      ->check(CLI::Range(1, 31'536'000))
      ->capture_default_str()
      ->group("Scripts");
  command.add_option("--worker-growth-mb", a.worker_growth_mb, "growth beyond its start at which a worker is replaced")
      ->check(CLI::Range(1, 1'048'576))
      ->capture_default_str()
      ->group("Scripts");
  command.add_option("--worker-memory-mb", a.worker_memory_mb, "of data that a worker may have (default: no limit)")
      ->check(CLI::Range(1, 16'777'216))
      ->group("Scripts");
  return made;
}

Result<serve::script::ScriptOptions> script_options(const ScriptArguments& arguments, const std::string& script) {
  serve::script::ScriptOptions options;
  options.wish = {.script = script,
                  .model = arguments.model,
                  .function = arguments.function,
                  .runtime = arguments.runtime,
                  .form = arguments.form};
  if (arguments.is_rowwise && arguments.is_not_rowwise)
    return Error{Code::invalid, "--rowwise and --no-rowwise: give one of them"};
  if (arguments.is_rowwise || arguments.is_not_rowwise) options.wish.rowwise = arguments.is_rowwise ? 1 : 0;
  options.sample = arguments.sample;
  SCORIA_TRY_STATUS(read_workers(arguments.workers, options.pool));
  options.pool.queue = arguments.queue;
  options.pool.idle = milliseconds(arguments.idle_s);
  options.most_rows = arguments.batch_rows;
  options.timeout = milliseconds(arguments.timeout_s);
  options.warm.start_timeout = milliseconds(arguments.start_timeout_s);
  options.warm.preload = arguments.packages;
  options.warm.program = arguments.program;
  options.warm.loads_in_each = arguments.loads_in_each;
  options.warm.has_network = !arguments.has_no_network;
  options.warm.calls = arguments.worker_calls;
  options.warm.seconds = arguments.worker_seconds;
  options.warm.growth_bytes = arguments.worker_growth_mb << 20;
  options.warm.memory_bytes = arguments.worker_memory_mb << 20;
  return options;
}

bool is_script(const ScriptArguments& arguments, const std::string& file) {
  const auto ends = [&](std::string_view end) { return file.ends_with(end); };
  return ends(".R") || ends(".r") || ends(".py") || !arguments.runtime.empty() || !arguments.function.empty() ||
         !arguments.form.empty();
}

Result<std::shared_ptr<serve::script::ScriptService>> open_script(const ScriptArguments& arguments,
                                                                  const std::string& script) {
  SCORIA_TRY(options, script_options(arguments, script));
  return serve::script::ScriptService::open(std::move(options));
}

}  // namespace scoria::cli
