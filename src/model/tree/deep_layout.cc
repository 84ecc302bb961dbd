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
  struct Pending {
    std::uint32_t source;  // in the ensemble
    std::uint32_t target;  // in the tree here
  };
  std::vector<Pending> pending;
  for (std::uint32_t tree = 0; tree < ensemble.trees(); ++tree) {
    const std::uint32_t root = ensemble.root(tree);
    layout.roots.push_back(root);
    layout.routes_begin.push_back(static_cast<std::uint32_t>(layout.routes.size()));
    // Depth first, siblings together: what lies below a node then lies behind it, in few lines of the cache.
    const std::uint32_t children = layout.has_missing_children ? 3 : 2;
    std::uint32_t splits = 0;
    std::uint32_t placed = 1;
    layout.nodes.resize(ensemble.root(tree + 1));
    layout.leaves.resize(ensemble.root(tree + 1));
    pending.assign(1, {root, 0});
    while (!pending.empty()) {
      const auto [source, target] = pending.back();
      pending.pop_back();
      const Node& from = ensemble.layout()[source];
      DeepNode& node = layout.nodes[root + target];
      if (from.is_leaf()) {
        layout.leaves[root + target] = from.value;
        node = {stored_rank(kMissingRank), static_cast<std::uint16_t>(space.slots()), target};
        continue;
      }
      node.first_child = placed;
      placed += children;
      for (std::uint32_t k = children; k-- > 0;) pending.push_back({from.first_child + k, node.first_child + k});
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
