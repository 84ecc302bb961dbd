// Which scikit-learn wrote an object, for what its versions compute differently, and the object's own short name.
// Threads: free functions.
#pragma once

#include <compare>
#include <string>

#include "pickle/object.h"

namespace scoria::model::pipeline {

struct Version {
  int major = 0;
  int minor = 0;
  auto operator<=>(const Version&) const = default;
};

// 0.0 where the file does not say.
Version version_of(const pickle::Object& object);

// "PCA" of sklearn.decomposition.PCA.
std::string short_name(const pickle::Object& object);

}  // namespace scoria::model::pipeline
