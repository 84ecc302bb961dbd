#include "model/tree/sklearn_isolation_forest.h"

#include <cmath>
#include <limits>

#include "model/pipeline/sklearn_steps.h"
#include "model/tree/sklearn_forest.h"
#include "model/tree/sklearn_tree_arrays.h"

namespace scoria::model::tree {
namespace {

constexpr double kEulerGamma = 0.57721566490153286;

// The mean length of a search for a row among `rows` in a random tree. Until 0.20 the small numbers were answered otherwise.
double average_path_length(double rows, bool is_old) {
  if (is_old ? rows <= 1 : rows == 2) return 1;
  if (rows <= 1) return 0;
  return 2.0 * (std::log(rows - 1.0) + kEulerGamma) - 2.0 * (rows - 1.0) / rows;
}

// The columns that each tree was fitted on, by tree; none where predict() gives every tree all columns.
Result<std::vector<std::vector<std::int64_t>>> columns_of_trees(const pickle::Object& object, std::int64_t features,
                                                                std::size_t trees) {
  std::vector<std::vector<std::int64_t>> all;
  SCORIA_TRY(most, object.integer("_max_features"));
  if (most == features) return all;
  SCORIA_TRY(list, object.get("estimators_features_"));
  if (list->kind != pickle::Kind::list || list->items.size() != trees) {
    return object.corrupt("estimators_features_", "must be a list of " + std::to_string(trees) + ", one for each tree");
  }
  for (const pickle::Value* item : list->items) {
    if (item->kind != pickle::Kind::array) {
      return object.corrupt("estimators_features_", "must hold arrays of whole numbers");
    }
    auto columns = pickle::integers(*item->array);
    if (!columns.ok()) return object.corrupt("estimators_features_", columns.error().message);
    for (const std::int64_t column : columns.value()) {
      if (column >= 0 && column < features) continue;
      return object.corrupt("estimators_features_", "names column " + std::to_string(column) + ", must be 0 to " +
                                                        std::to_string(features - 1));
    }
    all.push_back(std::move(columns).value());
  }
  return all;
}

// A leaf's path: the nodes on it, itself among them, and what its rows would take to be told apart.
std::vector<double> path_lengths(const SklearnTree& tree, const std::vector<std::int64_t>& samples, bool is_old) {
  std::vector<double> depths(tree.nodes(), 1);
  std::vector<double> lengths(tree.nodes(), 0);
  for (std::size_t node = 0; node < tree.nodes(); ++node) {  // children stand behind their parents
    if (tree.feature[node] >= 0) {
      depths[static_cast<std::size_t>(tree.left[node])] = depths[node] + 1;
      depths[static_cast<std::size_t>(tree.right[node])] = depths[node] + 1;
      continue;
    }
    const double rest = average_path_length(static_cast<double>(samples[node]), is_old);
    lengths[node] = is_old ? depths[node] - 1 + rest : depths[node] + rest - 1.0;
  }
  return lengths;
}

Result<Ensemble> build_trees(const pickle::Object& object, std::int64_t features, bool is_old) {
  SCORIA_TRY(trees, estimators_of(object));
  SCORIA_TRY(columns, columns_of_trees(object, features, trees.size()));
  EnsembleSource source;
  source.comparison = Comparison::less_equal;
  source.features = static_cast<std::uint32_t>(features);
  source.levels.assign(source.features, 0);
  for (std::size_t i = 0; i < trees.size(); ++i) {
    SCORIA_TRY(record, trees[i].object("tree_"));
    SCORIA_TRY(tree, read_sklearn_tree(record));
    const std::size_t wanted = columns.empty() ? source.features : columns[i].size();
    if (tree.features != wanted) {
      return trees[i].corrupt(
          "tree_", "has " + std::to_string(tree.features) + " features, must have " + std::to_string(wanted));
    }
    if (i == 0) source.has_missing_sides = !tree.missing_left.empty();
    if (tree.missing_left.empty() == source.has_missing_sides) {
      return trees[i].corrupt("tree_", "keeps missing_go_to_left, or does not, unlike the trees before it");
    }
    SCORIA_TRY(samples, node_samples(record));
    std::vector<SourceNode> nodes = source_nodes(tree, path_lengths(tree, samples, is_old));
    if (!columns.empty()) {
      for (SourceNode& node : nodes) {
        if (node.feature < 0) continue;
        node.feature = static_cast<std::int32_t>(columns[i][static_cast<std::size_t>(node.feature)]);
      }
    }
    source.trees.push_back(std::move(nodes));
  }
  return Ensemble::build(source);
}

// What is left of a score above the offset. A threshold that was learned is the score of a row of the training data, and other
// rows reach the very same: they are no outliers (0.19: they are). Another pow() gives other last bits, so scores within
// a few of them are that one.
double decision_of(double score, const SklearnIsolationForest::Parts& parts) {
  const double decision = score - parts.offset;
  if (parts.offset == -0.5 && parts.threshold == 0) return decision;  // contamination='auto': nothing was learned
  const double last_bits = 2 * std::numeric_limits<double>::epsilon() * std::abs(score);
  return std::abs(decision - parts.threshold) <= last_bits ? parts.threshold : decision;
}

// Where outliers begin, by version.
Status read_threshold(const pickle::Object& object, SklearnIsolationForest::Parts& parts) {
  if (object.find("offset_") == nullptr) {  // 0.19
    SCORIA_TRY(threshold, object.number("threshold_"));
    parts.has_score = false;
    parts.offset = -0.5;
    parts.threshold = threshold;
    parts.threshold_is_outlier = true;
    return Ok{};
  }
  SCORIA_TRY(offset, object.number("offset_"));
  parts.offset = offset;
  const pickle::Value* behaviour = object.find("behaviour");  // 0.20 and 0.21
  if (behaviour != nullptr && pickle::is_text(*behaviour, "old") && object.find("_threshold_") != nullptr) {
    SCORIA_TRY(threshold, object.number("_threshold_"));
    parts.threshold = threshold;
  }
  return Ok{};
}

}  // namespace

SklearnIsolationForest::SklearnIsolationForest(Sums sums, Parts parts) : sums_(std::move(sums)), parts_(parts) {}

void SklearnIsolationForest::describe(Description& description) const {
  description.types = {"predict", "decision"};
  description.flags = true;
  if (parts_.has_score) description.types.emplace_back("score");
  description.details.emplace_back("trees", std::to_string(sums_.ensemble().trees()));
  description.details.emplace_back("nodes", std::to_string(sums_.ensemble().nodes()));
  description.details.emplace_back("missing values",
                                   parts_.accept.missing ? "take the side that the split names" : "refused");
}

Result<Prediction> SklearnIsolationForest::predict(const table::Table& columns, const Request& request,
                                                   Executor& executor) const {
  SCORIA_TRY(simd, resolve_simd(request.simd));
  SCORIA_TRY(x, pipeline::to_numbers(columns, parts_.accept, "IsolationForest", request.first_row));
  std::vector<double> scores(x.rows);
  double* const out[] = {scores.data()};
  const Segment all[] = {{0, sums_.ensemble().trees(), false}};
  sums_.sum(x, {all, 1, 0.0, {simd, request.simd != SimdTarget::automatic}}, out, executor);
  const double trees = sums_.ensemble().trees();
  for (double& value : scores) {
    if (parts_.divides_mean) {
      value = -std::exp2(-(value / trees) / parts_.path_length);
    } else if (parts_.path_length == 0) {
      value = -parts_.alone;
    } else {
      value = -std::exp2(-(value / (trees * parts_.path_length)));
    }
  }
  std::vector<double> decisions = scores;
  for (double& value : decisions) value = decision_of(value, parts_);
  Prediction prediction{table::Table(columns.rows()), {}};
  for (const std::string& type : request.types) {
    if (type == "score") {
      prediction.table.add(type, table::Column::real(scores));
    } else if (type == "decision") {
      prediction.table.add(type, table::Column::real(decisions));
    } else {
      std::vector<std::int32_t> flags(x.rows);
      for (std::size_t row = 0; row < x.rows; ++row) {
        const double decision = decisions[row];
        const bool is_outlier =
            decision < parts_.threshold || (parts_.threshold_is_outlier && decision == parts_.threshold);
        flags[row] = is_outlier ? -1 : 1;
      }
      prediction.table.add(type, table::Column::integer(std::move(flags)));
    }
  }
  return prediction;
}

Result<pipeline::Step> load_sklearn_isolation_forest(const pickle::Object& object, pipeline::Loading& /*loading*/) {
  const int release = sklearn_release(object);
  const bool is_old = release > 0 && release <= 20;
  SCORIA_TRY(features, object.integer("n_features_in_"));
  constexpr std::int64_t kMost = 1 << 20;
  if (features < 1 || features > kMost) return object.corrupt("n_features_in_", "is no number of columns");
  SCORIA_TRY(ensemble, build_trees(object, features, is_old));
  SklearnIsolationForest::Parts parts;
  SCORIA_TRY(rows, object.number("max_samples_"));
  parts.path_length = average_path_length(rows, is_old);
  parts.divides_mean = is_old;
  // What 0 / 0 was until 0.24.
  if (release < 100) parts.alone = std::numeric_limits<double>::quiet_NaN();
  SCORIA_TRY_STATUS(read_threshold(object, parts));
  // Since 1.6 cells are not looked at: infinities and what float32 cannot hold go beyond every threshold.
  const bool takes_all = release >= 106 && ensemble.has_missing_sides();
  parts.accept = {.missing = takes_all, .infinite = takes_all, .only_float32 = !takes_all};
  pipeline::Step step;
  SCORIA_TRY_STATUS(pipeline::set_inputs(object, static_cast<std::size_t>(features), step));
  step.predictor = std::make_shared<SklearnIsolationForest>(Sums(std::move(ensemble)), parts);
  return step;
}

}  // namespace scoria::model::tree
