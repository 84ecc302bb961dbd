#include "model/tree/surrogate_tree.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <unordered_map>

namespace scoria::model::tree {
namespace {

Side opposite(Side side) { return static_cast<Side>(-static_cast<int>(side)); }

Error corrupt_node(std::int64_t number, const std::string& problem) {
  return Error{Code::corrupt, "tree: node " + std::to_string(number) + " " + problem};
}

}  // namespace

Result<SurrogateTree> SurrogateTree::build(std::vector<SurrogateNode> nodes) {
  // Children have larger numbers than their parent, so that no walk can go round in circles.
  std::unordered_map<std::int64_t, std::int32_t> positions;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].number < 1) return corrupt_node(nodes[i].number, "has a number below 1");
    if (!positions.emplace(nodes[i].number, static_cast<std::int32_t>(i)).second) {
      return corrupt_node(nodes[i].number, "is there twice");
    }
  }
  const auto root = positions.find(1);
  if (root == positions.end()) return corrupt_node(1, "is absent, and with it the root");

  SurrogateTree tree;
  tree.root_ = root->second;
  for (SurrogateNode& source : nodes) {
    Node& node = tree.nodes_.emplace_back();
    tree.depth_ = std::max<std::size_t>(tree.depth_, std::bit_width(static_cast<std::uint32_t>(source.number)) - 1u);
    if (source.splits.empty()) {
      ++tree.leaves_;
      continue;
    }
    for (int side = 0; side < 2; ++side) {
      const std::int64_t number = 2 * static_cast<std::int64_t>(source.number) + side;
      const auto child = positions.find(number);
      if (child == positions.end()) return corrupt_node(number, "is absent, and its parent is split");
      node.children[side] = child->second;
    }
    if (source.majority != Side::none) node.majority = node.children[source.majority == Side::left ? 0 : 1];
    node.own = tree.question(std::move(source.splits[0]));
    const bool below_is_left = node.own.below == Side::left;
    node.outcomes[0] = node.children[below_is_left ? 1 : 0];
    node.outcomes[1] = node.children[below_is_left ? 0 : 1];
    node.first_surrogate = static_cast<std::uint32_t>(tree.surrogates_.size());
    node.surrogates = static_cast<std::uint32_t>(source.splits.size() - 1);
    for (std::size_t i = 1; i < source.splits.size(); ++i) {
      tree.surrogates_.push_back(tree.question(std::move(source.splits[i])));
    }
  }
  return tree;
}

SurrogateTree::Question SurrogateTree::question(SurrogateSplit split) {
  const Question made{.threshold = split.threshold,
                      .column = split.column,
                      .below = split.below,
                      .first_side = static_cast<std::uint32_t>(sides_.size()),
                      .levels = static_cast<std::uint32_t>(split.sides.size())};
  sides_.insert(sides_.end(), split.sides.begin(), split.sides.end());
  return made;
}

Side SurrogateTree::answer(const Question& question, double x) const {
  if (std::isnan(x)) return Side::none;
  if (question.levels == 0) return x < question.threshold ? question.below : opposite(question.below);
  return x >= 0 && x < question.levels ? sides_[question.first_side + static_cast<std::size_t>(x)] : Side::none;
}

std::int32_t SurrogateTree::next(const Node& node, std::span<const double* const> columns, std::size_t row) const {
  Side side = answer(node.own, columns[node.own.column][row]);
  for (std::uint32_t i = 0; side == Side::none && i < node.surrogates; ++i) {
    const Question& surrogate = surrogates_[node.first_surrogate + i];
    side = answer(surrogate, columns[surrogate.column][row]);
  }
  if (side == Side::none) return node.majority;
  return node.children[side == Side::left ? 0 : 1];
}

void SurrogateTree::walk(std::span<const double* const> columns, std::size_t first, std::span<std::int32_t> out) const {
  const Node* const nodes = nodes_.data();
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t row = first + i;
    std::int32_t at = root_;
    while (nodes[at].children[0] != kNone) {
      const Node& node = nodes[at];
      const double x = columns[node.own.column][row];
      const std::int32_t child =
          node.own.levels == 0 && !std::isnan(x) ? node.outcomes[x < node.own.threshold] : next(node, columns, row);
      if (child == kNone) break;
      at = child;
    }
    out[i] = at;
  }
}

}  // namespace scoria::model::tree
