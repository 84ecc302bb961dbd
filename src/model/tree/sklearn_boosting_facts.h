// What the readers of both kinds of scikit-learn's boosting, and of single trees, have in common.
// Threads: free functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "pickle/object.h"

namespace scoria::model::tree {

// Of an estimator: features have names, so that a small file must not ask for much memory.
inline constexpr std::int64_t kMostFeatures = 1 << 20;

// Where a message's tree stands, as its beginning. Both count from 0 here and from 1 there.
inline std::string at_tree(std::size_t stage, std::size_t k) {
  return "stage " + std::to_string(stage + 1) + ", tree " + std::to_string(k + 1) + ": ";
}

inline Error unknown_loss(const pickle::Object& object, const std::string& name) {
  return Error{Code::unsupported, object.name() + ": loss '" + name + "' is not known"};
}

}  // namespace scoria::model::tree
