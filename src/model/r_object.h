// Typed access to the slots of an R object (a named list), with errors that name the slot.
// Threads: const. Borrows: the object's document.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/model.h"
#include "rdata/value.h"

namespace scoria::model {

class RObject {
 public:
  // `what` names the object in messages: "gbm object".
  RObject(const rdata::Value& value, std::string what) : value_(value), what_(std::move(what)) {}

  // nullptr where the slot is absent or NULL.
  const rdata::Value* find(std::string_view slot) const;

  // Errors: corrupt, naming the slot: absent, of another type, not a whole number.
  Result<const rdata::Value*> list(std::string_view slot) const;
  Result<RObject> object(std::string_view slot) const;
  Result<std::vector<double>> numbers(std::string_view slot) const;  // logical, integer or double; NA is na_real()
  Result<double> number(std::string_view slot) const;
  Result<std::vector<std::int32_t>> integers(std::string_view slot) const;  // double is accepted where it is whole
  Result<std::int32_t> integer(std::string_view slot) const;
  Result<std::vector<std::string>> strings(std::string_view slot) const;

  Error corrupt(std::string_view slot, const std::string& problem) const;

 private:
  const rdata::Value& value_;
  std::string what_;
};

// Numbers of a logical, integer or double vector; empty for anything else.
std::vector<double> to_numbers(const rdata::Value& value);

// Name and class of each variable of a terms object's model frame ("numeric", "factor", "ordered", "logical", ...), the
// response first where there is one; empty where the terms do not record them.
struct TermVariable {
  std::string name;
  std::string r_class;
  bool is_response = false;
};
std::vector<TermVariable> term_variables(const rdata::Value& terms);

// The class that the terms record for a variable; empty where they do not.
std::string recorded_class(const std::vector<TermVariable>& variables, std::string_view name);

}  // namespace scoria::model
