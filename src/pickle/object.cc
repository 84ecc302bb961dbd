#include "pickle/object.h"

#include <cmath>

namespace scoria::pickle {
namespace {

// Names of one attribute in different versions of scikit-learn, the newest first. Only those that mean the same.
constexpr std::string_view kNewest[][3] = {
    {"_n_support", "n_support_", ""},                        // SVM; until 0.21
    {"_probA", "probA_", ""},                                // SVM; until 0.21
    {"_probB", "probB_", ""},                                // SVM; until 0.21
    {"_loss", "loss_", "_loss_function"},                    // boosting; SGD
    {"n_features_in_", "n_features_", "n_input_features_"},  // until 0.23
    {"var_", "sigma_", ""},                                  // GaussianNB; until 0.24
    {"estimator_", "base_estimator_", ""},                   // ensembles; until 1.1
    {"estimator", "base_estimator", ""},
};

Error expected(const Value& value, std::string_view wanted) {
  return Error{Code::corrupt, "is " + brief(value) + ", must be " + std::string(wanted)};
}

bool is_array(const Value& value) { return value.kind == Kind::array || value.kind == Kind::scalar; }
bool is_list_or_tuple(const Value& value) { return value.kind == Kind::list || value.kind == Kind::tuple; }

template <typename T, typename Convert>
Result<std::vector<T>> each(const Value& value, Convert convert) {
  std::vector<T> out;
  out.reserve(value.size());
  const auto& items = is_array(value) ? value.array->objects : value.items;
  for (const Value* item : items) {
    SCORIA_TRY(element, convert(*item));
    out.push_back(std::move(element));
  }
  return out;
}

bool holds_objects(const Value& value) { return is_array(value) && value.array->type->kind == ElementKind::object; }

}  // namespace

Result<double> to_number(const Value& value) {
  switch (value.kind) {
    case Kind::boolean:
    case Kind::integer: return static_cast<double>(value.integer);
    case Kind::real: return value.real;
    case Kind::array:
    case Kind::scalar:
      if (value.array->count == 1) {
        if (holds_objects(value)) break;
        SCORIA_TRY(all, numbers(*value.array));
        return all[0];
      }
      break;
    default: break;
  }
  return expected(value, "one number");
}

Result<std::int64_t> to_integer(const Value& value) {
  if (value.kind == Kind::boolean || value.kind == Kind::integer) return value.integer;
  if (is_array(value) && value.array->count == 1 && value.array->type->kind != ElementKind::real &&
      !holds_objects(value)) {
    SCORIA_TRY(all, integers(*value.array));
    return all[0];
  }
  SCORIA_TRY(x, to_number(value));
  if (x != std::trunc(x) || std::abs(x) > 9007199254740992.0) return expected(value, "a whole number");
  return static_cast<std::int64_t>(x);
}

Result<std::vector<double>> to_numbers(const Value& value) {
  if (is_list_or_tuple(value) || holds_objects(value)) return each<double>(value, to_number);
  if (is_array(value)) return numbers(*value.array);
  return expected(value, "numbers");
}

Result<std::vector<std::string>> to_strings(const Value& value) {
  if (is_array(value)) return strings(*value.array);
  if (!is_list_or_tuple(value)) return expected(value, "texts");
  return each<std::string>(value, [](const Value& item) -> Result<std::string> {
    if (is_text(item)) return std::string(item.text);
    if (item.kind != Kind::scalar) return expected(item, "a text");
    SCORIA_TRY(one, strings(*item.array));
    return one[0];
  });
}

Result<Object> Object::of(const Value& value, std::string what) {
  if (value.kind == Kind::record) return Object(value, std::move(what));
  return with_context(what, expected(value, "an object"));
}

const Value* Object::find(std::string_view name) const {
  const auto present = [&](std::string_view key) -> const Value* {
    const Value* found = key.empty() ? nullptr : pickle::attribute(*value_, key);
    return found == nullptr || found->kind == Kind::none ? nullptr : found;
  };
  if (const Value* found = present(name)) return found;
  for (const auto& names : kNewest) {
    if (names[0] != name) continue;
    for (const std::string_view older : names) {
      if (const Value* found = present(older)) return found;
    }
  }
  return nullptr;
}

Error Object::corrupt(std::string_view attribute, const std::string& problem) const {
  return Error{Code::corrupt, what_ + " (" + name() + "): attribute '" + std::string(attribute) + "' " + problem};
}

Result<const Value*> Object::get(std::string_view attribute) const {
  if (const Value* found = find(attribute)) return found;
  return corrupt(attribute, "is absent");
}

Result<Object> Object::object(std::string_view attribute) const {
  SCORIA_TRY(found, get(attribute));
  if (found->kind != Kind::record) return corrupt(attribute, expected(*found, "an object").message);
  return Object(*found, what_ + "." + std::string(attribute));
}

Result<const Array*> Object::array(std::string_view attribute) const {
  SCORIA_TRY(found, get(attribute));
  if (!is_array(*found)) return corrupt(attribute, expected(*found, "a numpy array").message);
  return found->array;
}

Result<std::vector<double>> Object::numbers(std::string_view attribute) const {
  SCORIA_TRY(found, get(attribute));
  auto all = to_numbers(*found);
  if (!all.ok()) return corrupt(attribute, all.error().message);
  return all;
}

Result<std::vector<std::int64_t>> Object::integers(std::string_view attribute) const {
  SCORIA_TRY(found, get(attribute));
  const bool is_plain = is_array(*found) && !holds_objects(*found);
  if (!is_plain && !is_list_or_tuple(*found) && !is_array(*found)) {
    return corrupt(attribute, expected(*found, "whole numbers").message);
  }
  auto all = is_plain ? pickle::integers(*found->array) : each<std::int64_t>(*found, to_integer);
  if (!all.ok()) return corrupt(attribute, all.error().message);
  return all;
}

Result<std::vector<std::string>> Object::strings(std::string_view attribute) const {
  SCORIA_TRY(found, get(attribute));
  auto all = to_strings(*found);
  if (!all.ok()) return corrupt(attribute, all.error().message);
  return all;
}

Result<double> Object::number(std::string_view attribute) const {
  SCORIA_TRY(found, get(attribute));
  auto x = to_number(*found);
  if (!x.ok()) return corrupt(attribute, x.error().message);
  return x;
}

Result<std::int64_t> Object::integer(std::string_view attribute) const {
  SCORIA_TRY(found, get(attribute));
  auto x = to_integer(*found);
  if (!x.ok()) return corrupt(attribute, x.error().message);
  return x;
}

Result<bool> Object::truth(std::string_view attribute) const {
  SCORIA_TRY(x, integer(attribute));
  if (x != 0 && x != 1) return corrupt(attribute, "is " + std::to_string(x) + ", must be True or False");
  return x == 1;
}

Result<bool> Object::is_on(std::string_view attribute) const {
  if (find(attribute) == nullptr) return false;
  return truth(attribute);
}

Result<std::string> Object::text(std::string_view attribute) const {
  SCORIA_TRY(found, get(attribute));
  if (is_text(*found)) return std::string(found->text);
  if (found->kind == Kind::scalar) {
    auto one = pickle::strings(*found->array);
    if (one.ok()) return one.value()[0];
  }
  return corrupt(attribute, expected(*found, "a text").message);
}

}  // namespace scoria::pickle
