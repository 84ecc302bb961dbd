#include "model/r_object.h"

#include <cmath>
#include <limits>

#include "base/na.h"

namespace scoria::model {

using rdata::Kind;
using rdata::Value;

const Value* RObject::find(std::string_view slot) const {
  const Value* found = rdata::member(value_, slot);
  return found == nullptr || found->kind == Kind::null ? nullptr : found;
}

Error RObject::corrupt(std::string_view slot, const std::string& problem) const {
  return Error{Code::corrupt, what_ + ": slot '" + std::string(slot) + "' " + problem};
}

Result<const Value*> RObject::list(std::string_view slot) const {
  const Value* found = find(slot);
  if (found == nullptr) return corrupt(slot, "is absent");
  if (found->kind != Kind::list)
    return corrupt(slot, "is a " + std::string(rdata::kind_name(found->kind)) + ", must be a list");
  return found;
}

Result<RObject> RObject::object(std::string_view slot) const {
  SCORIA_TRY(found, list(slot));
  return RObject(*found, what_ + "$" + std::string(slot));
}

std::vector<double> to_numbers(const Value& value) {
  if (value.kind == Kind::real) return {value.reals.begin(), value.reals.end()};
  std::vector<double> numbers;
  if (value.kind != Kind::integer && value.kind != Kind::logical) return numbers;
  numbers.reserve(value.integers.size());
  for (const std::int32_t i : value.integers) numbers.push_back(i == kNaInt ? na_real() : i);
  return numbers;
}

Result<std::vector<double>> RObject::numbers(std::string_view slot) const {
  const Value* found = find(slot);
  if (found == nullptr) return corrupt(slot, "is absent");
  if (found->kind != Kind::real && found->kind != Kind::integer && found->kind != Kind::logical) {
    return corrupt(slot, "is a " + std::string(rdata::kind_name(found->kind)) + ", must be numbers");
  }
  return to_numbers(*found);
}

Result<double> RObject::number(std::string_view slot) const {
  SCORIA_TRY(all, numbers(slot));
  if (all.empty()) return corrupt(slot, "is empty, must be a number");
  return all[0];
}

Result<std::vector<std::int32_t>> RObject::integers(std::string_view slot) const {
  const Value* found = find(slot);
  if (found != nullptr && found->kind == Kind::integer)
    return std::vector<std::int32_t>(found->integers.begin(), found->integers.end());
  SCORIA_TRY(all, numbers(slot));
  std::vector<std::int32_t> whole;
  whole.reserve(all.size());
  for (const double x : all) {
    if (!(std::fabs(x) <= std::numeric_limits<std::int32_t>::max()) || x != std::floor(x)) {
      return corrupt(slot, "holds a number that is not a whole one");
    }
    whole.push_back(static_cast<std::int32_t>(x));
  }
  return whole;
}

Result<std::int32_t> RObject::integer(std::string_view slot) const {
  SCORIA_TRY(all, integers(slot));
  if (all.empty()) return corrupt(slot, "is empty, must be a whole number");
  return all[0];
}

Result<std::vector<std::string>> RObject::strings(std::string_view slot) const {
  const Value* found = find(slot);
  if (found == nullptr) return corrupt(slot, "is absent");
  if (found->kind != Kind::character && found->attribute("levels") == nullptr) {
    return corrupt(slot, "is a " + std::string(rdata::kind_name(found->kind)) + ", must be strings");
  }
  return rdata::strings(*found);
}

std::vector<TermVariable> term_variables(const Value& terms) {
  std::vector<TermVariable> variables;
  const Value* classes = terms.attribute("dataClasses");
  if (classes == nullptr || classes->kind != Kind::character) return variables;
  const Value* names = classes->attribute("names");
  const Value* response = terms.attribute("response");
  if (names == nullptr || names->texts.size() != classes->texts.size()) return variables;
  const std::int32_t response_position =
      response != nullptr && response->integers.size() == 1 ? response->integers[0] : 0;
  for (std::size_t i = 0; i < names->texts.size(); ++i) {
    variables.push_back({rdata::utf8(names->texts[i]), rdata::utf8(classes->texts[i]),
                         static_cast<std::int32_t>(i) + 1 == response_position});
  }
  return variables;
}

std::string recorded_class(const std::vector<TermVariable>& variables, std::string_view name) {
  for (const TermVariable& variable : variables) {
    if (variable.name == name) return variable.r_class;
  }
  return {};
}

}  // namespace scoria::model
