// Decision trees in the one form that every tree family is translated into. sums.h adds them up over rows.
//
// A row starts at a tree's root. At a split on a number it goes left where `x < threshold` (or `x <= threshold`, by the
// family), else right. At a split on a category a table names the child of each level. A missing value takes one of three ways:
// - NA goes to a third child; NaN is not NA: it compares false and goes right, as in R (has_missing_children);
// - NaN and NA go to the side that the split names, as in scikit-learn (has_missing_sides);
// - neither: both go right.
//
// Threads: immutable after build().
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/features.h"
#include "model/tree/simd.h"

namespace scoria::model::tree {

enum class Comparison : std::uint8_t { less, less_equal };

// Which child a level of a categorical split leads to.
enum class Route : std::uint8_t { left = 0, right = 1, missing = 2 };

// A node as a loader hands it over; children are positions within the same tree.
struct SourceNode {
  std::int32_t feature = -1;  // -1: a leaf
  double value = 0;           // a leaf's value or a split's threshold
  std::int32_t left = 0;
  std::int32_t right = 0;
  std::int32_t missing = -1;  // a third child, or that of left and right which takes missing values; else not used
  std::int32_t routes = -1;   // a categorical split: which of the tables given to build()
};

struct EnsembleSource {
  Comparison comparison = Comparison::less;
  bool has_missing_children = false;
  bool has_missing_sides = false;  // not both
  std::uint32_t features = 0;
  // Per feature: the number of levels, 0 for a number. A categorical split may only use a feature with levels.
  std::vector<std::uint32_t> levels;
  // Per categorical split table: one route for each level of its feature; with missing sides one more, of missing values.
  std::vector<std::vector<Route>> routes;
  std::vector<std::vector<SourceNode>> trees;
  // Whether source_position() will be asked.
  bool keeps_positions = false;
};

// Sixteen bytes, so that a path touches few cache lines. Siblings are adjacent: left, right, then missing.
struct Node {
  static constexpr std::uint32_t kLeaf = 0xFFFF'FFFF;
  static constexpr std::uint32_t kCategorical = 0x8000'0000;  // flag on feature; value is then routes_begin
  static constexpr std::uint32_t kMissingLeft = 0x4000'0000;  // flag on feature: of missing sides, the left one

  union {
    double value;
    std::uint64_t routes_begin;
  };
  std::uint32_t feature;
  std::uint32_t first_child;

  bool is_leaf() const { return feature == kLeaf; }
  bool is_categorical() const {
    return (feature & kCategorical) != 0;
  }  // false positives on leaves: test is_leaf() first
  std::uint32_t column() const { return feature & ~(kCategorical | kMissingLeft); }
  bool is_missing_left() const { return (feature & kMissingLeft) != 0; }  // not of a leaf either
};

class Ensemble {
 public:
  // Errors: corrupt, naming tree and node: a child out of range, a node that is reached twice or not a tree, an unknown
  // feature, a threshold that is NaN, a routes table of the wrong length. O(nodes).
  static Result<Ensemble> build(const EnsembleSource& source);

  std::uint32_t trees() const { return static_cast<std::uint32_t>(roots_.size()) - 1; }
  std::size_t nodes() const { return nodes_.size(); }
  std::size_t route_bytes() const { return routes_.size(); }
  std::uint32_t features() const { return features_; }
  std::uint32_t max_leaves() const { return max_leaves_; }
  std::uint32_t max_depth() const { return max_depth_; }
  // A leaf may hold any value (every NaN is the plain one: no leaf is NA); counting votes needs all of them to be whole numbers below this.
  bool leaves_are_below(std::uint32_t bound) const;

  // The leaf that one tree leads one row to, as a position in layout(): the plain walk that every kernel must equal.
  std::uint32_t walk(std::uint32_t tree, const FeatureMatrix& x, std::size_t row) const;

  // The same of one row in trees [begin, end), into leaves[0...]: several trees at a time, so that no step waits for the one before it.
  void walk_row(std::uint32_t begin, std::uint32_t end, const FeatureMatrix& x, std::size_t row, Simd simd,
                std::span<std::uint32_t> leaves) const;

  // Where a node of layout() stood in its source tree. Precondition: EnsembleSource::keeps_positions.
  std::uint32_t source_position(std::uint32_t tree, std::uint32_t node) const {
    return positions_.empty() ? node - roots_[tree] : positions_[node];
  }

  // For the kernels' layouts.
  std::span<const Node> layout() const { return nodes_; }
  std::uint32_t root(std::uint32_t tree) const { return roots_[tree]; }
  Comparison comparison() const { return comparison_; }
  bool has_missing_children() const { return has_missing_children_; }
  bool has_missing_sides() const { return has_missing_sides_; }
  std::uint32_t levels(std::uint32_t feature) const { return levels_[feature]; }
  // Children by level; the entry after the last level is where a missing value goes.
  std::span<const std::uint8_t> routes(const Node& node) const {
    return std::span(routes_).subspan(node.routes_begin, levels_[node.column()] + 1);
  }

 private:
  Ensemble() = default;
  enum class Missing : std::uint8_t { right, child, side };
  template <Missing kMissing, Comparison kComparison>
  std::uint32_t walk_as(std::uint32_t tree, const FeatureMatrix& x, std::size_t row) const;
  template <Missing kMissing, Comparison kComparison>
  void walk_numbers(std::uint32_t begin, std::span<const double> row, std::span<std::uint32_t> leaves) const;

  Comparison comparison_ = Comparison::less;
  bool has_missing_children_ = false;
  bool has_missing_sides_ = false;
  std::uint32_t features_ = 0;
  std::uint32_t max_leaves_ = 0;
  std::uint32_t max_depth_ = 0;
  std::vector<std::uint32_t> levels_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> roots_;  // one more than there are trees
  std::vector<std::uint8_t> routes_;
  std::vector<std::uint32_t> positions_;  // empty where sources are laid out as trees are here: breadth first
};

}  // namespace scoria::model::tree
