#include "model/tree/r_random_forest.h"

#include <algorithm>
#include <cmath>

#include "model/features.h"
#include "model/r_object.h"
#include "model/tree/random_forest.h"

namespace scoria::model::tree {
namespace {

using rdata::Kind;
using rdata::Value;

// The numbers of all trees side by side, `pitch` nodes a tree.
struct ForestArrays {
  std::vector<std::int32_t> left;
  std::vector<std::int32_t> right;
  std::vector<std::int32_t> status;
  std::vector<std::int32_t> variable;
  std::vector<double> split;
  std::vector<double> prediction;
  std::vector<std::int32_t> sizes;
  std::size_t pitch = 0;
};

Result<ForestArrays> read_arrays(const RObject& forest) {
  ForestArrays arrays;
  SCORIA_TRY(pitch, forest.integer("nrnodes"));
  SCORIA_TRY(trees, forest.integer("ntree"));
  SCORIA_TRY(status, forest.integers("nodestatus"));
  SCORIA_TRY(variable, forest.integers("bestvar"));
  SCORIA_TRY(split, forest.numbers("xbestsplit"));
  SCORIA_TRY(prediction, forest.numbers("nodepred"));
  SCORIA_TRY(sizes, forest.integers("ndbigtree"));
  if (pitch < 1 || trees < 0) return forest.corrupt("nrnodes", "must be positive");
  arrays.pitch = static_cast<std::size_t>(pitch);
  const std::size_t count = arrays.pitch * static_cast<std::size_t>(trees);
  if (forest.find("treemap") != nullptr) {
    SCORIA_TRY(map, forest.integers("treemap"));
    if (map.size() != 2 * count) return forest.corrupt("treemap", "does not fit nrnodes and ntree");
    for (std::size_t tree = 0; tree < static_cast<std::size_t>(trees); ++tree) {
      const auto begin = map.begin() + static_cast<std::ptrdiff_t>(2 * tree * arrays.pitch);
      arrays.left.insert(arrays.left.end(), begin, begin + pitch);
      arrays.right.insert(arrays.right.end(), begin + pitch, begin + 2 * pitch);
    }
  } else {
    SCORIA_TRY(left, forest.integers("leftDaughter"));
    SCORIA_TRY(right, forest.integers("rightDaughter"));
    arrays.left = std::move(left);
    arrays.right = std::move(right);
  }
  arrays.status = std::move(status);
  arrays.variable = std::move(variable);
  arrays.split = std::move(split);
  arrays.prediction = std::move(prediction);
  arrays.sizes = std::move(sizes);
  for (const std::size_t size : {arrays.left.size(), arrays.right.size(), arrays.status.size(), arrays.variable.size(),
                                 arrays.split.size(), arrays.prediction.size()}) {
    if (size != count) return forest.corrupt("nrnodes", "and ntree do not fit the node arrays");
  }
  if (arrays.sizes.size() != static_cast<std::size_t>(trees)) return forest.corrupt("ndbigtree", "does not fit ntree");
  for (const std::int32_t size : arrays.sizes) {
    if (size < 1 || size > pitch) return forest.corrupt("ndbigtree", "holds a tree size outside 1 to nrnodes");
  }
  return arrays;
}

constexpr std::int32_t kTerminal = -1;
constexpr std::int32_t kMaxCategories = 53;  // a split is a bit mask kept in a double

Result<EnsembleSource> read_ensemble(const RObject& forest, std::span<const Feature> features,
                                     const std::vector<std::int32_t>& categories, bool classification) {
  SCORIA_TRY(arrays, read_arrays(forest));
  EnsembleSource source;
  source.comparison = Comparison::less_equal;
  source.keeps_positions = true;
  source.features = static_cast<std::uint32_t>(features.size());
  for (const std::int32_t count : categories)
    source.levels.push_back(count > 1 ? static_cast<std::uint32_t>(count) : 0);
  for (std::size_t tree = 0; tree < arrays.sizes.size(); ++tree) {
    std::vector<SourceNode>& nodes = source.trees.emplace_back(static_cast<std::size_t>(arrays.sizes[tree]));
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const std::size_t at = tree * arrays.pitch + i;
      SourceNode& node = nodes[i];
      if (arrays.status[at] == kTerminal) {
        node.value = classification ? arrays.prediction[at] - 1 : arrays.prediction[at];  // classes count from 1
        continue;
      }
      if (arrays.variable[at] < 1 || static_cast<std::size_t>(arrays.variable[at]) > features.size()) {
        return forest.corrupt("bestvar", "names a variable that the forest does not have");
      }
      node.feature = arrays.variable[at] - 1;
      if (arrays.left[at] < 1 || arrays.right[at] < 1) {
        return forest.corrupt("leftDaughter", "or rightDaughter lacks a child of an inner node");
      }
      node.left = arrays.left[at] - 1;
      node.right = arrays.right[at] - 1;
      node.value = arrays.split[at];
      const auto feature = static_cast<std::size_t>(node.feature);
      // R's codes count from 1, those that bind_features() makes of known levels from 0.
      const bool has_level_codes = features[feature].kind == FeatureKind::ordered && !features[feature].levels.empty();
      if (has_level_codes) node.value -= 1;
      if (categories[feature] <= 1) continue;
      if (!(node.value >= 0 && node.value < 0x1p53))
        return forest.corrupt("xbestsplit", "holds a categorical split that is not a bit mask");
      const auto mask = static_cast<std::uint64_t>(node.value);
      node.routes = static_cast<std::int32_t>(source.routes.size());
      std::vector<Route>& routes = source.routes.emplace_back();
      for (std::int32_t level = 0; level < categories[feature]; ++level) {
        routes.push_back((mask >> level & 1) != 0 ? Route::left : Route::right);
      }
    }
  }
  return source;
}

// Rows of the importance matrix, or names of the importance vector: the variables in the forest's order.
Result<std::vector<std::string>> variable_names(const RObject& object) {
  const Value* importance = object.find("importance");
  if (importance == nullptr) return object.corrupt("importance", "is absent, and with it the variables' names");
  const Value* names = importance->attribute("names");
  if (const Value* dimension_names = importance->attribute("dimnames")) {
    if (!dimension_names->items.empty()) names = dimension_names->items[0];
  }
  if (names == nullptr || names->kind != Kind::character) return object.corrupt("importance", "has no variable names");
  return rdata::strings(*names);
}

Result<std::vector<Feature>> read_features(const RObject& object, const RObject& forest,
                                           const std::vector<std::int32_t>& categories) {
  SCORIA_TRY(names, variable_names(object));
  if (names.size() != categories.size()) return forest.corrupt("ncat", "does not fit the importance's variables");
  std::vector<TermVariable> variables;
  if (const Value* terms = object.find("terms")) variables = term_variables(*terms);
  const Value* levels = forest.find("xlevels");
  std::vector<Feature> features;
  for (std::size_t i = 0; i < names.size(); ++i) {
    Feature feature{.name = names[i]};
    const std::string r_class = recorded_class(variables, names[i]);
    const Value* own_levels =
        levels != nullptr && levels->kind == Kind::list && i < levels->items.size() ? levels->items[i] : nullptr;
    if (own_levels != nullptr && own_levels->kind == Kind::character) {
      feature.levels = rdata::strings(*own_levels);
      const bool is_factor = r_class == "factor" || (r_class.empty() && categories[i] > 1);
      feature.kind = is_factor ? FeatureKind::factor : FeatureKind::ordered;
    } else if (r_class == "logical") {
      feature.kind = FeatureKind::logical;
    } else if (r_class == "ordered") {
      feature.kind = FeatureKind::ordered;  // the formula interface does not keep its levels
    } else if (r_class == "character") {
      feature.kind = FeatureKind::factor;  // coded by the training rows' values, which are not kept either
    }
    if (categories[i] > kMaxCategories ||
        (categories[i] > 1 && feature.levels.size() != static_cast<std::size_t>(categories[i]))) {
      return forest.corrupt("ncat", "does not fit the levels of '" + names[i] + "'");
    }
    features.push_back(std::move(feature));
  }
  for (const TermVariable& variable : variables) {
    const bool is_known = variable.is_response || std::find(names.begin(), names.end(), variable.name) != names.end();
    if (!is_known) {
      features.push_back({.name = variable.name,
                          .kind = variable.r_class == "numeric"   ? FeatureKind::number
                                  : variable.r_class == "logical" ? FeatureKind::logical
                                                                  : FeatureKind::factor,
                          .levels = {},
                          .is_used = false});
    }
  }
  return features;
}

}  // namespace

Result<ModelPtr> load_r_random_forest(const Value& value) {
  const RObject object(value, "randomForest object");
  SCORIA_TRY(type, object.strings("type"));
  if (type.empty() || (type[0] != "regression" && type[0] != "classification")) {
    return Error{Code::unsupported, "randomForest object: a forest of type '" + (type.empty() ? "" : type[0]) +
                                        "' cannot predict; types that can: regression, classification"};
  }
  if (object.find("forest") == nullptr) {
    return Error{Code::unsupported,
                 "randomForest object: it has no forest (fitted with keep.forest = FALSE), so it cannot predict"};
  }
  const bool classification = type[0] == "classification";
  SCORIA_TRY(forest, object.object("forest"));
  SCORIA_TRY(categories, forest.integers("ncat"));
  SCORIA_TRY(features, read_features(object, forest, categories));
  const std::span<const Feature> used = std::span(features).first(categories.size());
  SCORIA_TRY(source, read_ensemble(forest, used, categories, classification));
  SCORIA_TRY(ensemble, Ensemble::build(source));
  if (ensemble.trees() == 0) return forest.corrupt("ntree", "must be at least 1");

  Description description;
  description.family = "randomForest";
  description.title = "randomForest: random forest, " + type[0];
  description.package = "randomForest";
  description.classes = rdata::classes(value);
  description.features = std::move(features);
  description.details = {{"type", type[0]},
                         {"trees", std::to_string(ensemble.trees())},
                         {"nodes", std::to_string(ensemble.nodes())},
                         {"largest tree", std::to_string(ensemble.max_leaves()) + " leaves"}};
  const bool refuses_missing = !rdata::inherits(value, "randomForest.formula");

  if (!classification) {
    description.types = {"response", "individual", "nodes"};
    std::vector<double> correction;
    if (object.find("coefs") != nullptr) {
      SCORIA_TRY(coefs, object.numbers("coefs"));
      if (coefs.size() != 2) return object.corrupt("coefs", "must be an intercept and a slope");
      correction = std::move(coefs);
      description.details.emplace_back("bias correction", "yes");
    }
    return ModelPtr(std::make_shared<RegressionForest>(std::move(description), Sums(std::move(ensemble)),
                                                       refuses_missing, std::move(correction)));
  }

  SCORIA_TRY(labels, object.strings("classes"));
  SCORIA_TRY(cutoff, forest.numbers("cutoff"));
  if (labels.empty() || cutoff.size() != labels.size()) return forest.corrupt("cutoff", "does not fit the classes");
  if (!ensemble.leaves_are_below(static_cast<std::uint32_t>(labels.size()))) {
    return forest.corrupt("nodepred", "names a class that the forest does not have");
  }
  description.labels = std::move(labels);
  description.types = {"response", "class", "prob", "vote", "vote_count", "individual", "nodes"};
  description.parameters = {
      {"cutoff", "the share of votes at which each class wins, one for each class (default as fitted)"},
      {"norm.votes", "FALSE: type vote gives counts (default TRUE)"}};
  return ModelPtr(std::make_shared<ClassificationForest>(std::move(description), Sums(std::move(ensemble)),
                                                         refuses_missing, std::move(cutoff)));
}

}  // namespace scoria::model::tree
