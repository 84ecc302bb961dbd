#include "model/tree/r_gbm.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "model/derived_columns.h"
#include "model/features.h"
#include "model/r_object.h"
#include "model/tree/gbm.h"

namespace scoria::model::tree {
namespace {

using rdata::Kind;
using rdata::Value;

struct Distribution {
  std::string_view name;
  Response response;
};

constexpr Distribution kDistributions[] = {
    {"gaussian", Response::identity},        {"laplace", Response::identity},    {"tdist", Response::identity},
    {"quantile", Response::identity},        {"huberized", Response::identity},  {"coxph", Response::identity},
    {"bernoulli", Response::logistic},       {"pairwise", Response::logistic},   {"poisson", Response::exponential},
    {"adaboost", Response::double_logistic}, {"multinomial", Response::softmax},
};

// Position (from 1) of the smallest number, NA and NaN left out, as which.min; 0 where there is none.
std::uint32_t which_min(const std::vector<double>& values) {
  std::uint32_t best = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isnan(values[i]) && (best == 0 || values[i] < values[best - 1])) best = static_cast<std::uint32_t>(i + 1);
  }
  return best;
}

// What predict.gbm uses when it is not told, and 0 where R itself fails: a slot that is not there (some people strip objects
// before saving them), or errors without a number.
Result<std::uint32_t> default_trees(const RObject& object) {
  const Value* fraction = object.find("train.fraction");
  if (fraction == nullptr) return 0u;
  SCORIA_TRY(train_fraction, object.number("train.fraction"));
  const bool has_folds = object.find("cv.error") != nullptr;
  const std::string_view slot = train_fraction < 1 ? "valid.error" : has_folds ? "cv.error" : "train.error";
  if (object.find(slot) == nullptr) return 0u;
  SCORIA_TRY(errors, object.numbers(slot));
  return slot == "train.error" ? static_cast<std::uint32_t>(errors.size()) : which_min(errors);
}

// The variables that the trees split on, and how they come from columns.
struct Variables {
  std::vector<std::string> names;
  std::optional<DerivedColumns> derived;  // none: every variable is a column
  std::vector<TermVariable> recorded;
};

// The formula interface keeps term labels, which may be expressions of columns; gbm.fit keeps the columns' names, or none
// for a matrix without: then they are V1, V2, ..., as as.data.frame() and read.csv(header = FALSE) call them.
Result<Variables> read_variables(const RObject& object, std::size_t count) {
  Variables variables;
  const Value* terms = object.find("Terms");
  if (terms == nullptr && object.find("var.names") == nullptr) {
    for (std::size_t i = 1; i <= count; ++i) variables.names.push_back("V" + std::to_string(i));
    return variables;
  }
  SCORIA_TRY(names, object.strings("var.names"));
  variables.names = std::move(names);
  if (terms != nullptr) {
    variables.recorded = term_variables(*terms);
    std::vector<std::string> recorded;
    for (const TermVariable& variable : variables.recorded) recorded.push_back(variable.name);
    auto derived = DerivedColumns::parse(variables.names, recorded);
    if (!derived.ok()) return with_context("gbm object", std::move(derived).error());
    variables.names = derived.value().names();
    if (!derived.value().is_plain()) variables.derived = std::move(derived).value();
  }
  if (variables.names.size() != count) return object.corrupt("var.names", "does not fit var.type");
  const std::set<std::string_view> distinct(variables.names.begin(), variables.names.end());
  if (distinct.size() != count) {
    return Error{Code::unsupported,
                 "gbm object: two of its variables have the same name, so columns cannot be told apart"};
  }
  return variables;
}

Result<std::vector<Feature>> read_features(const RObject& object, const Variables& variables,
                                           const std::vector<std::int32_t>& var_type) {
  SCORIA_TRY(levels, object.list("var.levels"));
  if (levels->items.size() != var_type.size()) return object.corrupt("var.levels", "does not fit var.type");
  std::vector<Feature> features;
  for (std::size_t i = 0; i < variables.names.size(); ++i) {
    Feature feature{.name = variables.names[i]};
    const std::string r_class = recorded_class(variables.recorded, feature.name);
    // For numbers var.levels holds deciles; for factors, ordered or not, their levels.
    if (levels->items[i]->kind == Kind::character) {
      feature.kind = var_type[i] == 0 ? FeatureKind::ordered : FeatureKind::factor;
      feature.levels = rdata::strings(*levels->items[i]);
    } else if (r_class == "logical") {
      feature.kind = FeatureKind::logical;
    }
    if (var_type[i] != 0 && feature.levels.size() != static_cast<std::size_t>(var_type[i])) {
      return object.corrupt("var.levels",
                            "has not the " + std::to_string(var_type[i]) + " levels of '" + feature.name + "'");
    }
    features.push_back(std::move(feature));
  }
  return features;
}

// One tree as gbm stores it: parallel vectors SplitVar, SplitCodePred, LeftNode, RightNode, MissingNode, ...
Result<std::vector<SourceNode>> read_tree(const Value& tree, const std::vector<std::int32_t>& var_type) {
  const auto column = [&](std::size_t i, Kind kind) {
    return i < tree.items.size() && tree.items[i]->kind == kind ? tree.items[i] : nullptr;
  };
  const Value* variable = column(0, Kind::integer);
  const Value* code = column(1, Kind::real);
  const Value* children[] = {column(2, Kind::integer), column(3, Kind::integer), column(4, Kind::integer)};
  if (variable == nullptr || code == nullptr) return Error{Code::corrupt, "is not a list of gbm's vectors"};
  const std::size_t count = variable->integers.size();
  if (code->reals.size() != count) return Error{Code::corrupt, "has vectors of different lengths"};
  for (const Value* child : children) {
    if (child == nullptr || child->integers.size() != count)
      return Error{Code::corrupt, "has vectors of different lengths"};
  }
  std::vector<SourceNode> nodes(count);
  for (std::size_t i = 0; i < count; ++i) {
    SourceNode& node = nodes[i];
    node.feature = variable->integers[i];
    node.value = code->reals[i];
    if (node.feature < -1) return Error{Code::corrupt, "splits on variable " + std::to_string(node.feature)};
    if (node.feature < 0) continue;
    node.left = children[0]->integers[i];
    node.right = children[1]->integers[i];
    node.missing = children[2]->integers[i];
    if (static_cast<std::size_t>(node.feature) < var_type.size() &&
        var_type[static_cast<std::size_t>(node.feature)] > 0) {
      if (!(node.value >= 0 && node.value < 2e9))
        return Error{Code::corrupt, "names a categorical split that does not exist"};
      node.routes = static_cast<std::int32_t>(node.value);
    }
  }
  return nodes;
}

// c.splits: -1 left, 1 right, 0 for a level that the split has not seen.
Result<std::vector<std::vector<Route>>> read_routes(const RObject& object) {
  std::vector<std::vector<Route>> tables;
  const Value* splits = object.find("c.splits");
  if (splits == nullptr) return tables;
  if (splits->kind != Kind::list) return object.corrupt("c.splits", "must be a list");
  for (const Value* split : splits->items) {
    if (split->kind != Kind::integer) return object.corrupt("c.splits", "must hold integer vectors");
    std::vector<Route>& table = tables.emplace_back();
    for (const std::int32_t direction : split->integers) {
      table.push_back(direction == -1 ? Route::left : direction == 1 ? Route::right : Route::missing);
    }
  }
  return tables;
}

Result<EnsembleSource> read_ensemble(const RObject& object, const std::vector<Feature>& features,
                                     const std::vector<std::int32_t>& var_type) {
  EnsembleSource source;
  source.comparison = Comparison::less;
  source.has_missing_children = true;
  source.features = static_cast<std::uint32_t>(features.size());
  for (const std::int32_t levels : var_type) source.levels.push_back(static_cast<std::uint32_t>(levels));
  SCORIA_TRY(routes, read_routes(object));
  source.routes = std::move(routes);
  SCORIA_TRY(trees, object.list("trees"));
  for (std::size_t i = 0; i < trees->items.size(); ++i) {
    auto tree = read_tree(*trees->items[i], var_type);
    if (!tree.ok()) return with_context("gbm object: tree " + std::to_string(i + 1), std::move(tree).error());
    source.trees.push_back(std::move(tree).value());
  }
  return source;
}

}  // namespace

Result<ModelPtr> load_r_gbm(const rdata::Value& value) {
  const RObject object(value, "gbm object");
  SCORIA_TRY(distribution_object, object.object("distribution"));
  SCORIA_TRY(distribution_names, distribution_object.strings("name"));
  const std::string name = distribution_names.empty() ? "" : distribution_names[0];
  const auto* distribution = std::find_if(std::begin(kDistributions), std::end(kDistributions),
                                          [&](const Distribution& known) { return known.name == name; });
  if (distribution == std::end(kDistributions)) {
    return Error{Code::unsupported, "gbm object: distribution '" + name + "' is not one of gbm's"};
  }

  SCORIA_TRY(var_type, object.integers("var.type"));
  if (std::any_of(var_type.begin(), var_type.end(), [](std::int32_t levels) { return levels < 0; })) {
    return object.corrupt("var.type", "holds a negative number of levels");
  }
  SCORIA_TRY(variables, read_variables(object, var_type.size()));
  SCORIA_TRY(features, read_features(object, variables, var_type));
  SCORIA_TRY(source, read_ensemble(object, features, var_type));
  SCORIA_TRY(initial, object.number("initF"));
  if (std::isnan(initial)) return object.corrupt("initF", "is missing or not a number");

  Description description;
  GbmParts parts{.response = distribution->response, .initial = initial};
  if (object.find("num.classes") != nullptr) {
    SCORIA_TRY(count, object.integer("num.classes"));
    if (count < 1) return object.corrupt("num.classes", "must be at least 1");
    parts.classes = static_cast<std::uint32_t>(count);
  }
  if (distribution->response == Response::softmax) {
    SCORIA_TRY(labels, object.strings("classes"));
    if (labels.size() != parts.classes) return object.corrupt("num.classes", "does not fit the classes");
    description.labels = std::move(labels);
  } else if (parts.classes != 1) {
    return object.corrupt("num.classes", "must be 1 but for distribution multinomial");
  }
  if (source.trees.size() % parts.classes != 0) return object.corrupt("trees", "does not fit num.classes");

  SCORIA_TRY(ensemble, Ensemble::build(source));
  parts.iterations = ensemble.trees() / parts.classes;
  if (object.find("n.trees") != nullptr) {
    SCORIA_TRY(fitted, object.integer("n.trees"));
    if (fitted < 0 || static_cast<std::uint32_t>(fitted) > parts.iterations) {
      return object.corrupt("n.trees", "is " + std::to_string(fitted) + ", and there are trees for " +
                                           std::to_string(parts.iterations) + " iterations");
    }
    parts.iterations = static_cast<std::uint32_t>(fitted);
  }
  SCORIA_TRY(trees_by_default, default_trees(object));
  parts.default_trees = std::min(trees_by_default, parts.iterations);
  const std::string default_text = parts.default_trees == 0 ? "none" : std::to_string(parts.default_trees);

  description.family = "gbm";
  description.title = "gbm: boosted trees, " + name;
  description.package = "gbm";
  description.classes = rdata::classes(value);
  if (variables.derived) {
    auto inputs = variables.derived->inputs(features);
    if (!inputs.ok()) return with_context("gbm object", std::move(inputs).error());
    description.features = std::move(inputs).value();
  } else {
    description.features = features;
  }
  description.types = {"link", "response"};
  description.parameters = {{"n.trees", "how many trees to add, 0 to " + std::to_string(parts.iterations) +
                                            "; several give a column each (default " + default_text + ")"},
                            {"single.tree", "TRUE: only tree n.trees, without the intercept (default FALSE)"}};
  description.details = {{"distribution", name},
                         {"trees", std::to_string(ensemble.trees())},
                         {"nodes", std::to_string(ensemble.nodes())},
                         {"largest tree", std::to_string(ensemble.max_leaves()) + " leaves"},
                         {"default n.trees", default_text}};
  if (variables.derived) description.details.emplace_back("variables", listed(variables.names));
  if (object.find("var.names") == nullptr) {
    description.details.emplace_back("columns", "fitted from a matrix without names: V1, V2, ... by position");
  }
  const Value* terms = object.find("Terms");
  parts.has_offset = terms != nullptr && terms->attribute("offset") != nullptr;
  parts.features = std::move(features);
  parts.derived = std::move(variables.derived);
  return ModelPtr(std::make_shared<Gbm>(std::move(description), Sums(std::move(ensemble)), std::move(parts)));
}

}  // namespace scoria::model::tree
