#include "model/preprocess/sklearn_imputer.h"

#include <cmath>

#include "model/pipeline/sklearn_steps.h"
#include "model/pipeline/sklearn_version.h"
#include "model/preprocess/imputer.h"
#include "pickle/array.h"

namespace scoria::model::preprocess {
namespace {

constexpr pipeline::Version kShowsAllForNone{0, 20};  // a MissingIndicator of columns that had no missing value

using pickle::ElementKind;
using pickle::Kind;

// A number that is NaN fills nothing: its column goes, or keeps its gaps.
Fill number_fill(double number, bool drops_nan) {
  Fill fill{.number = number};
  if (std::isnan(number) && drops_nan) fill.kind = Fill::Kind::dropped;
  return fill;
}

Result<Fill> object_fill(const pickle::Object& object, const pickle::Value& value, bool drops_nan) {
  if (pickle::is_text(value)) return Fill{.kind = Fill::Kind::text, .text = std::string(value.text)};
  if (value.kind == Kind::boolean) return Fill{.kind = Fill::Kind::truth, .number = static_cast<double>(value.integer)};
  if (value.kind == Kind::scalar) {
    if (auto texts = pickle::strings(*value.array); texts.ok()) {
      return Fill{.kind = Fill::Kind::text, .text = std::move(texts).value()[0]};
    }
  }
  auto number = pickle::to_number(value);
  if (!number.ok())
    return object.corrupt("statistics_", "has " + pickle::brief(value) + ", must have numbers or texts");
  Fill fill = number_fill(number.value(), drops_nan);
  if (value.kind == Kind::scalar && value.array->type->kind == ElementKind::boolean) fill.kind = Fill::Kind::truth;
  return fill;
}

Result<std::vector<Fill>> read_fills(const pickle::Object& object, bool drops_nan) {
  SCORIA_TRY(array, object.array("statistics_"));
  if (array->shape.size() != 1 || array->count == 0) {
    return object.corrupt("statistics_", "must have a value for each column");
  }
  std::vector<Fill> fills;
  if (array->type->kind == ElementKind::object) {
    for (const pickle::Value* value : array->objects) {
      SCORIA_TRY(fill, object_fill(object, *value, drops_nan));
      fills.push_back(std::move(fill));
    }
    return fills;
  }
  if (array->type->kind == ElementKind::text) {
    SCORIA_TRY(texts, object.strings("statistics_"));
    for (std::string& text : texts) fills.push_back({.kind = Fill::Kind::text, .text = std::move(text)});
    return fills;
  }
  SCORIA_TRY(numbers, object.numbers("statistics_"));
  for (const double number : numbers) fills.push_back(number_fill(number, drops_nan));
  return fills;
}

Result<std::vector<std::size_t>> read_positions(const pickle::Object& object, std::string_view attribute,
                                                std::size_t count) {
  SCORIA_TRY(read, object.integers(attribute));
  if (read.size() > count) return object.corrupt(attribute, "has more numbers than there are columns");
  std::vector<std::size_t> positions;
  for (const std::int64_t position : read) {
    if (position < 0 || position >= static_cast<std::int64_t>(count)) {
      return object.corrupt(attribute,
                            "has " + std::to_string(position) + " for " + std::to_string(count) + " columns");
    }
    positions.push_back(static_cast<std::size_t>(position));
  }
  return positions;
}

// Whether it was fitted on Python objects, as columns of texts are.
bool takes_objects(const pickle::Object& object, const std::vector<Fill>& fills) {
  if (const pickle::Value* type = object.find("_fit_dtype"); type != nullptr && type->kind == Kind::dtype) {
    return type->type->kind == ElementKind::object;
  }
  for (const Fill& fill : fills) {
    if (fill.kind == Fill::Kind::text) return true;
  }
  auto array = object.array("statistics_");
  return array.ok() && array.value()->type->kind == ElementKind::object;
}

Result<pipeline::Step> make_step(const pickle::Object& object, std::vector<Fill> fills, Imputer::Options options,
                                 const char* class_name) {
  SCORIA_TRY(mark, MissingMark::read(object));
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, fills.size(), step));
  for (std::size_t j = 0; j < fills.size(); ++j) {
    if (fills[j].kind == Fill::Kind::text) step.inputs[j].feature.kind = FeatureKind::factor;
    if (fills[j].kind == Fill::Kind::truth) step.inputs[j].feature.kind = FeatureKind::logical;
  }
  step.transformer = std::make_shared<Imputer>(std::move(mark), std::move(fills), std::move(options), class_name);
  return step;
}

}  // namespace

Result<pipeline::Step> load_simple_imputer(const pickle::Object& object, pipeline::Loading& /*loading*/) {
  SCORIA_TRY(keeps_empty, object.is_on("keep_empty_features"));
  SCORIA_TRY(strategy, object.text("strategy"));
  // Until 1.7 a constant filled columns without any value as well; 1.8 brought _fill_dtype.
  const bool drops_nan = !keeps_empty && (strategy != "constant" || object.find("_fill_dtype") != nullptr);
  SCORIA_TRY(fills, read_fills(object, drops_nan));
  Imputer::Options options;
  options.takes_objects = takes_objects(object, fills);
  options.takes_infinite = options.takes_objects;
  SCORIA_TRY(indicates, object.is_on("add_indicator"));
  if (indicates) {
    SCORIA_TRY(indicator, object.object("indicator_"));
    SCORIA_TRY(indicated, read_positions(indicator, "features_", fills.size()));
    options.indicated = std::move(indicated);
  }
  return make_step(object, std::move(fills), std::move(options), "SimpleImputer");
}

Result<pipeline::Step> load_imputer(const pickle::Object& object, pipeline::Loading& /*loading*/) {
  SCORIA_TRY(axis, object.integer("axis"));
  if (axis != 0) {
    return Error{Code::unsupported, object.name() + ": axis is " + std::to_string(axis) +
                                        ", which fills from the row itself; only axis=0 is read"};
  }
  SCORIA_TRY(fills, read_fills(object, /*drops_nan=*/true));
  return make_step(object, std::move(fills), {.takes_infinite = true}, "Imputer");
}

Result<pipeline::Step> load_missing_indicator(const pickle::Object& object, pipeline::Loading& /*loading*/) {
  constexpr std::int64_t kMost = 1 << 20;
  const std::string_view attribute = object.find("_n_features") != nullptr ? "_n_features" : "n_features_in_";
  SCORIA_TRY(count, object.integer(attribute));
  if (count < 1 || count > kMost) return object.corrupt(attribute, "is no number of columns");
  SCORIA_TRY(mark, MissingMark::read(object));
  SCORIA_TRY(shown, read_positions(object, "features_", static_cast<std::size_t>(count)));
  SCORIA_TRY(features, object.text("features"));
  SCORIA_TRY(is_strict, object.is_on("error_on_new"));
  if (shown.empty() && !is_strict && pipeline::version_of(object) == kShowsAllForNone) {
    for (std::int64_t j = 0; j < count; ++j) shown.push_back(static_cast<std::size_t>(j));
  }
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, static_cast<std::size_t>(count), step));
  step.transformer = std::make_shared<MissingIndicator>(std::move(mark), static_cast<std::size_t>(count),
                                                        std::move(shown), is_strict && features == "missing-only");
  return step;
}

}  // namespace scoria::model::preprocess
