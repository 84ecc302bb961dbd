#include "model/tree/deep_layout.h"

#include <algorithm>

namespace scoria::model::tree {

namespace {

// Bytes of one categorical split's table of children.
std::uint32_t stride_of(const Ensemble& ensemble, const RankSpace& space) {
  std::uint32_t stride = 0;
  for (std::size_t slot = 0; slot < space.slots(); ++slot) {
    stride = std::max(stride, ensemble.levels(space.feature(slot)) + 1);
  }
  return stride;
}

}  // namespace

bool DeepLayout::fits(const Ensemble& ensemble, const RankSpace& space) {
  static_assert(kMaxSlots < DeepNode::kCategorical, "slots leave their highest bit to the flag");
  if (ensemble.nodes() >= (1u << 28)) return false;  // nodes and leaves would take 4 GiB beside the ensemble's own
  std::uint64_t all_splits = 0;
  for (std::uint32_t tree = 0; tree < ensemble.trees(); ++tree) {
    std::uint64_t splits = 0;
    for (std::uint32_t i = ensemble.root(tree); i < ensemble.root(tree + 1); ++i) {
      const Node& node = ensemble.layout()[i];
      if (!node.is_leaf() && node.is_categorical()) ++splits;
    }
    if (splits > 65535) return false;  // numbered within their tree in 16 bits
    all_splits += splits;
  }
  // Every split takes the room of the feature with the most levels: a model whose features differ much goes without.
  const std::uint64_t most =
      std::max<std::uint64_t>(64u << 20, 16 * (ensemble.nodes() * sizeof(Node) + ensemble.route_bytes()));
  return all_splits * stride_of(ensemble, space) < std::min<std::uint64_t>(most, 1u << 30);
}

DeepLayout DeepLayout::build(const Ensemble& ensemble, const RankSpace& space) {
  DeepLayout layout;
  layout.has_missing_children = ensemble.has_missing_children();
  layout.stride = stride_of(ensemble, space);
  layout.nodes.reserve(ensemble.nodes());
  layout.leaves.reserve(ensemble.nodes());
  for (std::uint32_t tree = 0; tree < ensemble.trees(); ++tree) {
    const std::uint32_t root = ensemble.root(tree);
    layout.roots.push_back(root);
    layout.routes_begin.push_back(static_cast<std::uint32_t>(layout.routes.size()));
    std::uint32_t splits = 0;
    for (std::uint32_t i = root; i < ensemble.root(tree + 1); ++i) {
      const Node& from = ensemble.layout()[i];
      layout.leaves.push_back(from.is_leaf() ? from.value : 0.0);
      DeepNode& node = layout.nodes.emplace_back();
      node.first_child = from.first_child - root;
      if (from.is_leaf()) {
        node.threshold = stored_rank(kMissingRank);
        node.slot = static_cast<std::uint16_t>(space.slots());
        continue;
      }
      const RankSpace::Cut cut = space.cut(from);
      node.slot = static_cast<std::uint16_t>(cut.slot);
      if (!from.is_categorical()) {
        node.threshold = stored_rank(cut.position);
        continue;
      }
      layout.has_categories = true;
      node.slot |= DeepNode::kCategorical;
      node.threshold = stored_rank(splits++);
      const auto routes = ensemble.routes(from);
      layout.routes.insert(layout.routes.end(), routes.begin(), routes.end());
      layout.routes.resize(layout.routes.size() + layout.stride - routes.size(), 0);
    }
  }
  layout.roots.push_back(static_cast<std::uint32_t>(ensemble.nodes()));
  layout.routes.push_back(0);  // a split of a number reads its tree's first route too, and forgets it
  return layout;
}

}  // namespace scoria::model::tree
