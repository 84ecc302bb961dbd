#include "model/preprocess/sklearn_columns.h"

#include "model/pipeline/sklearn_steps.h"
#include "model/preprocess/branches.h"
#include "model/preprocess/names.h"
#include "model/preprocess/selection.h"

namespace scoria::model::preprocess {
namespace {

using pickle::Kind;
using pickle::Value;
using pipeline::Input;
using pipeline::Step;

Error too_many(const pickle::Object& object) {
  return Error{Code::too_large, object.name() + " has more than " + std::to_string(kMostColumns) + " columns"};
}

// A transformer's reading of a column, added to what others read of it: text where any wants text.
void add_reader(const Input& reader, Input& input) {
  if (!reader.is_needed) return;
  const bool wants_text = reader.feature.kind == FeatureKind::factor || reader.feature.kind == FeatureKind::ordered;
  const bool has_text = input.feature.kind == FeatureKind::factor || input.feature.kind == FeatureKind::ordered;
  if (wants_text) {
    input.feature.kind = reader.feature.kind;
    if (input.feature.levels.empty()) input.feature.levels = reader.feature.levels;
  } else if (!has_text) {
    input.feature.kind = input.is_needed ? FeatureKind::number : reader.feature.kind;
  }
  input.is_needed = true;
}

struct Gathered {
  Step step;  // its inputs are known from the start, and not needed until a branch reads them
  std::vector<Branch> branches;
  std::size_t width = 0;
  std::size_t selected = 0;
};

// `transformer`: an estimator, "passthrough" or None.
Status add_branch(const pickle::Object& object, std::string_view attribute, const Value& transformer,
                  const std::string& name, Branch branch, int depth, Gathered& all) {
  all.selected += branch.columns.size();
  if (all.selected > kMostColumns) return too_many(object);
  std::size_t width = branch.columns.size();
  if (pickle::is_text(transformer, "passthrough")) {
    for (const std::size_t position : branch.columns) add_reader(Input{}, all.step.inputs[position]);
  } else {
    SCORIA_TRY(step, pipeline::load_step(transformer, "'" + name + "' of " + object.name(), depth + 1));
    if (step.transformer == nullptr) {
      return object.corrupt(attribute, "has a " + step.class_name + ", which transforms nothing");
    }
    if (step.takes_any_count) step.inputs.resize(branch.columns.size());
    if (step.inputs.size() != branch.columns.size()) {
      return object.corrupt(attribute, "gives " + std::to_string(branch.columns.size()) + " columns to '" + name +
                                           "' (" + step.class_name + "), which was fitted on " +
                                           std::to_string(step.inputs.size()));
    }
    std::vector<std::string> names;
    for (std::size_t i = 0; i < branch.columns.size(); ++i) {
      Input& input = all.step.inputs[branch.columns[i]];
      add_reader(step.inputs[i], input);
      names.push_back(input.feature.name);
    }
    width = step.transformer->names_out(names).size();
    branch.transformer = std::move(step.transformer);
  }
  all.width += width;
  if (all.width > kMostColumns) return too_many(object);
  all.branches.push_back(std::move(branch));
  return Ok{};
}

Result<double> weight_of(const pickle::Object& object, const std::string& name) {
  const Value* weights = object.find("transformer_weights");
  const Value* found = weights == nullptr ? nullptr : pickle::member(*weights, name);
  if (found == nullptr || found->kind == Kind::none) return 1.0;
  auto weight = pickle::to_number(*found);
  if (!weight.ok()) return object.corrupt("transformer_weights", weight.error().message);
  return weight.value();
}

// scikit-learn's option says whether names of what is made begin with the transformer's.
bool prefixes_names(const pickle::Object& object) {
  const Value* option = object.find("verbose_feature_names_out");
  return option == nullptr || option->kind != Kind::boolean || option->integer != 0;
}

// The names of the columns it was fitted on, however this version keeps them; none where it was fitted on an array.
std::vector<std::string> fitted_names(const pickle::Object& object) {
  for (const std::string_view attribute : {"feature_names_in_", "_feature_names_in", "_df_columns"}) {
    const Value* found = object.find(attribute);
    if (found == nullptr) continue;
    if (auto names = column_names(*found); names.ok()) return std::move(names).value();
  }
  return {};
}

Result<Step> fitted_inputs(const pickle::Object& object) {
  const std::vector<std::string> names = fitted_names(object);
  std::size_t count = names.size();
  for (const std::string_view attribute : {"n_features_in_", "_n_features"}) {
    if (object.find(attribute) == nullptr) continue;
    SCORIA_TRY(stated, object.integer(attribute));
    if (stated < 1 || stated > static_cast<std::int64_t>(kMostColumns))
      return object.corrupt(attribute, "is no number of columns");
    if (!names.empty() && static_cast<std::size_t>(stated) != count) {
      return object.corrupt(attribute,
                            "is " + std::to_string(stated) + ", and there are " + std::to_string(count) + " names");
    }
    count = static_cast<std::size_t>(stated);
    break;
  }
  if (count == 0) {
    return Error{
        Code::unsupported,
        object.name() + " does not say how many columns it was fitted on; fit it with scikit-learn 0.21 or later"};
  }
  Step step;
  step.has_names = !names.empty();
  for (std::size_t i = 0; i < count; ++i) {
    step.inputs.push_back(
        {.feature = {.name = step.has_names ? names[i] : "x" + std::to_string(i)}, .is_needed = false});
  }
  return step;
}

}  // namespace

Result<Step> load_column_transformer(const pickle::Object& object, int depth) {
  constexpr std::string_view kList = "transformers_";
  SCORIA_TRY(step, fitted_inputs(object));
  Gathered all{.step = std::move(step)};
  const std::size_t count = all.step.inputs.size();
  std::vector<std::string> names;
  if (all.step.has_names) {
    for (const Input& input : all.step.inputs) names.push_back(input.feature.name);
  }
  SCORIA_TRY(listed, object.get(kList));
  if (listed->kind != Kind::list) return object.corrupt(kList, "must be a list of names, transformers and columns");
  const Value* resolved = object.find("_transformer_to_input_indices");  // since 1.0
  for (const Value* entry : listed->items) {
    if (entry->kind != Kind::tuple || entry->items.size() != 3 || !pickle::is_text(*entry->items[0])) {
      return object.corrupt(kList, "must be a list of names, transformers and columns");
    }
    const std::string name(entry->items[0]->text);
    const Value& transformer = *entry->items[1];
    if (pickle::is_text(transformer, "drop")) continue;
    const Value* positions = resolved == nullptr ? nullptr : pickle::member(*resolved, name);
    auto chosen = selected_columns(positions != nullptr ? *positions : *entry->items[2], names, count);
    if (!chosen.ok())
      return Error{chosen.error().code, object.corrupt(kList, chosen.error().message + " of '" + name + "'").message};
    if (chosen.value().empty()) continue;  // its transformer was not fitted
    SCORIA_TRY(weight, weight_of(object, name));
    Branch branch{.prefix = prefixes_names(object) ? name : "", .columns = std::move(chosen).value(), .weight = weight};
    SCORIA_TRY_STATUS(add_branch(object, kList, transformer, name, std::move(branch), depth, all));
  }
  all.step.transformer = std::make_shared<Branches>(std::move(all.branches), count);
  return std::move(all.step);
}

Result<Step> load_feature_union(const pickle::Object& object, int depth) {
  constexpr std::string_view kList = "transformer_list";
  SCORIA_TRY(listed, object.get(kList));
  if (listed->kind != Kind::list && listed->kind != Kind::tuple)
    return object.corrupt(kList, "must be a list of names and transformers");
  struct Member {
    std::string name;
    const Value* transformer;
  };
  std::vector<Member> members;
  Gathered all;
  for (const Value* entry : listed->items) {
    if (entry->kind != Kind::tuple || entry->items.size() != 2 || !pickle::is_text(*entry->items[0])) {
      return object.corrupt(kList, "must be a list of names and transformers");
    }
    const Value& transformer = *entry->items[1];
    if (transformer.kind == Kind::none || pickle::is_text(transformer, "drop")) continue;
    members.push_back({std::string(entry->items[0]->text), &transformer});
    if (!all.step.inputs.empty() || pickle::is_text(transformer, "passthrough")) continue;
    // The first that knows its columns tells which all get.
    SCORIA_TRY(first, pipeline::load_step(transformer, "'" + members.back().name + "' of " + object.name(), depth + 1));
    all.step.inputs = first.inputs;
    all.step.has_names = first.has_names;
  }
  if (all.step.inputs.empty()) {
    return Error{Code::unsupported,
                 object.name() + " holds no transformer that says how many columns it was fitted on"};
  }
  const std::size_t count = all.step.inputs.size();
  if (count > kMostColumns) return too_many(object);
  for (Input& input : all.step.inputs) input = {.feature = {.name = input.feature.name}, .is_needed = false};
  for (const Member& member : members) {
    SCORIA_TRY(weight, weight_of(object, member.name));
    Branch branch{.prefix = prefixes_names(object) ? member.name : "", .weight = weight};
    if (all.selected + count > kMostColumns) return too_many(object);
    for (std::size_t i = 0; i < count; ++i) branch.columns.push_back(i);
    SCORIA_TRY_STATUS(add_branch(object, kList, *member.transformer, member.name, std::move(branch), depth, all));
  }
  all.step.transformer = std::make_shared<Branches>(std::move(all.branches), count);
  return std::move(all.step);
}

}  // namespace scoria::model::preprocess
