#include "model/tree/r_random_forest.h"

#include <algorithm>
#include <cmath>

#include "base/na.h"
#include "model/features.h"
#include "model/parameters.h"
#include "model/r_object.h"
#include "model/tree/sums.h"

namespace scoria::model::tree {
namespace {

using rdata::Kind;
using rdata::Value;

// What both kinds of forest share: features, trees, and which rows can be answered.
class RandomForest : public Model {
 protected:
  RandomForest(Description description, Sums sums, bool refuses_missing)
      : sums_(std::move(sums)), refuses_missing_(refuses_missing) {
    description_ = std::move(description);
    for (const Feature& feature : description_.features) (feature.is_used ? used_ : only_required_).push_back(feature);
  }

  struct Rows {
    FeatureMatrix complete;                // the rows that have all values
    std::vector<std::uint32_t> positions;  // of those rows in the input
  };

  Result<Rows> complete_rows(const table::Table& table, std::size_t first_row) const {
    SCORIA_TRY(matrix, bind_features(table, used_, UnseenLevel::refuse, first_row));
    std::vector<bool> incomplete = incomplete_rows(matrix);
    for (const Feature& feature : only_required_) {
      const table::ColumnPtr column = table.find(feature.name);
      if (column == nullptr) {
        return Error{Code::invalid, "the input lacks column '" + feature.name +
                                        "', which the model's formula names (R demands it although no tree uses it)"};
      }
      for (std::size_t row = 0; row < table.rows(); ++row) {
        if (column->is_null(row)) incomplete[row] = true;
      }
    }
    Rows rows;
    for (std::size_t row = 0; row < table.rows(); ++row) {
      if (!incomplete[row]) {
        rows.positions.push_back(static_cast<std::uint32_t>(row));
      } else if (refuses_missing_) {
        return Error{Code::invalid, "row " + std::to_string(first_row + row) + " has a missing value in column '" +
                                        missing_column(matrix, row) + "'; a forest fitted with x and y takes none"};
      }
    }
    const bool all = rows.positions.size() == table.rows();
    rows.complete = all ? std::move(matrix) : take_rows(matrix, rows.positions);
    return rows;
  }

  // The answers of complete rows put in their places; the others are missing.
  static table::ColumnPtr spread(std::vector<double> values, const std::vector<std::uint32_t>& positions,
                                 std::size_t rows) {
    if (values.size() == rows) return table::Column::real(std::move(values));
    std::vector<double> all(rows, na_real());
    for (std::size_t i = 0; i < values.size(); ++i) all[positions[i]] = values[i];
    return table::Column::real(std::move(all));
  }

  Sums sums_;

 private:
  std::string missing_column(const FeatureMatrix& matrix, std::size_t row) const {
    for (std::size_t i = 0; i < used_.size(); ++i) {
      if (std::isnan(matrix.columns[i][row])) return used_[i].name;
    }
    return {};
  }

  bool refuses_missing_;
  std::vector<Feature> used_;
  std::vector<Feature> only_required_;
};

class RegressionForest final : public RandomForest {
 public:
  // `correction`: intercept and slope of corr.bias, or empty.
  RegressionForest(Description description, Sums sums, bool refuses_missing, std::vector<double> correction)
      : RandomForest(std::move(description), std::move(sums), refuses_missing), correction_(std::move(correction)) {}

  Result<Prediction> score(const table::Table& table, const Request& request, Executor& executor) const override {
    SCORIA_TRY(types, requested_types(description_, request));
    SCORIA_TRY(simd, resolve_simd(request.simd));
    SCORIA_TRY(rows, complete_rows(table, request.first_row));
    std::vector<double> values(rows.complete.rows);
    double* const out[] = {values.data()};
    const Segment all[] = {{0, sums_.ensemble().trees(), false}};
    sums_.sum(rows.complete, {all, 1, 0.0, {simd, request.simd != SimdTarget::automatic}}, out, executor);
    const double trees = sums_.ensemble().trees();
    for (double& value : values) {
      value /= trees;
      if (!correction_.empty()) value = correction_[0] + correction_[1] * value;
    }
    Prediction prediction{table::Table(table.rows()), rows.complete.notes};
    const table::ColumnPtr column = spread(std::move(values), rows.positions, table.rows());
    for (const std::string& type : types) prediction.table.add(type, column);
    return prediction;
  }

 private:
  std::vector<double> correction_;
};

class ClassificationForest final : public RandomForest {
 public:
  ClassificationForest(Description description, Sums sums, bool refuses_missing, std::vector<double> cutoff)
      : RandomForest(std::move(description), std::move(sums), refuses_missing), cutoff_(std::move(cutoff)) {}

  Result<Prediction> score(const table::Table& table, const Request& request, Executor& executor) const override {
    SCORIA_TRY(types, requested_types(description_, request));
    SCORIA_TRY(simd, resolve_simd(request.simd));
    SCORIA_TRY(normalised, flag_parameter(request, "norm.votes", true));
    SCORIA_TRY(cutoff, requested_cutoff(request));
    SCORIA_TRY(rows, complete_rows(table, request.first_row));
    std::vector<std::vector<double>> votes(description_.labels.size(), std::vector<double>(rows.complete.rows));
    std::vector<double*> out;
    for (std::vector<double>& column : votes) out.push_back(column.data());
    sums_.vote(rows.complete, {simd, request.simd != SimdTarget::automatic}, out, executor);

    Prediction prediction{table::Table(table.rows()), rows.complete.notes};
    for (const std::string& type : types) {
      if (type == "response" || type == "class") {
        prediction.table.add(type, winners(votes, cutoff, rows.positions, table.rows(), prediction.notes));
        continue;
      }
      const bool counts = type == "vote_count" || (type == "vote" && !normalised);
      for (std::size_t k = 0; k < votes.size(); ++k) {
        std::vector<double> values = votes[k];
        if (!counts) {
          for (double& value : values) value /= sums_.ensemble().trees();
        }
        prediction.table.add(type + ":" + description_.labels[k],
                             spread(std::move(values), rows.positions, table.rows()));
      }
    }
    return prediction;
  }

 private:
  Result<std::vector<double>> requested_cutoff(const Request& request) const {
    SCORIA_TRY(cutoff, number_parameter(request, "cutoff"));
    if (cutoff.empty()) return cutoff_;
    double total = 0;
    bool positive = true;
    for (const double share : cutoff) {
      total += share;
      positive = positive && share > 0;
    }
    if (cutoff.size() != description_.labels.size() || !positive || !(total <= 1)) {
      return Error{Code::invalid, "parameter 'cutoff': must be " + std::to_string(description_.labels.size()) +
                                      " numbers above 0 that add up to at most 1, one for each of " +
                                      listed(description_.labels)};
    }
    return cutoff;
  }

  table::ColumnPtr winners(const std::vector<std::vector<double>>& votes, const std::vector<double>& cutoff,
                           const std::vector<std::uint32_t>& positions, std::size_t rows,
                           std::vector<std::string>& notes) const {
    std::vector<std::int32_t> codes(rows, -1);
    std::size_t ties = 0;
    for (std::size_t i = 0; i < positions.size(); ++i) {
      double best = 0;
      bool tied = false;
      for (std::size_t k = 0; k < votes.size(); ++k) {
        const double share = votes[k][i] / sums_.ensemble().trees() / cutoff[k];
        if (share == best) tied = true;
        if (share > best) {
          best = share;
          tied = false;
          codes[positions[i]] = static_cast<std::int32_t>(k);
        }
      }
      if (tied) ++ties;
    }
    if (ties > 0) {
      notes.push_back(std::to_string(ties) +
                      " rows have tied votes: R draws one of the classes at random, the first in level order is given");
    }
    return table::Column::factor(std::move(codes),
                                 std::make_shared<const std::vector<std::string>>(description_.labels));
  }

  std::vector<double> cutoff_;
};

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
      node.left = arrays.left[at] - 1;
      node.right = arrays.right[at] - 1;
      node.value = arrays.split[at];
      const auto feature = static_cast<std::size_t>(node.feature);
      if (features[feature].kind == FeatureKind::ordered) node.value -= 1;  // R's codes count from 1, ours from 0
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
    feature.class_is_known = !r_class.empty();
    const Value* own_levels =
        levels != nullptr && levels->kind == Kind::list && i < levels->items.size() ? levels->items[i] : nullptr;
    if (own_levels != nullptr && own_levels->kind == Kind::character) {
      feature.levels = rdata::strings(*own_levels);
      const bool is_factor = r_class == "factor" || (r_class.empty() && categories[i] > 1);
      feature.kind = is_factor ? FeatureKind::factor : FeatureKind::ordered;
    } else if (r_class == "logical") {
      feature.kind = FeatureKind::logical;
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
                          .class_is_known = true,
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
  SCORIA_TRY(ensemble, Ensemble::build(std::move(source)));
  if (ensemble.trees() == 0) return forest.corrupt("ntree", "must be at least 1");

  Description description;
  description.family = "randomForest";
  description.title = "randomForest: random forest, " + type[0];
  description.package = "randomForest";
  description.r_classes = rdata::classes(value);
  description.features = std::move(features);
  description.details = {{"type", type[0]},
                         {"trees", std::to_string(ensemble.trees())},
                         {"nodes", std::to_string(ensemble.nodes())},
                         {"largest tree", std::to_string(ensemble.max_leaves()) + " leaves"}};
  const bool refuses_missing = !rdata::inherits(value, "randomForest.formula");

  if (!classification) {
    description.types = {"response"};
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
  description.types = {"response", "class", "prob", "vote", "vote_count"};
  description.parameters = {
      {"cutoff", "the share of votes at which each class wins, one for each class (default as fitted)"},
      {"norm.votes", "FALSE: type vote gives counts (default TRUE)"}};
  return ModelPtr(std::make_shared<ClassificationForest>(std::move(description), Sums(std::move(ensemble)),
                                                         refuses_missing, std::move(cutoff)));
}

}  // namespace scoria::model::tree
