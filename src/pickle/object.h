// Typed access to the attributes of a pickled object, with errors that name class and attribute. Attributes that scikit-learn has
// renamed are found under their older names: ask for the newest.
// Threads: const. Borrows: the object's document.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pickle/array.h"
#include "pickle/value.h"

namespace scoria::pickle {

class Object {
 public:
  // Errors: corrupt, where `value` is no object. `what` names it in messages: "the first step".
  static Result<Object> of(const Value& value, std::string what);

  const Value& value() const { return *value_; }
  std::string name() const { return class_name(*value_); }

  // nullptr where the attribute is absent or None.
  const Value* find(std::string_view attribute) const;

  // Errors: corrupt, naming class and attribute: absent, of another type or shape, not a whole number.
  Result<const Value*> get(std::string_view attribute) const;
  Result<Object> object(std::string_view attribute) const;
  Result<const Array*> array(std::string_view attribute) const;
  Result<std::vector<double>> numbers(std::string_view attribute) const;  // an array, a list or tuple of numbers
  Result<std::vector<std::int64_t>> integers(std::string_view attribute) const;
  Result<std::vector<std::string>> strings(std::string_view attribute) const;
  Result<double> number(std::string_view attribute) const;  // also a bool, a numpy scalar, an array of one element
  Result<std::int64_t> integer(std::string_view attribute) const;
  Result<bool> truth(std::string_view attribute) const;
  Result<bool> is_on(
      std::string_view attribute) const;  // the same, and false where it is absent: not known to that release
  Result<std::string> text(std::string_view attribute) const;

  Error corrupt(std::string_view attribute, const std::string& problem) const;

 private:
  Object(const Value& value, std::string what) : value_(&value), what_(std::move(what)) {}

  const Value* value_;
  std::string what_;
};

// A number however it is kept: int, float, bool, numpy scalar, array of one element. Errors: corrupt.
Result<double> to_number(const Value& value);
Result<std::int64_t> to_integer(const Value& value);
Result<std::vector<double>> to_numbers(const Value& value);
Result<std::vector<std::string>> to_strings(const Value& value);

}  // namespace scoria::pickle
