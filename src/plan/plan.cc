#include "plan/plan.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>

#include "base/file.h"
#include "expr/message.h"
#include "plan/read_parts.h"
#include "plan/yaml.h"

namespace scoria::plan {
namespace {

constexpr std::size_t kMaxPlanBytes = 1 << 20;

Result<std::map<std::string, table::Type>> read_types(const YamlPlace& place) {
  std::map<std::string, table::Type> types;
  SCORIA_TRY(entries, place.entries());
  for (const auto& [column, entry] : entries) {
    SCORIA_TRY(word, entry.text());
    if (word == "character" || word == "text") {
      types[column] = table::Type::text;
    } else if (word == "double" || word == "numeric") {
      types[column] = table::Type::real;
    } else if (word == "integer") {
      types[column] = table::Type::integer;
    } else if (word == "logical") {
      types[column] = table::Type::logical;
    } else {
      return entry.error("must be character, double, integer or logical");
    }
  }
  return types;
}

// New names of columns: a list of names, or of {new: old}.
Result<NamedList<std::string>> read_select(const YamlPlace& place) {
  NamedList<std::string> select;
  std::vector<YamlPlace> parts;
  if (place.is_list()) {
    SCORIA_TRY(items, place.items());
    parts = std::move(items);
  } else {
    parts.push_back(place);
  }
  for (const YamlPlace& part : parts) {
    if (part.is_mapping()) {
      SCORIA_TRY(entries, part.entries());
      for (const auto& [name, entry] : entries) {
        SCORIA_TRY(old, entry.text());
        select.emplace_back(name, old);
      }
    } else {
      SCORIA_TRY(name, part.text());
      select.emplace_back(name, name);
    }
    for (std::size_t i = 0; i + 1 < select.size(); ++i) {
      if (select[i].first == select.back().first) return part.error("'" + select[i].first + "' is named twice");
    }
  }
  if (select.empty()) return place.error("needs at least one column");
  return select;
}

Result<ResultColumns> read_result(const YamlPlace& place) {
  SCORIA_TRY_STATUS(place.only({"mutate", "select"}));
  ResultColumns result;
  if (place.has("mutate")) {
    SCORIA_TRY(definitions, place.at("mutate").expressions());
    result.mutate = std::move(definitions);
  }
  if (place.has("select")) {
    SCORIA_TRY(select, read_select(place.at("select")));
    result.select = std::move(select);
  }
  return result;
}

// Series of the output and the column that tells their flagged rows.
Result<Report> read_flag_report(const YamlPlace& place) {
  SCORIA_TRY_STATUS(place.only({"flag", "value", "time", "keys"}));
  Report report;
  SCORIA_TRY(flag, place.at("flag").text());
  if (flag.empty()) return place.at("flag").error("must name a column of the output");
  SCORIA_TRY(value_place, place.required("value"));
  SCORIA_TRY(value, value_place.text());
  SCORIA_TRY(time_place, place.required("time"));
  SCORIA_TRY(time, time_place.text());
  SCORIA_TRY(keys_place, place.required("keys"));
  SCORIA_TRY(keys, keys_place.texts());
  report.flag = std::move(flag);
  report.value = std::move(value);
  report.time = std::move(time);
  report.keys = std::move(keys);
  return report;
}

Result<Report> read_report(const YamlPlace& place) {
  if (place.is_mapping() && place.has("flag")) return read_flag_report(place);
  SCORIA_TRY_STATUS(place.only({"history", "value", "actual"}));
  Report report;
  SCORIA_TRY(history_place, place.required("history"));
  SCORIA_TRY(history, history_place.text());
  SCORIA_TRY(value_place, place.required("value"));
  SCORIA_TRY(value, value_place.text());
  report.history = std::move(history);
  report.value = std::move(value);
  if (place.has("actual")) {
    SCORIA_TRY(actual, place.at("actual").text_template());
    report.actual = std::move(actual);
  }
  return report;
}

// Names of inputs that the features and the report speak of must exist.
Status check_inputs(const Plan& plan, const YamlPlace& root) {
  const auto is_input = [&](const std::string& name) {
    return std::any_of(plan.inputs.begin(), plan.inputs.end(), [&](const auto& input) { return input.first == name; });
  };
  const auto no_input = [&](const YamlPlace& place, const std::string& name) {
    std::vector<std::string> known;
    for (const auto& [input, pattern] : plan.inputs) known.push_back(input);
    return place.error("there is no input '" + name + "'; " + expr::suggestion(name, known));
  };
  for (const std::string& name : plan.features.from) {
    if (!is_input(name)) return no_input(root.at("features").at("from"), name);
  }
  const std::vector<PrepareStep>& steps = plan.features.prepare;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Join* join = std::get_if<Join>(&steps[i].action);
    if (join == nullptr || is_input(join->input)) continue;
    SCORIA_TRY(items, root.at("features").at("prepare").items());
    return no_input(items[i].at("join"), join->input);
  }
  if (plan.report && plan.report->flag.empty() && !is_input(plan.report->history)) {
    return no_input(root.at("report").at("history"), plan.report->history);
  }
  for (const auto& [name, pattern] : plan.inputs) {
    if (plan.partition.empty() || pattern.is_pattern_of(plan.partition)) continue;
    if (!pattern.names().empty()) {
      return root.at("input").at(name).error("may only hold {" + plan.partition + "}, the partition's name");
    }
  }
  return Ok{};
}

Result<Plan> read_root(const YamlPlace& root) {
  SCORIA_TRY_STATUS(root.only({"name", "partition", "input", "types", "each", "features", "models", "let", "columns",
                               "result", "output", "split", "report"}));
  Plan plan;
  SCORIA_TRY(name_place, root.required("name"));
  SCORIA_TRY(name, name_place.text());
  plan.name = std::move(name);
  if (root.has("partition")) {
    SCORIA_TRY(partition, root.at("partition").text());
    plan.partition = std::move(partition);
  }
  SCORIA_TRY(input_place, root.required("input"));
  SCORIA_TRY(inputs, input_place.entries());
  for (const auto& [input, place] : inputs) {
    SCORIA_TRY(pattern, place.text_template());
    plan.inputs.emplace_back(input, std::move(pattern));
  }
  if (plan.inputs.empty()) return input_place.error("needs at least one input");
  if (root.has("types")) {
    SCORIA_TRY(types, read_types(root.at("types")));
    plan.types = std::move(types);
  }
  if (root.has("each")) {
    SCORIA_TRY(entries, root.at("each").entries());
    for (const auto& [variable, place] : entries) {
      SCORIA_TRY(values, place.values());
      plan.each.emplace_back(variable, values);
    }
  }
  SCORIA_TRY(features_place, root.required("features"));
  SCORIA_TRY(features, read_features(features_place));
  plan.features = std::move(features);
  SCORIA_TRY(models_place, root.required("models"));
  std::set<std::string> known;
  if (!plan.partition.empty()) known.insert(plan.partition);
  for (const auto& [variable, values] : plan.each) known.insert(variable);
  SCORIA_TRY(models, read_models(models_place, known));
  plan.models = std::move(models);
  if (root.has("let")) {
    SCORIA_TRY(let, root.at("let").expressions());
    plan.let = std::move(let);
  }
  if (root.has("columns")) {
    SCORIA_TRY(columns, root.at("columns").texts());
    plan.columns = std::move(columns);
  }
  if (root.has("result")) {
    SCORIA_TRY(result, read_result(root.at("result")));
    plan.result = std::move(result);
  }
  SCORIA_TRY(output_place, root.required("output"));
  SCORIA_TRY(output, output_place.text_template());
  plan.output = std::move(output);
  if (!plan.partition.empty() && !plan.output.names().contains(plan.partition)) {
    return output_place.error("must hold {" + plan.partition + "}, or the partitions would overwrite each other");
  }
  if (root.has("split")) {
    SCORIA_TRY(split, root.at("split").text_template());
    if (split.names().empty()) {
      return root.at("split").error("must hold columns of the output in braces: out/store_{store}.csv");
    }
    if (!plan.partition.empty() && !split.names().contains(plan.partition)) {
      return root.at("split").error("must hold {" + plan.partition + "}, or the partitions would overwrite each other");
    }
    plan.split = std::move(split);
  }
  if (root.has("report")) {
    SCORIA_TRY(report, read_report(root.at("report")));
    plan.report = std::move(report);
  }
  SCORIA_TRY_STATUS(check_inputs(plan, root));
  return plan;
}

// What a dotted path's next part names: a key of a mapping, or an item of a list counted from 1. Undefined where there is none.
YAML::Node child(const YAML::Node& node, const std::string& key, bool is_new_allowed) {
  if (node.IsSequence()) {
    std::size_t item = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), item);
    if (error != std::errc{} || *end != 0 || item == 0 || item > node.size())
      return YAML::Node(YAML::NodeType::Undefined);
    return node[item - 1];
  }
  if (!node.IsMap() || key.empty() || (!is_new_allowed && !node[key].IsDefined())) {
    return YAML::Node(YAML::NodeType::Undefined);
  }
  return YAML::Node(node)[key];
}

// Puts a setting's value where its path leads; every key but the last must be there.
Status apply(const Setting& setting, const YAML::Node& root) {
  YAML::Node node = root;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t dot = setting.path.find('.', begin);
    const std::string key = setting.path.substr(begin, dot - begin);
    const bool is_last = dot == std::string::npos;
    const bool is_new_key = is_last && node.IsMap() && !key.empty();
    YAML::Node next = child(node, key, is_new_key);
    if (!is_new_key && !next.IsDefined()) {
      return Error{Code::invalid, "--set " + setting.path + ": the plan has no '" + setting.path.substr(0, dot) + "'"};
    }
    if (is_last) {
      YAML::Node value;
      try {
        value.reset(YAML::Load(setting.value));
      } catch (const YAML::Exception& error) {
        return Error{Code::invalid, "--set " + setting.path + ": '" + setting.value + "', column " +
                                        std::to_string(error.mark.column + 1) + ": " + error.msg};
      }
      if (is_new_key) {
        node[key] = value;
      } else {
        next = value;
      }
      return Ok{};
    }
    node.reset(next);
    begin = dot + 1;
  }
}

}  // namespace

bool Plan::has_groups() const {
  return std::any_of(models.begin(), models.end(), [](const Models& entry) { return !entry.groups.empty(); });
}

Result<Plan> parse_plan(std::string_view text, const std::filesystem::path& file,
                        const std::vector<Setting>& settings) {
  const std::string document = "plan '" + file.string() + "'";
  if (text.size() > kMaxPlanBytes) return Error{Code::too_large, document + ": is larger than 1 MiB"};
  try {
    SCORIA_TRY(root, load_document(std::string(text), document));
    std::vector<std::string> paths;
    for (const Setting& setting : settings) {
      SCORIA_TRY_STATUS(apply(setting, root));
      paths.push_back(setting.path);
    }
    const auto places = std::make_shared<Places>(document, std::string(text), std::move(paths));
    auto plan = read_root(YamlPlace(*places, root, ""));
    if (!plan.ok()) return plan;
    plan.value().file = file;
    plan.value().text = settings.empty() ? std::string(text) : YAML::Dump(root);
    plan.value().places = places;
    return plan;
  } catch (const YAML::Exception& error) {
    return Error{Code::invalid, document + ", line " + std::to_string(error.mark.line + 1) + ", column " +
                                    std::to_string(error.mark.column + 1) + ": " + error.msg};
  }
}

Result<Plan> read_plan(const std::filesystem::path& file, const std::vector<Setting>& settings) {
  SCORIA_TRY(bytes, FileBytes::open(file));
  return parse_plan(bytes.text(), file, settings);
}

}  // namespace scoria::plan
