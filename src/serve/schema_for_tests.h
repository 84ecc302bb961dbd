// A schema with every kind of feature, made without a model's file. Test programs only.
#pragma once

#include "serve/schema.h"

namespace scoria::serve {

// x: number; on: logical; kind: factor of "a", "b", "10", "NA"; size: ordered, "S" < "L"; note: text without known levels;
// idle: a number that no prediction uses.
inline model::Description description_for_tests() {
  model::Description description;
  const auto add = [&](const char* name, model::FeatureKind kind, std::vector<std::string> levels = {},
                       bool is_used = true) {
    description.features.push_back({.name = name, .kind = kind, .levels = std::move(levels), .is_used = is_used});
  };
  add("x", model::FeatureKind::number);
  add("on", model::FeatureKind::logical);
  add("kind", model::FeatureKind::factor, {"a", "b", "10", "NA"});
  add("size", model::FeatureKind::ordered, {"S", "L"});
  add("note", model::FeatureKind::factor);
  add("idle", model::FeatureKind::number, {}, false);
  return description;
}

}  // namespace scoria::serve
