#include "cli/script_options.h"

#include <charconv>

namespace scoria::cli {
namespace {

using serve::script::ScriptSetting;
using serve::script::ScriptSettings;

constexpr const char* kGroup = "Scripts";

bool read_number(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

Status read_workers(const std::string& text, ScriptSettings& settings) {
  if (text.empty()) return Ok{};
  const auto colon = text.find(':');
  const std::string_view first = std::string_view(text).substr(0, colon);
  const std::string_view second = colon == std::string::npos ? first : std::string_view(text).substr(colon + 1);
  const bool is_read = read_number(first, settings.least_workers) && read_number(second, settings.most_workers);
  if (is_read && settings.least_workers >= 1 && settings.least_workers <= settings.most_workers &&
      settings.most_workers <= serve::script::kMostWorkers)
    return Ok{};
  return Error{Code::invalid, "--workers " + text + " must be a number, or LEAST:MOST, from 1 to " +
                                  std::to_string(serve::script::kMostWorkers) + ", as 2:8"};
}

struct Adder {
  CLI::App& command;
  const ScriptSetting& setting;
  ScriptSettings& into;

  void operator()(bool ScriptSettings::*place) const {
    command.add_flag(setting.option, into.*place, setting.help)->group(kGroup);
  }
  void operator()(std::string ScriptSettings::*place) const {
    auto* option = command.add_option(setting.option, into.*place, setting.help)->group(kGroup);
    if (!setting.words.empty()) option->check(CLI::IsMember(setting.words));
  }
  void operator()(std::vector<std::string> ScriptSettings::*place) const {
    command.add_option(setting.option, into.*place, setting.help)->delimiter(',')->group(kGroup);
  }
  template <typename Number>
  void operator()(Number ScriptSettings::*place) const {
    auto* option = command.add_option(setting.option, into.*place, setting.help)->group(kGroup);
    option->check(CLI::Range(static_cast<Number>(setting.least), static_cast<Number>(setting.most)));
    if (into.*place != 0) option->capture_default_str();
  }
};

}  // namespace

void add_script_settings(CLI::App& command, ScriptArguments& arguments) {
  for (const ScriptSetting& setting : serve::script::script_settings()) {
    if (setting.option != nullptr) std::visit(Adder{command, setting, arguments.settings}, setting.place);
  }
  command.add_option("--workers", arguments.workers, "warm workers: 5, or 2:8 (default: 1 to the cores)")
      ->group(kGroup);
}

std::shared_ptr<ScriptArguments> add_script_options(CLI::App& command) {
  auto made = std::make_shared<ScriptArguments>();
  command
      .add_option("--model", made->model, "a model's file for the script: `model`, or its function's second argument")
      ->group(kGroup);
  command
      .add_option(
          "--sample", made->sample,
          "rows in CSV or JSON, which must be answered: a function's columns, and what --drift is measured against")
      ->group(kGroup);
  command.add_option("--program", made->program, "Rscript or python3 (default: of PATH)")->group(kGroup);
  add_script_settings(command, *made);
  return made;
}

Result<ScriptSettings> script_settings_of(const ScriptArguments& arguments) {
  ScriptSettings settings = arguments.settings;
  SCORIA_TRY_STATUS(read_workers(arguments.workers, settings));
  SCORIA_TRY_STATUS(serve::script::check_script_settings(settings));
  return settings;
}

Result<serve::script::ScriptOptions> script_options(const ScriptArguments& arguments, const std::string& script) {
  SCORIA_TRY(settings, script_settings_of(arguments));
  serve::script::ScriptOptions options = serve::script::options_of(settings);
  options.wish.script = script;
  options.wish.model = arguments.model;
  options.sample = arguments.sample;
  options.warm.program = arguments.program;
  return options;
}

bool is_script(const ScriptArguments& arguments, const std::string& file) {
  const auto ends = [&](std::string_view end) { return file.ends_with(end); };
  const ScriptSettings& settings = arguments.settings;
  return ends(".R") || ends(".r") || ends(".py") || !settings.runtime.empty() || !settings.function.empty() ||
         !settings.form.empty();
}

}  // namespace scoria::cli
