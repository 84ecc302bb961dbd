#include "model/tree/sklearn_hist_categories.h"

#include <cmath>
#include <set>

#include "model/tree/sklearn_boosting_facts.h"

namespace scoria::model::tree {
namespace {

constexpr std::size_t kMostCategories = 256;

bool is_nan(const pickle::Value& value) {
  if (value.kind == pickle::Kind::real) return std::isnan(value.real);
  if (value.kind != pickle::Kind::scalar) return false;
  const auto number = pickle::to_number(value);
  return number.ok() && std::isnan(number.value());
}

Result<std::string> text_of(const pickle::Value& value) {
  if (pickle::is_text(value)) return std::string(value.text);
  if (value.kind != pickle::Kind::scalar) return Error{Code::corrupt, "is no text"};
  SCORIA_TRY(texts, pickle::strings(*value.array));
  return texts[0];
}

// The categories of one feature as OrdinalEncoder keeps them, NaN last where there were missing values.
Result<Categories> read_encoded(const pickle::Object& encoder, const pickle::Value& list) {
  constexpr std::string_view kName = "categories_";
  if (list.kind != pickle::Kind::array || list.array->shape.size() != 1 || list.array->count > kMostCategories) {
    return encoder.corrupt(kName, "must hold arrays of at most " + std::to_string(kMostCategories) + " categories");
  }
  Categories categories;
  if (list.array->type->kind == pickle::ElementKind::object) {
    std::size_t texts = 0;
    std::size_t numbers = 0;
    const auto objects = list.array->objects;
    for (std::size_t i = 0; i < objects.size(); ++i) {
      const pickle::Value& category = *objects[i];
      if (i + 1 == objects.size() && is_nan(category)) break;
      auto text = text_of(category);
      if (text.ok()) {
        categories.texts.push_back(std::move(text).value());
        ++texts;
      } else if (auto number = pickle::to_number(category); number.ok() && !std::isnan(number.value())) {
        categories.numbers.push_back(number.value());
        ++numbers;
      } else {
        return Error{Code::unsupported, encoder.name() + ": attribute 'categories_' has the category " +
                                            pickle::brief(category) + "; texts or numbers are read"};
      }
    }
    if (texts > 0 && numbers > 0) {
      return Error{
          Code::unsupported,
          encoder.name() + ": attribute 'categories_' mixes texts and numbers in one feature; one of them is read"};
    }
    categories.by = texts > 0 ? Categories::By::text : Categories::By::number;
  } else if (auto texts = pickle::to_strings(list); texts.ok()) {
    categories.by = Categories::By::text;
    categories.texts = std::move(texts).value();
  } else {
    auto numbers = pickle::to_numbers(list);
    if (!numbers.ok()) return encoder.corrupt(kName, numbers.error().message);
    categories.by = Categories::By::number;
    categories.numbers = std::move(numbers).value();
    if (!categories.numbers.empty() && std::isnan(categories.numbers.back())) categories.numbers.pop_back();
  }
  const std::set<std::string> distinct(categories.texts.begin(), categories.texts.end());
  if (distinct.size() != categories.texts.size()) return encoder.corrupt(kName, "has a category twice");
  return categories;
}

// The encoder of categories within the estimator's ColumnTransformer: since 1.4.
Result<pickle::Object> find_encoder(const pickle::Object& object) {
  SCORIA_TRY(preprocessor, object.object("_preprocessor"));
  SCORIA_TRY(transformers, preprocessor.get("transformers_"));
  for (const pickle::Value* item : transformers->items) {
    if (item->kind != pickle::Kind::tuple || item->items.size() != 3) continue;
    if (pickle::is_text(*item->items[0], "encoder"))
      return pickle::Object::of(*item->items[1], "the encoder of categories");
  }
  return preprocessor.corrupt("transformers_", "has no 'encoder'");
}

}  // namespace

std::uint32_t HistCategories::top_known(std::size_t feature) const {
  const auto found = known.find(feature);
  if (found == known.end()) return 0;
  std::uint32_t top = 0;
  for (std::uint32_t code = 0; code < 256; ++code) {
    if (found->second[code]) top = code;
  }
  return top;
}

Result<HistCategories> HistCategories::read(const pickle::Object& object, pipeline::Version version) {
  SCORIA_TRY(count, object.integer("n_features_in_"));
  if (count < 1 || count > kMostFeatures) {
    return object.corrupt("n_features_in_",
                          "is " + std::to_string(count) + ", must be 1 to " + std::to_string(kMostFeatures));
  }
  HistCategories result;
  const auto features = static_cast<std::size_t>(count);
  result.categories.resize(features);
  for (std::size_t j = 0; j < features; ++j) result.source_of.push_back(j);
  if (object.find("is_categorical_") == nullptr) return result;  // there are none, or before 0.24

  SCORIA_TRY(flags, object.integers("is_categorical_"));
  if (flags.size() != features) {
    return object.corrupt("is_categorical_", "has " + std::to_string(flags.size()) + " truth values, must have " +
                                                 std::to_string(features));
  }
  std::vector<std::size_t> categorical;
  std::vector<std::size_t> numeric;
  for (std::size_t j = 0; j < features; ++j) (flags[j] != 0 ? categorical : numeric).push_back(j);
  if (categorical.empty()) return result;

  if (object.find("_preprocessor") != nullptr) {
    // Its ColumnTransformer puts categorical features first; nodes and bins count them in that order.
    SCORIA_TRY(encoder, find_encoder(object));
    SCORIA_TRY(lists, encoder.get("categories_"));
    if (lists->kind != pickle::Kind::list || lists->items.size() != categorical.size()) {
      return encoder.corrupt("categories_",
                             "must be a list of the categories of " + std::to_string(categorical.size()) + " features");
    }
    for (std::size_t i = 0; i < categorical.size(); ++i) {
      SCORIA_TRY(categories, read_encoded(encoder, *lists->items[i]));
      result.categories[categorical[i]] = std::move(categories);
    }
    result.source_of = categorical;
    result.source_of.insert(result.source_of.end(), numeric.begin(), numeric.end());
  } else {
    // Negative numbers became missing ones in 1.2; before, they were cut to eight bits like others.
    const bool is_signed = version < pipeline::Version{1, 2};
    for (const std::size_t j : categorical) {
      result.categories[j].by = is_signed ? Categories::By::signed_code : Categories::By::code;
    }
  }

  // The thresholds of a categorical feature are its known categories.
  SCORIA_TRY(mapper, object.object("_bin_mapper"));
  SCORIA_TRY(thresholds, mapper.get("bin_thresholds_"));
  if (thresholds->kind != pickle::Kind::list || thresholds->items.size() != features) {
    return mapper.corrupt("bin_thresholds_", "must be a list of " + std::to_string(features) + " arrays");
  }
  for (std::size_t j = 0; j < features; ++j) {
    const std::size_t source = result.source_of[j];
    if (result.categories[source].by == Categories::By::none) continue;
    auto codes = pickle::to_numbers(*thresholds->items[j]);
    if (!codes.ok()) return mapper.corrupt("bin_thresholds_", codes.error().message);
    std::bitset<256>& known = result.known[source];
    for (const double code : codes.value()) {
      if (!(code >= 0 && code < 256 && code == std::trunc(code))) {
        return mapper.corrupt("bin_thresholds_", "has a category that is no whole number from 0 to 255");
      }
      known.set(static_cast<std::size_t>(code));
    }
  }
  return result;
}

}  // namespace scoria::model::tree
