// Random ensembles and rows that look for trouble, with a walk of their own to compare with. Test programs only.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "base/na.h"
#include "model/features.h"
#include "model/tree/ensemble.h"

namespace scoria::model::tree {

// Numbers by output, for sums to be written into.
using Columns = std::vector<std::vector<double>>;

inline std::vector<double*> pointers(Columns& columns) {
  std::vector<double*> out;
  for (std::vector<double>& column : columns) out.push_back(column.data());
  return out;
}

class RandomEnsemble {
 public:
  struct Shape {
    Comparison comparison = Comparison::less;
    bool has_missing_children = false;
    bool has_missing_sides = false;
    std::uint32_t trees = 8;
    std::uint32_t most_leaves = 40;  // of one tree
    std::uint32_t classes = 0;       // leaves are whole numbers below it; 0: any numbers
    std::uint32_t most_features = 9;
    bool has_categories = true;
  };

  RandomEnsemble(std::uint64_t seed, Shape shape) : random_(seed), shape_(shape) {
    source.comparison = shape.comparison;
    source.has_missing_children = shape.has_missing_children;
    source.has_missing_sides = shape.has_missing_sides;
    source.features = 1 + below(shape.most_features);
    source.keeps_positions = true;
    constexpr std::uint32_t kLevels[] = {2, 3, 17, 53, 256, 300};
    for (std::uint32_t f = 0; f < source.features; ++f) {
      const std::uint32_t levels = below(3) == 0 ? kLevels[below(6)] : 0;
      source.levels.push_back(shape.has_categories ? levels : 0);
      std::vector<double>& pool = pools_.emplace_back();
      const std::uint32_t distinct = below(4) == 0 ? 1 : 1 + below(60);
      for (std::uint32_t i = 0; i < distinct; ++i) pool.push_back(number());
    }
    for (std::uint32_t t = 0; t < shape.trees; ++t) grow();
  }

  // Rows whose numbers lie on the thresholds, beside them, at the ends of what a double holds, or are missing.
  FeatureMatrix rows(std::size_t count, bool with_missing) {
    FeatureMatrix matrix;
    matrix.rows = count;
    for (std::uint32_t f = 0; f < source.features; ++f) {
      std::vector<double>& column = matrix.converted.emplace_back(count);
      for (double& value : column) value = with_missing && below(12) == 0 ? na_real() : value_of(f);
      if (with_missing && source.levels[f] == 0 && count > 0)
        column[below(static_cast<std::uint32_t>(count))] = std::nan("");
    }
    for (const std::vector<double>& column : matrix.converted) matrix.columns.push_back(column.data());
    return matrix;
  }

  // By the definition in ensemble.h, on the trees as they were handed over.
  const SourceNode& leaf(std::uint32_t tree, const FeatureMatrix& x, std::size_t row) const {
    const std::vector<SourceNode>& nodes = source.trees[tree];
    std::int32_t at = 0;
    while (nodes[static_cast<std::size_t>(at)].feature >= 0) {
      const SourceNode& node = nodes[static_cast<std::size_t>(at)];
      const double value = x.columns[static_cast<std::size_t>(node.feature)][row];
      const std::int32_t children[] = {node.left, node.right, node.missing};
      Route route = Route::right;
      if (shape_.has_missing_sides && std::isnan(value)) {
        route = node.routes >= 0            ? source.routes[static_cast<std::size_t>(node.routes)].back()
                : node.missing == node.left ? Route::left
                                            : Route::right;
      } else if (is_na(value)) {
        route = shape_.has_missing_children ? Route::missing : Route::right;
      } else if (node.routes >= 0) {
        route = source.routes[static_cast<std::size_t>(node.routes)][static_cast<std::size_t>(value)];
      } else if (shape_.comparison == Comparison::less ? value < node.value : value <= node.value) {
        route = Route::left;
      }
      at = children[static_cast<std::size_t>(route)];
    }
    return nodes[static_cast<std::size_t>(at)];
  }

  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }

  EnsembleSource source;

 private:
  double number() {
    constexpr double kSpecial[] = {0.0,
                                   -0.0,
                                   std::numeric_limits<double>::infinity(),
                                   -std::numeric_limits<double>::infinity(),
                                   std::numeric_limits<double>::denorm_min(),
                                   -std::numeric_limits<double>::denorm_min(),
                                   std::numeric_limits<double>::max(),
                                   1e-308};
    if (below(8) == 0) return kSpecial[below(8)];
    const double normal = std::normal_distribution<>()(random_);
    return below(2) == 0 ? std::round(normal * 10) / 10 : normal;
  }

  double value_of(std::uint32_t feature) {
    if (source.levels[feature] > 0) return below(source.levels[feature]);
    const std::vector<double>& pool = pools_[feature];
    const double threshold = pool[below(static_cast<std::uint32_t>(pool.size()))];
    switch (below(4)) {
      case 0: return threshold;
      case 1: return std::nextafter(threshold, std::numeric_limits<double>::infinity());
      case 2: return std::nextafter(threshold, -std::numeric_limits<double>::infinity());
      default: return number();
    }
  }

  double leaf_value() {
    if (shape_.classes > 0) return below(shape_.classes);
    return below(10) == 0 ? number() : std::normal_distribution<>()(random_);
  }

  // Splits leaves until there are enough: at random, or always the newest of one side, which makes chains.
  void grow() {
    std::vector<SourceNode>& nodes = source.trees.emplace_back(1);
    nodes[0].value = leaf_value();
    std::vector<std::size_t> leaves{0};
    const std::uint32_t wanted = below(6) == 0 ? 1 : 1 + below(shape_.most_leaves);
    const std::uint32_t habit = below(4);  // 0 random, else the chain's side
    const std::uint32_t count = shape_.has_missing_children ? 3 : 2;
    while (leaves.size() < wanted) {
      const std::size_t which = habit == 0
                                    ? below(static_cast<std::uint32_t>(leaves.size()))
                                    : leaves.size() - 1 - (habit - 1) % std::min<std::size_t>(count, leaves.size());
      const std::size_t at = leaves[which];
      leaves.erase(leaves.begin() + static_cast<std::ptrdiff_t>(which));
      const std::uint32_t feature = below(source.features);
      std::int32_t children[3] = {-1, -1, -1};
      for (std::uint32_t i = 0; i < count; ++i) {
        children[i] = static_cast<std::int32_t>(nodes.size());
        leaves.push_back(nodes.size());
        nodes.emplace_back().value = leaf_value();
      }
      SourceNode& node = nodes[at];
      node = {static_cast<std::int32_t>(feature), 0, children[0], children[1], children[2], -1};
      if (shape_.has_missing_sides) node.missing = children[below(2)];
      if (source.levels[feature] == 0) {
        node.value = pools_[feature][below(static_cast<std::uint32_t>(pools_[feature].size()))];
        continue;
      }
      node.routes = static_cast<std::int32_t>(source.routes.size());
      std::vector<Route>& routes = source.routes.emplace_back();
      for (std::uint32_t level = 0; level < source.levels[feature]; ++level) {
        routes.push_back(static_cast<Route>(below(count)));
      }
      if (shape_.has_missing_sides) routes.push_back(static_cast<Route>(below(2)));
    }
  }

  std::mt19937_64 random_;
  Shape shape_;
  std::vector<std::vector<double>> pools_;  // thresholds by feature
};

// The same bits, or both NaN.
inline bool same_number(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b) && is_na(a) == is_na(b);
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

}  // namespace scoria::model::tree
