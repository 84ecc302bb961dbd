#include "serve/script/script_settings.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace scoria::serve::script {
namespace {

using Json = nlohmann::json;
using S = ScriptSettings;

// Stored manifests may have up to 256, which was the bound once; a pool takes more than kMostWorkers (worker_pool.h) for that many.
constexpr double kMostWorkersStored = 256, kYear = 31'536'000;
constexpr std::size_t kMostNames = 10'000, kMostText = 4096;

const std::vector<ScriptSetting>& all() {
  static const std::vector<ScriptSetting> made = {
      {"runtime",
       "--runtime",
       "of a script or model that is not read natively: r or python",
       &S::runtime,
       0,
       0,
       {"r", "python"}},
      {"form",
       "--form",
       "what a script is (default: what stands in it)",
       &S::form,
       0,
       0,
       {"plumber", "function", "run", "predict"}},
      {"function", "--function", "the script's function for rows (default: score or predict_rows; predict)",
       &S::function},
      {"rowWise", "--rowwise,--row-wise", "an answer's rows depend on their own row alone: requests share calls",
       &S::is_rowwise},
      {"notRowWise", "--no-rowwise", "they do not, whatever the script says", &S::is_not_rowwise},
      {"preload", "--packages,--preload", "packages or modules to load before the script, beside its own", &S::preload},
      {"leastWorkers", nullptr, "", &S::least_workers, 1, kMostWorkersStored},
      {"mostWorkers", nullptr, "", &S::most_workers, 0, kMostWorkersStored},
      {"loadInEachWorker", "--load-in-each-worker",
       "workers load the script themselves, instead of being forks of one that has", &S::loads_in_each},
      {"noNetwork", "--no-network", "workers have no network, not even this machine's own addresses",
       &S::has_no_network},
      {"queue", "--queue", "requests that may wait (default: 64 for each worker)", &S::queue, 0, 1'000'000},
      {"batchRows", "--batch-rows", "rows of one call of a row-wise function", &S::batch_rows, 1, 1'000'000},
      {"timeoutSeconds", "--timeout", "seconds that a request may take", &S::timeout_s, 0.001, 86'400},
      {"startTimeoutSeconds", "--start-timeout", "seconds that a worker's start may take", &S::start_timeout_s, 0.1,
       3600},
      {"workerIdleSeconds", "--worker-idle", "seconds after which a worker that is not needed goes", &S::idle_s, 0.01,
       86'400},
      {"workerCalls", "--worker-calls", "calls after which a worker is replaced", &S::worker_calls, 1, 1e9},
      {"workerSeconds", "--worker-seconds", "age at which a worker is replaced", &S::worker_seconds, 1, kYear},
      {"workerGrowthMb", "--worker-growth-mb", "growth in MB beyond its start, at which a worker is replaced",
       &S::worker_growth_mb, 1, 1'048'576},
      {"workerMemoryMb", "--worker-memory-mb", "MB of data that a worker may have (default: no limit)",
       &S::worker_memory_mb, 0, 16'777'216},
  };
  return made;
}

Error wrong(const ScriptSetting& setting, const std::string& should) {
  return Error{Code::invalid, "\"" + std::string(setting.member) + "\" must be " + should};
}

// Without ".0" where it is a whole one.
std::string text_of(double number) {
  const auto whole = static_cast<long long>(number);
  return static_cast<double>(whole) == number ? std::to_string(whole) : Json(number).dump();
}

std::string bounds(const ScriptSetting& setting) {
  return "from " + text_of(setting.least) + " to " + text_of(setting.most);
}

bool is_within(const ScriptSetting& setting, const Json& value) {
  return value.get<double>() >= setting.least && value.get<double>() <= setting.most;
}

struct SettingsReader {
  const ScriptSetting& setting;
  const Json& value;
  ScriptSettings& into;

  Status operator()(std::string S::*place) const {
    if (!value.is_string() || value.get_ref<const std::string&>().size() > kMostText)
      return wrong(setting, "a text of at most 4,096 bytes");
    const auto text = value.get<std::string>();
    const auto& words = setting.words;
    if (!text.empty() && !words.empty() && std::find(words.begin(), words.end(), text) == words.end()) {
      std::string known;
      for (const auto& word : words)
        known += (known.empty() ? "\"" : word == words.back() ? " or \"" : ", \"") + word + "\"";
      return wrong(setting, known);
    }
    into.*place = text;
    return Ok{};
  }
  Status operator()(bool S::*place) const {
    if (!value.is_boolean()) return wrong(setting, "true or false");
    into.*place = value.get<bool>();
    return Ok{};
  }
  Status operator()(std::uint64_t S::*place) const {
    if (!value.is_number_integer() || !is_within(setting, value))
      return wrong(setting, "a whole number " + bounds(setting));
    into.*place = value.get<std::uint64_t>();
    return Ok{};
  }
  Status operator()(double S::*place) const {
    if (!value.is_number() || !is_within(setting, value)) return wrong(setting, "a number " + bounds(setting));
    into.*place = value.get<double>();
    return Ok{};
  }
  Status operator()(std::vector<std::string> S::*place) const {
    const bool is_list = value.is_array() && value.size() <= kMostNames &&
                         std::all_of(value.begin(), value.end(), [](const Json& one) { return one.is_string(); });
    if (!is_list) return wrong(setting, "a list of names");
    into.*place = value.get<std::vector<std::string>>();
    return Ok{};
  }
};

}  // namespace

std::span<const ScriptSetting> script_settings() { return all(); }

const ScriptSetting* find_script_setting(const std::string& member) {
  const auto found = std::find_if(all().begin(), all().end(), [&](const auto& one) { return member == one.member; });
  return found == all().end() ? nullptr : &*found;
}

Status read_script_setting(const ScriptSetting& setting, const Json& value, ScriptSettings& into) {
  return std::visit(SettingsReader{setting, value, into}, setting.place);
}

Json script_setting_value(const ScriptSetting& setting, const ScriptSettings& of) {
  return std::visit([&](auto place) { return Json(of.*place); }, setting.place);
}

Status check_script_settings(const ScriptSettings& settings) {
  if (settings.most_workers != 0 && settings.most_workers < settings.least_workers)
    return Error{Code::invalid, "\"mostWorkers\" must be at least \"leastWorkers\""};
  if (settings.is_rowwise && settings.is_not_rowwise)
    return Error{Code::invalid, "a script is row-wise (--rowwise) or not (--no-rowwise): give one of them"};
  return Ok{};
}

}  // namespace scoria::serve::script
