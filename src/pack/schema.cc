#include "pack/schema.h"

#include <nlohmann/json.hpp>

namespace scoria::pack {
namespace {

using Json = nlohmann::ordered_json;
using model::pipeline::ClassLabels;
using model::pipeline::Step;

// Fields of enumerations are numbers below `count`.
template <typename Enum>
Enum enum_at(const Json& json, const char* name, int count) {
  const int value = json.at(name).get<int>();
  if (value < 0 || value >= count) {
    throw Json::other_error::create(501, std::string(name) + " is " + std::to_string(value), &json);
  }
  return static_cast<Enum>(value);
}

template <typename Enum>
int number(Enum value) {
  return static_cast<int>(value);
}

Json steps_json(const Schema& schema) {
  Json steps = Json::array();
  for (std::size_t i = 0; i < schema.steps.size(); ++i) {
    const Step& step = schema.steps[i];
    Json names = Json::array();
    Json idle = Json::array();  // positions of columns that need not be there
    for (std::size_t j = 0; j < step.inputs.size(); ++j) {
      names.push_back(step.inputs[j].feature.name);
      if (!step.inputs[j].is_needed) idle.push_back(j);
    }
    steps.push_back({{"class", step.class_name},
                     {"name", schema.class_names[i]},
                     {"columns", std::move(names)},
                     {"named", step.has_names},
                     {"idle", std::move(idle)}});
  }
  return steps;
}

void read_steps(const Json& json, Schema& schema) {
  for (const Json& one : json) {
    Step step;
    step.class_name = one.at("class").get<std::string>();
    step.has_names = one.at("named").get<bool>();
    for (const Json& name : one.at("columns")) step.inputs.push_back({.feature = {.name = name.get<std::string>()}});
    for (const Json& idle : one.at("idle")) step.inputs.at(idle.get<std::size_t>()).is_needed = false;
    schema.steps.push_back(std::move(step));
    schema.class_names.push_back(one.at("name").get<std::string>());
  }
}

std::optional<ClassLabels> read_labels(const Json& json) {
  if (json.is_null()) return std::nullopt;
  const auto kind = enum_at<ClassLabels::Kind>(json, "kind", 4);
  auto numbers = json.at("numbers").get<std::vector<double>>();
  auto names = json.at("names").get<std::vector<std::string>>();
  const bool fits = !names.empty() && numbers.size() == (kind == ClassLabels::Kind::text ? 0 : names.size());
  constexpr double kMost = 2147483647.0;
  for (const double x : numbers) {
    const bool is_whole = x >= -kMost && x <= kMost && x == static_cast<double>(static_cast<std::int64_t>(x));
    if (!fits || (kind == ClassLabels::Kind::whole && !is_whole)) {
      throw Json::other_error::create(501, "labels are not of their kind", &json);
    }
  }
  if (!fits) throw Json::other_error::create(501, "labels do not fit their names", &json);
  return ClassLabels::made_of(kind, std::move(numbers), std::move(names));
}

}  // namespace

std::optional<std::string> to_json(const Schema& schema) {
  const model::Description& of = schema.description;
  Json details = Json::array();
  for (const auto& [name, value] : of.details) details.push_back({name, value});
  Json labels;
  if (schema.labels) {
    labels = {{"kind", number(schema.labels->kind())},
              {"numbers", schema.labels->numbers()},
              {"names", schema.labels->names()}};
  }
  const Json json{{"family", of.family},
                  {"title", of.title},
                  {"package", of.package},
                  {"classes", of.classes},
                  {"details", std::move(details)},
                  {"steps", steps_json(schema)},
                  {"predictor", number(schema.predictor)},
                  {"labels", std::move(labels)},
                  {"task", number(schema.task)},
                  {"one_against_rest", schema.one_against_rest},
                  {"breaks_ties", schema.breaks_ties},
                  {"inverse", number(schema.inverse)},
                  {"probability", number(schema.probability)}};
  try {
    return json.dump();
  } catch (const Json::exception&) {
    return std::nullopt;  // a name that is not UTF-8
  }
}

Result<Schema> read_schema(std::string_view text) {
  Schema schema;
  try {
    const Json json = Json::parse(text);
    schema.description.family = json.at("family").get<std::string>();
    schema.description.title = json.at("title").get<std::string>();
    schema.description.package = json.at("package").get<std::string>();
    schema.description.classes = json.at("classes").get<std::vector<std::string>>();
    for (const Json& one : json.at("details")) {
      schema.description.details.emplace_back(one.at(0).get<std::string>(), one.at(1).get<std::string>());
    }
    read_steps(json.at("steps"), schema);
    schema.predictor = enum_at<PredictorKind>(json, "predictor", 4);
    schema.labels = read_labels(json.at("labels"));
    schema.task = enum_at<model::kernel_machine::SvmTask>(json, "task", 3);
    schema.one_against_rest = json.at("one_against_rest").get<bool>();
    schema.breaks_ties = json.at("breaks_ties").get<bool>();
    schema.inverse = enum_at<model::linear::Inverse>(json, "inverse", 2);
    schema.probability = enum_at<model::linear::Probability>(json, "probability", 4);
  } catch (const Json::exception& error) {
    return Error{Code::corrupt, std::string("a schema cannot be read: ") + error.what()};
  } catch (const std::out_of_range&) {
    return Error{Code::corrupt, "a schema names a column that it does not have"};
  }
  if (schema.steps.empty()) return Error{Code::corrupt, "a schema has no steps"};
  for (const Step& step : schema.steps) {
    if (step.inputs.size() != schema.steps.front().inputs.size() || step.inputs.empty()) {
      return Error{Code::corrupt, "a schema's steps do not fit each other"};
    }
  }
  const bool classifies =
      schema.predictor == PredictorKind::linear_classifier ||
      (schema.predictor == PredictorKind::svm && schema.task == model::kernel_machine::SvmTask::classification);
  if (classifies != schema.labels.has_value() || (classifies && schema.labels->size() != 2)) {
    return Error{Code::corrupt, "a schema's labels do not fit its predictor"};
  }
  return schema;
}

}  // namespace scoria::pack
