// Filter's insides: the tree that parsing makes and matching walks. Threads: immutable once parsed.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "spec/odata.h"

namespace scoria::spec {

enum class FilterKind { all_of, any_of, none_of, compare, starts_with };
enum class Comparison { eq, ne, gt, ge, lt, le };

struct Null {};
// Strings are lower-case: values compare without it.
using Literal = std::variant<Null, bool, double, std::string, WallTime>;

struct Filter::Node {
  FilterKind kind = FilterKind::compare;
  std::vector<Node> children;     // of all_of, any_of, none_of
  std::vector<std::string> path;  // of the others
  Comparison comparison = Comparison::eq;
  Literal literal;

  bool matches(const Json& document) const;
};

std::string lower_case(std::string_view text);

}  // namespace scoria::spec
