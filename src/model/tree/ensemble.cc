#include "model/tree/ensemble.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/na.h"
#include "model/tree/row_walk.h"

namespace scoria::model::tree {
namespace {

Error bad_node(std::size_t tree, std::size_t node, const std::string& what) {
  return Error{Code::corrupt, "tree " + std::to_string(tree + 1) + ", node " + std::to_string(node) + ": " + what};
}

// Lays one tree out breadth first with siblings adjacent, checking that it is a tree.
class TreeBuilder {
 public:
  TreeBuilder(const EnsembleSource& source, std::span<const std::uint64_t> routes_begin, std::vector<Node>& nodes)
      : source_(source), routes_begin_(routes_begin), nodes_(nodes) {}

  Status add(std::size_t tree) {
    const std::vector<SourceNode>& from = source_.trees[tree];
    if (from.empty()) return Error{Code::corrupt, "tree " + std::to_string(tree + 1) + " has no nodes"};
    queue_.assign(1, {0, nodes_.size(), 0});
    is_reached_.assign(from.size(), false);
    nodes_.emplace_back();
    leaves = 0;
    depth = 0;
    for (std::size_t head = 0; head < queue_.size(); ++head) {
      const std::size_t position = queue_[head].position;
      if (is_reached_[position]) return bad_node(tree, position, "is reached twice, so this is not a tree");
      is_reached_[position] = true;
      SCORIA_TRY_STATUS(place(tree, queue_[head]));
    }
    return Ok{};
  }

  struct Pending {
    std::size_t position;  // in the source
    std::size_t placed;    // in nodes_
    std::uint32_t depth;
  };

  // The nodes of the last tree in the order they were placed.
  std::span<const Pending> visited() const { return queue_; }

  std::uint32_t leaves = 0;
  std::uint32_t depth = 0;

 private:
  Status place(std::size_t tree, const Pending pending) {
    const SourceNode& from = source_.trees[tree][pending.position];
    if (from.feature < 0) {
      Node& leaf = nodes_[pending.placed];
      // Of two NaN a sum keeps the one that the instruction names first: with one kind of them all kernels agree.
      leaf.value = std::isnan(from.value) ? std::numeric_limits<double>::quiet_NaN() : from.value;
      leaf.feature = Node::kLeaf;
      leaf.first_child = static_cast<std::uint32_t>(pending.placed);
      leaves += 1;
      depth = std::max(depth, pending.depth);
      return Ok{};
    }
    if (static_cast<std::uint32_t>(from.feature) >= source_.features) {
      return bad_node(
          tree, pending.position,
          "splits on feature " + std::to_string(from.feature) + ", the model has " + std::to_string(source_.features));
    }
    const std::size_t first = nodes_.size();
    const std::int32_t children[] = {from.left, from.right, from.missing};
    const std::size_t count = source_.has_missing_children ? 3 : 2;
    for (std::size_t i = 0; i < count; ++i) {
      if (children[i] < 0 || static_cast<std::size_t>(children[i]) >= source_.trees[tree].size()) {
        return bad_node(tree, pending.position, "has no node " + std::to_string(children[i]) + " as a child");
      }
      queue_.push_back({static_cast<std::size_t>(children[i]), first + i, pending.depth + 1});
      nodes_.emplace_back();
    }
    Node& node = nodes_[pending.placed];
    node.first_child = static_cast<std::uint32_t>(first);
    node.feature = static_cast<std::uint32_t>(from.feature);
    if (from.routes < 0) {
      if (source_.has_missing_sides) {
        if (from.missing != from.left && from.missing != from.right) {
          return bad_node(tree, pending.position, "sends missing values to neither of its children");
        }
        if (from.missing == from.left) node.feature |= Node::kMissingLeft;
      }
      if (std::isnan(from.value)) return bad_node(tree, pending.position, "has a threshold that is not a number");
      node.value = from.value;
      return Ok{};
    }
    if (static_cast<std::size_t>(from.routes) >= source_.routes.size()) {
      return bad_node(tree, pending.position, "names a categorical split that the model does not have");
    }
    const std::size_t levels = source_.levels[static_cast<std::size_t>(from.feature)];
    const std::size_t entries = levels + (source_.has_missing_sides ? 1 : 0);
    if (levels == 0 || source_.routes[static_cast<std::size_t>(from.routes)].size() != entries) {
      return bad_node(tree, pending.position,
                      "has a categorical split that does not fit the feature's " + std::to_string(levels) + " levels");
    }
    node.feature |= Node::kCategorical;
    node.routes_begin = routes_begin_[static_cast<std::size_t>(from.routes)];
    return Ok{};
  }

  const EnsembleSource& source_;
  std::span<const std::uint64_t> routes_begin_;
  std::vector<Node>& nodes_;
  std::vector<Pending> queue_;
  std::vector<bool> is_reached_;  // by position in the source
};

}  // namespace

Result<Ensemble> Ensemble::build(const EnsembleSource& source) {
  SCORIA_CHECK(source.levels.size() == source.features);
  SCORIA_CHECK(!(source.has_missing_children && source.has_missing_sides));
  std::size_t total = 0;
  for (const auto& tree : source.trees) total += tree.size();
  if (total >= std::numeric_limits<std::int32_t>::max() || source.features >= Node::kMissingLeft) {
    return Error{Code::too_large, "the model has " + std::to_string(total) + " nodes, more than 2^31"};
  }
  Ensemble built;
  built.comparison_ = source.comparison;
  built.has_missing_children_ = source.has_missing_children;
  built.has_missing_sides_ = source.has_missing_sides;
  built.features_ = source.features;
  built.levels_ = source.levels;

  std::vector<std::uint64_t> routes_begin;
  for (const std::vector<Route>& table : source.routes) {
    routes_begin.push_back(built.routes_.size());
    for (const Route route : table) {
      if (route == Route::missing && !source.has_missing_children) {
        return Error{Code::corrupt, "a categorical split sends a level to a missing child, and this family has none"};
      }
      built.routes_.push_back(static_cast<std::uint8_t>(route));
    }
    if (source.has_missing_sides) continue;
    built.routes_.push_back(static_cast<std::uint8_t>(source.has_missing_children ? Route::missing : Route::right));
  }

  bool is_in_order = true;
  built.nodes_.reserve(total);
  TreeBuilder builder(source, routes_begin, built.nodes_);
  for (std::size_t tree = 0; tree < source.trees.size(); ++tree) {
    built.roots_.push_back(static_cast<std::uint32_t>(built.nodes_.size()));
    SCORIA_TRY_STATUS(builder.add(tree));
    if (source.keeps_positions) {
      for (const TreeBuilder::Pending& node : builder.visited()) {
        built.positions_.push_back(static_cast<std::uint32_t>(node.position));
        is_in_order = is_in_order && node.placed - built.roots_.back() == node.position;
      }
    }
    built.max_leaves_ = std::max(built.max_leaves_, builder.leaves);
    built.max_depth_ = std::max(built.max_depth_, builder.depth);
  }
  built.roots_.push_back(static_cast<std::uint32_t>(built.nodes_.size()));
  if (is_in_order) built.positions_ = {};
  return built;
}

bool Ensemble::leaves_are_below(std::uint32_t bound) const {
  return std::all_of(nodes_.begin(), nodes_.end(), [bound](const Node& node) {
    return !node.is_leaf() || (node.value >= 0 && node.value < bound && node.value == std::floor(node.value));
  });
}

template <Ensemble::Missing kMissing, Comparison kComparison>
std::uint32_t Ensemble::walk_as(std::uint32_t tree, const FeatureMatrix& x, std::size_t row) const {
  std::uint32_t position = roots_[tree];
  for (;;) {
    const Node& node = nodes_[position];
    if (node.is_leaf()) return position;
    const double value = x.columns[node.column()][row];
    if (node.is_categorical()) {
      const std::uint32_t levels = levels_[node.column()];
      const bool is_missing = kMissing == Missing::side ? std::isnan(value) : is_na(value);
      const std::uint32_t level = is_missing ? levels : static_cast<std::uint32_t>(value);
      position = node.first_child + routes_[node.routes_begin + level];
      continue;
    }
    const bool left = kComparison == Comparison::less ? value < node.value : value <= node.value;
    std::uint32_t child = left ? 0 : 1;
    if constexpr (kMissing == Missing::child) {
      if (is_na(value)) child = 2;
    }
    if constexpr (kMissing == Missing::side) {
      if (std::isnan(value)) child = node.is_missing_left() ? 0 : 1;
    }
    position = node.first_child + child;
  }
}

std::uint32_t Ensemble::walk(std::uint32_t tree, const FeatureMatrix& x, std::size_t row) const {
  const bool less = comparison_ == Comparison::less;
  if (has_missing_children_) {
    return less ? walk_as<Missing::child, Comparison::less>(tree, x, row)
                : walk_as<Missing::child, Comparison::less_equal>(tree, x, row);
  }
  if (has_missing_sides_) {
    return less ? walk_as<Missing::side, Comparison::less>(tree, x, row)
                : walk_as<Missing::side, Comparison::less_equal>(tree, x, row);
  }
  return less ? walk_as<Missing::right, Comparison::less>(tree, x, row)
              : walk_as<Missing::right, Comparison::less_equal>(tree, x, row);
}

// Of splits on numbers alone. A tree that has ended stays at its leaf until the deepest of its group has, too: no branch depends on the row.
template <Ensemble::Missing kMissing, Comparison kComparison>
void Ensemble::walk_numbers(std::uint32_t begin, std::span<const double> row, std::span<std::uint32_t> leaves) const {
  constexpr std::size_t kTogether = 16;
  for (std::size_t first = 0; first < leaves.size(); first += kTogether) {
    const std::size_t count = std::min(kTogether, leaves.size() - first);
    std::uint32_t at[kTogether];
    for (std::size_t k = 0; k < kTogether; ++k) at[k] = roots_[begin + first + std::min(k, count - 1)];
    for (bool is_on = true; is_on;) {
      is_on = false;
      for (std::uint32_t& position : at) {
        const Node& node = nodes_[position];
        const bool is_leaf = node.is_leaf();
        const double value = row[is_leaf ? 0 : node.column()];
        const bool left = kComparison == Comparison::less ? value < node.value : value <= node.value;
        std::uint32_t child = left ? 0 : 1;
        if constexpr (kMissing == Missing::child) child = is_na(value) ? 2 : child;
        if constexpr (kMissing == Missing::side) child = std::isnan(value) ? (node.is_missing_left() ? 0 : 1) : child;
        position = is_leaf ? position : node.first_child + child;
        is_on |= !is_leaf;
      }
    }
    std::copy_n(at, count, leaves.begin() + static_cast<std::ptrdiff_t>(first));
  }
}

void Ensemble::walk_row(std::uint32_t begin, std::uint32_t end, const FeatureMatrix& x, std::size_t row, Simd simd,
                        std::span<std::uint32_t> leaves) const {
  constexpr std::uint32_t kFewTrees = 4;  // a group of lanes would be mostly empty
  leaves = leaves.first(end - begin);
  if (!routes_.empty() || features_ == 0 || end - begin < kFewTrees) {
    for (std::uint32_t tree = begin; tree < end; ++tree) leaves[tree - begin] = walk(tree, x, row);
    return;
  }
  std::array<double, kRowWalkPadding> few{};
  std::vector<double> many;
  if (features_ > few.size()) many.resize(features_);
  const std::span<double> values = many.empty() ? std::span<double>(few) : many;
  for (std::size_t i = 0; i < features_; ++i) values[i] = x.columns[i][row];
  if (simd == Simd::avx512) {
    return tree::walk_row({.nodes = nodes_,
                           .roots = std::span(roots_).subspan(begin, end - begin),
                           .features = features_,
                           .row = values,
                           .leaves = leaves,
                           .comparison = comparison_,
                           .has_missing_children = has_missing_children_,
                           .has_missing_sides = has_missing_sides_});
  }
  const bool less = comparison_ == Comparison::less;
  if (has_missing_children_) {
    less ? walk_numbers<Missing::child, Comparison::less>(begin, values, leaves)
         : walk_numbers<Missing::child, Comparison::less_equal>(begin, values, leaves);
  } else if (has_missing_sides_) {
    less ? walk_numbers<Missing::side, Comparison::less>(begin, values, leaves)
         : walk_numbers<Missing::side, Comparison::less_equal>(begin, values, leaves);
  } else {
    less ? walk_numbers<Missing::right, Comparison::less>(begin, values, leaves)
         : walk_numbers<Missing::right, Comparison::less_equal>(begin, values, leaves);
  }
}

}  // namespace scoria::model::tree
