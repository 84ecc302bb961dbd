// Members of a JSON document that somebody else has written: what is not there, or is something else, counts as absent.
// Threads: free functions.
#pragma once

#include <string>

#include "spec/json.h"

namespace scoria::node {

// nullptr where `object` is none, or has no such member, or has null there.
inline const spec::Json* member(const spec::Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto value = object.find(name);
  return value == object.end() || value->is_null() ? nullptr : &*value;
}

// Empty where there is no text.
inline std::string text_of(const spec::Json& object, const char* name) {
  const auto* value = member(object, name);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

}  // namespace scoria::node
