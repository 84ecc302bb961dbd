#include "model/pipeline/sklearn_version.h"

#include <charconv>

namespace scoria::model::pipeline {

Version version_of(const pickle::Object& object) {
  const std::string text = pickle::sklearn_version(object.value());
  Version version;
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, version.major);
  if (major.ec == std::errc() && major.ptr != end) std::from_chars(major.ptr + 1, end, version.minor);
  return version;
}

std::string short_name(const pickle::Object& object) {
  const std::string name = object.name();
  return name.substr(name.rfind('.') + 1);
}

}  // namespace scoria::model::pipeline
