#include "model/preprocess/sklearn_encoder.h"

#include <cmath>

#include "base/na.h"
#include "model/pipeline/sklearn_steps.h"
#include "model/pipeline/sklearn_version.h"
#include "model/preprocess/encoder.h"
#include "model/preprocess/names.h"
#include "pickle/array.h"

namespace scoria::model::preprocess {
namespace {

constexpr pipeline::Version kTakesMissing{0, 24};
constexpr pipeline::Version kWarnsAndGroups{1, 8};  // before, handle_unknown='warn' did not reach the infrequent ones

using pickle::Kind;
using Positions = std::vector<std::int64_t>;

Error not_done(const pickle::Object& object, const std::string& option) {
  return Error{Code::unsupported, object.name() + ": " + option};
}

// The elements of a list, a tuple or an array of Python objects.
Result<std::span<const pickle::Value* const>> elements(const pickle::Object& object, std::string_view attribute,
                                                       std::size_t count) {
  SCORIA_TRY(found, object.get(attribute));
  std::span<const pickle::Value* const> items;
  if (found->kind == Kind::list || found->kind == Kind::tuple) items = found->items;
  if (found->kind == Kind::array) items = found->array->objects;
  if (items.size() != count) {
    return object.corrupt(attribute, "must have an element for each of " + std::to_string(count) + " columns");
  }
  return items;
}

Result<std::vector<Categories>> read_categories(const pickle::Object& object) {
  SCORIA_TRY(found, object.get("categories_"));
  if ((found->kind != Kind::list && found->kind != Kind::tuple) || found->items.empty()) {
    return object.corrupt("categories_", "must be a list of arrays, one for each column");
  }
  std::vector<Categories> all;
  std::size_t total = 0;
  for (const pickle::Value* array : found->items) {
    total += std::max<std::size_t>(array->size(), 1);
    if (total > kMostColumns) {
      return Error{Code::too_large, object.name() + " has more than " + std::to_string(kMostColumns) + " categories"};
    }
    SCORIA_TRY(categories, Categories::read(*array, object, "categories_"));
    all.push_back(std::move(categories));
  }
  return all;
}

Result<pipeline::Step> with_inputs(const pickle::Object& object, const std::vector<Categories>& categories) {
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, categories.size(), step));
  for (std::size_t j = 0; j < categories.size(); ++j) {
    step.inputs[j].feature.kind = categories[j].kind();
    if (categories[j].kind() == FeatureKind::factor) step.inputs[j].feature.levels = categories[j].names();
  }
  return step;
}

// Infrequent categories become one behind the others; NaN keeps its place where it stays apart.
struct Grouping {
  std::vector<std::int64_t> groups;  // of each category
  std::size_t count = 0;             // of groups
  std::optional<std::size_t> infrequent;
};

Result<std::vector<Grouping>> read_groupings(const pickle::Object& object, const std::vector<Categories>& categories,
                                             bool nan_is_apart) {
  std::vector<Grouping> all(categories.size());
  for (std::size_t j = 0; j < all.size(); ++j) {
    all[j].count = categories[j].size();
    for (std::size_t i = 0; i < all[j].count; ++i) all[j].groups.push_back(static_cast<std::int64_t>(i));
  }
  if (object.find("_infrequent_enabled") == nullptr) return all;
  SCORIA_TRY(is_enabled, object.truth("_infrequent_enabled"));
  if (!is_enabled) return all;
  SCORIA_TRY(mappings, elements(object, "_default_to_infrequent_mappings", all.size()));
  for (std::size_t j = 0; j < all.size(); ++j) {
    if (mappings[j]->kind == Kind::none) continue;
    auto read = mappings[j]->kind == Kind::array ? pickle::integers(*mappings[j]->array) : Positions{};
    if (!read.ok()) return object.corrupt("_default_to_infrequent_mappings", read.error().message);
    const Positions& mapping = read.value();
    const std::size_t expected = categories[j].size() - (nan_is_apart && categories[j].nan() ? 1 : 0);
    if (mapping.size() != expected || mapping.empty()) {
      return object.corrupt("_default_to_infrequent_mappings", "must have a number for each category");
    }
    std::int64_t last = 0;
    for (const std::int64_t group : mapping) {
      if (group < 0 || group >= static_cast<std::int64_t>(mapping.size())) {
        return object.corrupt("_default_to_infrequent_mappings",
                              "has " + std::to_string(group) + ", must be 0 to " + std::to_string(mapping.size() - 1));
      }
      last = std::max(last, group);
    }
    for (std::size_t i = 0; i < mapping.size(); ++i) all[j].groups[i] = mapping[i];
    all[j].infrequent = static_cast<std::size_t>(last);
    all[j].count = all[j].infrequent.value() + 1;
  }
  return all;
}

// The group that is left out of each column's outputs, or none.
Result<std::vector<std::optional<std::size_t>>> read_dropped(const pickle::Object& object,
                                                             const std::vector<Grouping>& groupings) {
  std::vector<std::optional<std::size_t>> dropped(groupings.size());
  // scikit-learn 1.2 and later: among groups. Before there were groups, and in 1.1, the two are the same.
  const std::string_view attribute =
      object.find("_drop_idx_after_grouping") != nullptr ? "_drop_idx_after_grouping" : "drop_idx_";
  const pickle::Value* found = object.find(attribute);
  if (found == nullptr) return dropped;
  const auto set = [&](std::size_t j, std::int64_t position) -> Status {
    if (position < 0 || position >= static_cast<std::int64_t>(groupings[j].count)) {
      return object.corrupt(attribute, "has " + std::to_string(position) + " for a column of " +
                                           std::to_string(groupings[j].count) + " categories");
    }
    dropped[j] = static_cast<std::size_t>(position);
    return Ok{};
  };
  if (found->kind == Kind::array && found->array->type->kind != pickle::ElementKind::object) {
    SCORIA_TRY(positions, object.integers(attribute));
    if (positions.size() != dropped.size()) return object.corrupt(attribute, "must have one number for each column");
    for (std::size_t j = 0; j < dropped.size(); ++j) SCORIA_TRY_STATUS(set(j, positions[j]));
    return dropped;
  }
  SCORIA_TRY(items, elements(object, attribute, dropped.size()));
  for (std::size_t j = 0; j < dropped.size(); ++j) {
    if (items[j]->kind == Kind::none) continue;
    auto position = pickle::to_integer(*items[j]);
    if (!position.ok()) return object.corrupt(attribute, position.error().message);
    SCORIA_TRY_STATUS(set(j, position.value()));
  }
  return dropped;
}

OneHotColumn one_hot_column(Categories categories, const Grouping& grouping, std::optional<std::size_t> dropped,
                            bool unknown_is_infrequent) {
  OneHotColumn column;
  const auto output_of = [&](std::size_t group) {
    if (dropped && group == *dropped) return OneHotColumn::kNone;
    return static_cast<std::int32_t>(group - (dropped && group > *dropped ? 1 : 0));
  };
  column.names.resize(grouping.count - (dropped ? 1 : 0));
  for (std::size_t i = 0; i < categories.size(); ++i) {
    const auto group = static_cast<std::size_t>(grouping.groups[i]);
    const std::int32_t output = output_of(group);
    column.outputs.push_back(output);
    if (output >= 0) {
      column.names[static_cast<std::size_t>(output)] =
          grouping.infrequent == group ? "infrequent_sklearn" : categories.names()[i];
    }
  }
  if (unknown_is_infrequent && grouping.infrequent) column.unknown = output_of(*grouping.infrequent);
  column.categories = std::move(categories);
  return column;
}

Result<std::string> handle_unknown(const pickle::Object& object, std::initializer_list<std::string_view> known) {
  SCORIA_TRY(how, object.text("handle_unknown"));
  for (const std::string_view one : known) {
    if (how == one) return how;
  }
  return not_done(object, "handle_unknown is '" + how + "', which is not known");
}

// Whether a missing value is refused also where unknown categories are not.
bool refuses_missing(const pickle::Object& object) {
  const pipeline::Version version = pipeline::version_of(object);
  return version != pipeline::Version{} && version < kTakesMissing;
}

// Before 0.20 an encoder took whole numbers from 0 up, and kept no categories.
Result<pipeline::Step> load_numbers_only(const pickle::Object& object) {
  SCORIA_TRY(starts, object.integers("feature_indices_"));
  SCORIA_TRY(unknown, handle_unknown(object, {"error", "ignore"}));
  if (const pickle::Value* chosen = object.find("categorical_features");
      chosen != nullptr && !pickle::is_text(*chosen, "all")) {
    return not_done(object, "categorical_features other than 'all' is not read; scikit-learn dropped it in 0.22");
  }
  const bool keeps_all = object.find("active_features_") == nullptr;
  Positions active;
  if (!keeps_all) {
    SCORIA_TRY(read, object.integers("active_features_"));
    active = std::move(read);
  }
  if (starts.size() < 2 || starts[0] != 0)
    return object.corrupt("feature_indices_", "must begin with 0 and end behind the last");
  std::vector<OneHotColumn> columns;
  std::vector<Categories> all;
  std::size_t next = 0;
  for (std::size_t j = 0; j + 1 < starts.size(); ++j) {
    if (starts[j + 1] <= starts[j] || starts[j + 1] > static_cast<std::int64_t>(kMostColumns)) {
      return object.corrupt("feature_indices_", "must increase, to " + std::to_string(kMostColumns) + " at most");
    }
    OneHotColumn column;
    std::vector<double> values;
    for (std::int64_t feature = starts[j]; feature < starts[j + 1]; ++feature) {
      const bool is_active = keeps_all || (next < active.size() && active[next] == feature);
      if (is_active) ++next;
      const double value = static_cast<double>(feature - starts[j]);
      values.push_back(value);
      // A number below the largest that no row had is no error even where unknown ones are: it has no column.
      column.outputs.push_back(is_active ? static_cast<std::int32_t>(column.names.size()) : OneHotColumn::kNone);
      if (is_active) column.names.push_back(std::to_string(feature - starts[j]));
    }
    column.categories = Categories::of_numbers(values);
    column.refuses_unknown = unknown == "error";
    all.push_back(column.categories);
    columns.push_back(std::move(column));
  }
  if (!keeps_all && next != active.size())
    return object.corrupt("active_features_", "must increase, within feature_indices_");
  SCORIA_TRY(step, with_inputs(object, all));
  step.transformer = std::make_shared<OneHot>(std::move(columns), "OneHotEncoder");
  return step;
}

}  // namespace

Result<pipeline::Step> load_one_hot_encoder(const pickle::Object& object, pipeline::Loading& /*loading*/) {
  if (object.find("categories_") == nullptr && object.find("feature_indices_") != nullptr) {
    return load_numbers_only(object);
  }
  SCORIA_TRY(categories, read_categories(object));
  SCORIA_TRY(unknown, handle_unknown(object, {"error", "ignore", "infrequent_if_exist", "warn"}));
  SCORIA_TRY(groupings, read_groupings(object, categories, /*nan_is_apart=*/false));
  SCORIA_TRY(dropped, read_dropped(object, groupings));
  SCORIA_TRY(step, with_inputs(object, categories));
  std::vector<OneHotColumn> columns;
  const bool unknown_is_infrequent =
      unknown == "infrequent_if_exist" || (unknown == "warn" && pipeline::version_of(object) >= kWarnsAndGroups);
  for (std::size_t j = 0; j < categories.size(); ++j) {
    columns.push_back(one_hot_column(std::move(categories[j]), groupings[j], dropped[j], unknown_is_infrequent));
    columns.back().refuses_unknown = unknown == "error";
    columns.back().refuses_missing = refuses_missing(object);
  }
  step.transformer = std::make_shared<OneHot>(std::move(columns), "OneHotEncoder");
  return step;
}

Result<pipeline::Step> load_ordinal_encoder(const pickle::Object& object, pipeline::Loading& /*loading*/) {
  SCORIA_TRY(categories, read_categories(object));
  std::string unknown = "error";
  if (object.find("handle_unknown") != nullptr) {  // since 0.24
    SCORIA_TRY(how, handle_unknown(object, {"error", "use_encoded_value"}));
    unknown = how;
  }
  SCORIA_TRY(groupings, read_groupings(object, categories, /*nan_is_apart=*/true));
  double unknown_code = na_real();
  if (unknown == "use_encoded_value") {
    SCORIA_TRY(code, object.number("unknown_value"));
    if (!std::isnan(code)) unknown_code = code;
  }
  double missing_code = na_real();  // until 1.1 always
  if (object.find("encoded_missing_value") != nullptr) {
    SCORIA_TRY(code, object.number("encoded_missing_value"));
    if (!std::isnan(code)) missing_code = code;
  }
  SCORIA_TRY(step, with_inputs(object, categories));
  std::vector<OrdinalColumn> columns;
  for (std::size_t j = 0; j < categories.size(); ++j) {
    OrdinalColumn column{.unknown = unknown_code, .refuses_unknown = unknown == "error"};
    for (const std::int64_t group : groupings[j].groups) column.codes.push_back(static_cast<double>(group));
    if (const auto nan = categories[j].nan()) column.codes[static_cast<std::size_t>(*nan)] = missing_code;
    column.categories = std::move(categories[j]);
    columns.push_back(std::move(column));
  }
  step.transformer = std::make_shared<Ordinal>(std::move(columns), "OrdinalEncoder");
  return step;
}

}  // namespace scoria::model::preprocess
