#include "model/preprocess/categories.h"

#include <cmath>

#include "pickle/array.h"
#include "pickle/text.h"
#include "table/number_text.h"

namespace scoria::model::preprocess {

using pickle::ElementKind;
using pickle::Kind;
using table::Type;

namespace {

constexpr double kMostExact = 9007199254740992.0;  // 2^53
constexpr std::uint64_t kMostCategories = 1u << 24;

bool is_pandas_na(const pickle::Value& value) {
  return value.kind == Kind::global && value.global->name == "NA" && value.global->module.starts_with("pandas");
}

}  // namespace

void Categories::add_text(std::string text) {
  by_text_.emplace(text, next());
  names_.push_back(std::move(text));
}

void Categories::add_number(double number, std::string name, bool is_truth) {
  if (std::isnan(number)) return add_missing(std::move(name), true);
  by_number_.emplace(number, next());
  all_truth_ = all_truth_ && is_truth;
  names_.push_back(std::move(name));
}

// Of NaN and None the first is what a missing cell is to pandas.
void Categories::add_missing(std::string name, bool is_nan) {
  if (!missing_ || (is_nan && !missing_is_nan_)) {
    missing_ = next();
    missing_is_nan_ = is_nan;
  }
  names_.push_back(std::move(name));
}

// An element of an array of Python objects.
Status Categories::add(const pickle::Value& value) {
  switch (value.kind) {
    case Kind::text:
    case Kind::narrow_text: add_text(std::string(value.text)); return Ok{};
    case Kind::none: add_missing("None", false); return Ok{};
    case Kind::boolean:
      add_number(static_cast<double>(value.integer), value.integer != 0 ? "True" : "False", true);
      return Ok{};
    case Kind::integer:
      if (std::fabs(static_cast<double>(value.integer)) > kMostExact) {
        return Error{Code::unsupported,
                     "has " + std::to_string(value.integer) + ", beyond what a double holds exactly"};
      }
      add_number(static_cast<double>(value.integer), std::to_string(value.integer), false);
      return Ok{};
    case Kind::real: add_number(value.real, pickle::brief(value), false); return Ok{};
    case Kind::scalar: {
      if (auto texts = pickle::strings(*value.array); texts.ok()) {
        add_text(std::move(texts).value()[0]);
        return Ok{};
      }
      SCORIA_TRY(number, pickle::to_number(value));
      add_number(number, pickle::element_text(*value.array, 0), value.array->type->kind == ElementKind::boolean);
      return Ok{};
    }
    default: break;
  }
  if (is_pandas_na(value)) {
    add_missing("<NA>", false);
    return Ok{};
  }
  return Error{Code::unsupported,
               "has " + pickle::brief(value) + "; categories that are read: texts, numbers, truth values, None"};
}

Result<Categories> Categories::read(const pickle::Value& array, const pickle::Object& object,
                                    std::string_view attribute) {
  if (array.kind != Kind::array || array.array->shape.size() != 1) {
    return object.corrupt(attribute, "must hold one array of categories for each column");
  }
  const pickle::Array& values = *array.array;
  if (values.count > kMostCategories) {
    return Error{Code::too_large, object.name() + ": a column has more than 2^24 categories"};
  }
  Categories categories;
  categories.names_.reserve(values.count);
  switch (values.type->kind) {
    case ElementKind::object:
      for (const pickle::Value* value : values.objects) {
        if (const Status added = categories.add(*value); !added.ok()) {
          const Error failed = object.corrupt(attribute, added.error().message);
          return Error{added.error().code, failed.message};
        }
      }
      break;
    case ElementKind::text:
    case ElementKind::bytes: {
      SCORIA_TRY(texts, pickle::strings(values));
      for (std::string& text : texts) categories.add_text(std::move(text));
      break;
    }
    case ElementKind::boolean:
    case ElementKind::signed_integer:
    case ElementKind::unsigned_integer:
    case ElementKind::real: {
      SCORIA_TRY(numbers, pickle::numbers(values));
      const bool is_whole = values.type->kind != ElementKind::real;
      const bool is_truth = values.type->kind == ElementKind::boolean;
      for (std::uint64_t i = 0; i < numbers.size(); ++i) {
        if (is_whole && std::fabs(numbers[i]) > kMostExact) {
          return Error{Code::unsupported,
                       object.corrupt(attribute, "has whole numbers beyond what a double holds exactly").message};
        }
        categories.add_number(numbers[i], pickle::element_text(values, i), is_truth);
      }
      break;
    }
    default:
      return Error{Code::unsupported,
                   object
                       .corrupt(attribute, "holds " + pickle::type_name(*values.type) +
                                               "; categories that are read: texts, numbers, truth values")
                       .message};
  }
  categories.read_texts_as_numbers();
  return categories;
}

Categories Categories::of_numbers(const std::vector<double>& numbers) {
  Categories categories;
  for (const double number : numbers) categories.add_number(number, pickle::number_text(number), false);
  return categories;
}

void Categories::read_texts_as_numbers() {
  if (!by_number_.empty()) return;
  for (const auto& [text, position] : by_text_) {
    const auto number = table::parse_real(text);
    if (!number || std::isnan(*number)) continue;
    const auto [at, is_new] = texts_as_numbers_.emplace(*number, position);
    if (!is_new) at->second = kUnknown;  // "1" and "1.0": only the text tells them apart
  }
}

FeatureKind Categories::kind() const {
  if (!by_text_.empty()) return FeatureKind::factor;
  return !by_number_.empty() && all_truth_ ? FeatureKind::logical : FeatureKind::number;
}

std::int32_t Categories::of_text(std::string_view text) const {
  if (const auto found = by_text_.find(text); found != by_text_.end()) return found->second;
  if (text.empty()) return of_missing();
  // Of a column of texts and numbers, which is read as text.
  if (!by_text_.empty() && !by_number_.empty()) {
    if (const auto number = table::parse_real(text); number && !std::isnan(*number)) return of_number(*number);
  }
  return kUnknown;
}

std::int32_t Categories::of_number(double number) const {
  if (std::isnan(number)) return of_missing();
  const auto& numbers = by_number_.empty() ? texts_as_numbers_ : by_number_;
  const auto found = numbers.find(number);
  return found == numbers.end() ? kUnknown : found->second;
}

std::vector<std::int32_t> Categories::of_column(const table::Column& column) const {
  std::vector<std::int32_t> codes(column.size(), kUnknown);
  const auto fill = [&](auto&& of_row) {
    for (std::size_t row = 0; row < codes.size(); ++row) {
      codes[row] = column.is_null(row) ? of_missing() : of_row(row);
    }
  };
  switch (column.type()) {
    case Type::text: fill([&](std::size_t row) { return of_text(column.text_at(row)); }); break;
    case Type::factor: {
      std::vector<std::int32_t> by_level;
      for (const std::string& level : column.levels()) by_level.push_back(of_text(level));
      fill([&](std::size_t row) { return by_level[static_cast<std::size_t>(column.codes()[row])]; });
      break;
    }
    case Type::real: fill([&](std::size_t row) { return of_number(column.reals()[row]); }); break;
    case Type::integer: fill([&](std::size_t row) { return of_number(column.integers()[row]); }); break;
    case Type::logical: {
      const auto of_truth = [&](bool truth) {
        return by_number_.empty() ? of_text(truth ? "True" : "False") : of_number(truth ? 1 : 0);
      };
      const std::int32_t of_false = of_truth(false);
      const std::int32_t of_true = of_truth(true);
      fill([&](std::size_t row) { return column.logicals()[row] != 0 ? of_true : of_false; });
      break;
    }
  }
  return codes;
}

}  // namespace scoria::model::preprocess
