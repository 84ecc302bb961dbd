// The steps that prepare a plan's rows, as the plan says them, in its order.
// Threads: value types.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "expr/ast.h"
#include "plan/complete.h"
#include "plan/fill.h"
#include "plan/join.h"
#include "plan/named_list.h"

namespace scoria::plan {

// Groups, and the order of rows within them, that a step sees.
struct Grouping {
  std::vector<std::string> by;
  std::vector<std::string> arrange;
};

struct FillStep {
  std::vector<std::string> columns;
  FillDirection direction = FillDirection::down;
  Grouping grouping;  // the features' own unless the step says otherwise
};

struct MutateStep {
  NamedList<expr::Expression> definitions;
  Grouping grouping;
};

struct FilterStep {
  expr::Expression condition;
  Grouping grouping;
};

struct PrepareStep {
  std::string path;  // in the plan: "features.prepare.2"
  std::string name;  // for people: "prepare 2: join products"
  std::string what;  // "by sku"
  std::variant<Join, Complete, FillStep, MutateStep, FilterStep> action;
};

}  // namespace scoria::plan
