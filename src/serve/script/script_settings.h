// The settings of a script behind a URL, described once: for the command line's options, for a version's manifest, and for what refuses a wrong value.
// Threads: plain values.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"

namespace scoria::serve::script {

struct ScriptSettings {
  std::string runtime, form, function;  // empty: by the script
  bool is_rowwise = false, is_not_rowwise = false;
  std::vector<std::string> preload;                   // packages, beside the script's own
  std::uint64_t least_workers = 1, most_workers = 0;  // most 0: the cores
  std::uint64_t queue = 0, batch_rows = 1024;         // queue 0: 64 for each worker
  double timeout_s = 30, start_timeout_s = 60, idle_s = 60;
  std::uint64_t worker_calls = 10'000, worker_seconds = 3600, worker_growth_mb = 2048;
  std::uint64_t worker_memory_mb = 0;  // 0: no limit
  bool loads_in_each = false, has_no_network = false;
};

struct ScriptSetting {
  using Place = std::variant<std::string ScriptSettings::*, bool ScriptSettings::*, std::uint64_t ScriptSettings::*,
                             double ScriptSettings::*, std::vector<std::string> ScriptSettings::*>;
  const char* member;  // in a manifest: "batchRows"
  const char* option;  // of the command line: "--batch-rows"; null: both numbers of workers are --workers
  const char* help;
  Place place;
  double least = 0, most = 0;           // of numbers
  std::vector<std::string> words = {};  // of texts that are one of these
};
std::span<const ScriptSetting> script_settings();

// Null: there is no such member.
const ScriptSetting* find_script_setting(const std::string& member);
// Errors: invalid, naming the member and what it should be.
Status read_script_setting(const ScriptSetting& setting, const nlohmann::json& value, ScriptSettings& into);
nlohmann::json script_setting_value(const ScriptSetting& setting, const ScriptSettings& of);
// What goes beyond one setting: the numbers of workers, --rowwise beside --no-rowwise. Errors: invalid.
Status check_script_settings(const ScriptSettings& settings);

}  // namespace scoria::serve::script
