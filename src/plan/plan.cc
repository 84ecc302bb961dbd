#include "plan/plan.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "base/file.h"
#include "plan/yaml.h"

namespace scoria::plan {
namespace {

constexpr std::size_t kMaxPlanBytes = 1 << 20;

Result<NamedList<expr::Expression>> read_expressions(const YamlPlace& place) {
  NamedList<expr::Expression> result;
  SCORIA_TRY(entries, place.entries());
  for (const auto& [name, entry] : entries) {
    SCORIA_TRY(expression, entry.expression());
    result.emplace_back(name, expression);
  }
  return result;
}

Result<Features> read_features(const YamlPlace& place) {
  SCORIA_TRY_STATUS(place.only({"from", "group_by", "arrange", "mutate", "filter", "drop_incomplete"}));
  Features features;
  SCORIA_TRY(from_place, place.required("from"));
  SCORIA_TRY(from, from_place.texts());
  features.from = std::move(from);
  if (place.has("group_by")) {
    SCORIA_TRY(names, place.at("group_by").texts());
    features.group_by = std::move(names);
  }
  if (place.has("arrange")) {
    SCORIA_TRY(names, place.at("arrange").texts());
    features.arrange = std::move(names);
  }
  if (place.has("mutate")) {
    SCORIA_TRY(definitions, read_expressions(place.at("mutate")));
    features.mutate = std::move(definitions);
  }
  if (place.has("filter")) {
    SCORIA_TRY(condition, place.at("filter").expression());
    features.filter = condition;
  }
  if (place.has("drop_incomplete")) {
    SCORIA_TRY(flag, place.at("drop_incomplete").flag());
    features.drop_incomplete = flag;
  }
  return features;
}

Result<Models> read_models(const YamlPlace& place) {
  Models models;
  SCORIA_TRY(file_place, place.required("file"));
  SCORIA_TRY(file, file_place.text_template());
  SCORIA_TRY(column_place, place.required("column"));
  SCORIA_TRY(column, column_place.text_template());
  models.file = std::move(file);
  models.column = std::move(column);
  SCORIA_TRY(entries, place.entries());
  for (const auto& [name, entry] : entries) {
    if (name == "file" || name == "column") continue;
    if (name == "type") {
      SCORIA_TRY(type, entry.text());
      models.type = std::move(type);
    } else if (name == "parameters") {
      SCORIA_TRY(parameters, entry.entries());
      for (const auto& [parameter, value] : parameters) {
        SCORIA_TRY(text, value.text());
        models.parameters.emplace_back(parameter, text);
      }
    } else if (name == "then") {
      SCORIA_TRY(then, entry.expression());
      models.then = then;
    } else if (name == "sort_across") {
      SCORIA_TRY(flag, entry.flag());
      models.sort_across = flag;
    } else if (models.file.names().contains(name) || models.column.names().contains(name)) {
      SCORIA_TRY(values, entry.values());
      models.variables.emplace_back(name, values);
    } else {
      return entry.error(
          "unknown key '" + name +
          "'; known here: file, column, type, parameters, then, sort_across, and variables that file or column name");
    }
  }
  return models;
}

Result<Report> read_report(const YamlPlace& place) {
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
  for (const std::string& name : plan.features.from) {
    if (!is_input(name)) return root.at("features").at("from").error("there is no input '" + name + "'");
  }
  if (plan.report && !is_input(plan.report->history)) {
    return root.at("report").at("history").error("there is no input '" + plan.report->history + "'");
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
  SCORIA_TRY_STATUS(
      root.only({"name", "partition", "input", "each", "features", "models", "let", "columns", "output", "report"}));
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
  SCORIA_TRY(models, read_models(models_place));
  plan.models = std::move(models);
  if (root.has("let")) {
    SCORIA_TRY(let, read_expressions(root.at("let")));
    plan.let = std::move(let);
  }
  if (root.has("columns")) {
    SCORIA_TRY(columns, root.at("columns").texts());
    plan.columns = std::move(columns);
  }
  SCORIA_TRY(output_place, root.required("output"));
  SCORIA_TRY(output, output_place.text_template());
  plan.output = std::move(output);
  if (!plan.partition.empty() && !plan.output.names().contains(plan.partition)) {
    return output_place.error("must hold {" + plan.partition + "}, or the partitions would overwrite each other");
  }
  if (root.has("report")) {
    SCORIA_TRY(report, read_report(root.at("report")));
    plan.report = std::move(report);
  }
  SCORIA_TRY_STATUS(check_inputs(plan, root));
  return plan;
}

// Puts a setting's value where its path leads; every key but the last must be there.
Status apply(const Setting& setting, YAML::Node root) {
  YAML::Node node = root;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t dot = setting.path.find('.', begin);
    const std::string key = setting.path.substr(begin, dot - begin);
    if (!node.IsMap() || key.empty() || (dot != std::string::npos && !node[key].IsDefined())) {
      return Error{Code::invalid, "--set " + setting.path + ": the plan has no '" + setting.path.substr(0, dot) + "'"};
    }
    if (dot == std::string::npos) {
      node[key] = YAML::Load(setting.value);
      return Ok{};
    }
    node.reset(node[key]);
    begin = dot + 1;
  }
}

}  // namespace

Result<Plan> read_plan(const std::filesystem::path& file, const std::vector<Setting>& settings) {
  SCORIA_TRY(bytes, FileBytes::open(file));
  const std::string document = "plan '" + file.string() + "'";
  if (bytes.text().size() > kMaxPlanBytes) return Error{Code::too_large, document + ": is larger than 1 MiB"};
  try {
    const YAML::Node root = YAML::Load(std::string(bytes.text()));
    for (const Setting& setting : settings) SCORIA_TRY_STATUS(apply(setting, root));
    auto plan = read_root(YamlPlace(document, root, ""));
    if (!plan.ok()) return plan;
    plan.value().file = file;
    plan.value().text = settings.empty() ? std::string(bytes.text()) : YAML::Dump(root);
    return plan;
  } catch (const YAML::Exception& error) {
    return Error{Code::invalid, document + ", line " + std::to_string(error.mark.line + 1) + ", column " +
                                    std::to_string(error.mark.column + 1) + ": " + error.msg};
  }
}

}  // namespace scoria::plan
