#include "model/tree/mask_layout.h"

#include <algorithm>

namespace scoria::model::tree {
namespace {

std::uint32_t twice(Rank rank) {
  const std::uint32_t low = static_cast<std::uint16_t>(rank);
  return low | low << 16;
}

// Turns one tree into tests. Leaves are met in order, so a subtree's leaves are a range.
template <int kWords>
class TreeCompiler {
 public:
  using Layout = MaskLayout<kWords>;

  TreeCompiler(const Ensemble& ensemble, const RankSpace& space, bool missing, Layout& layout)
      : ensemble_(ensemble), space_(space), missing_(missing), layout_(layout) {}

  bool add(std::uint32_t tree) {
    const std::size_t first_test = layout_.tests.size();
    layout_.leaves.resize(layout_.leaves.size() + Layout::kLeaves, 0.0);
    leaf_values_ = layout_.leaves.data() + layout_.leaves.size() - Layout::kLeaves;
    next_leaf_ = 0;
    children_ = 0;
    if (!visit(ensemble_.root(tree), 0)) return false;
    layout_.scratch_slots = std::max(layout_.scratch_slots, children_);
    // Tests of one feature together: its ranks are read while they are in the nearest cache.
    std::stable_sort(layout_.tests.begin() + static_cast<std::ptrdiff_t>(first_test), layout_.tests.end(),
                     [](const auto& a, const auto& b) { return a.offset < b.offset; });
    return true;
  }

 private:
  bool visit(std::uint32_t position, std::size_t depth) {
    if (depth > Layout::kLeaves) return false;  // each split above this one holds at least one more leaf
    const Node& node = ensemble_.layout()[position];
    if (node.is_leaf()) {
      if (next_leaf_ == Layout::kLeaves) return false;
      leaf_values_[next_leaf_++] = node.value;
      return true;
    }
    const std::size_t left_begin = next_leaf_;
    if (!visit(node.first_child, depth + 1)) return false;
    const std::size_t right_begin = next_leaf_;
    if (!visit(node.first_child + 1, depth + 1)) return false;
    const std::size_t right_end = next_leaf_;
    const bool three_way = ensemble_.has_missing_children() && (missing_ || node.is_categorical());
    if (three_way && !visit(node.first_child + 2, depth + 1)) return false;

    if (node.is_categorical()) {
      const auto ranks = static_cast<std::uint32_t>(space_.slot(node.column()) * kGroup);
      const auto child = static_cast<std::uint32_t>((space_.slots() + 1 + children_++) * kGroup);
      layout_.lookups.push_back({ranks, child, ensemble_.routes(node).data()});
      strike(child, 0, left_begin, right_begin);
      if (three_way) strike(child, 1, right_begin, right_end);
      return true;
    }
    const auto ranks = static_cast<std::uint32_t>(space_.slot(node.column()) * kGroup);
    strike(ranks, space_.cut_position(node.column(), node.value), left_begin, right_begin);
    if (three_way) strike(ranks, kMissingRank - 1, right_begin, right_end);
    return true;
  }

  void strike(std::uint32_t offset, std::uint32_t threshold, std::size_t begin, std::size_t end) {
    MaskTest<kWords> test{twice(stored_rank(threshold)), offset, {}};
    for (std::uint32_t& word : test.mask) word = 0xFFFF'FFFF;
    for (std::size_t leaf = begin; leaf < end; ++leaf) {
      const std::size_t bit = layout_.highest_first ? 31 - leaf % 32 : leaf % 32;
      test.mask[leaf / 32] &= ~(1u << bit);
    }
    layout_.tests.push_back(test);
  }

  const Ensemble& ensemble_;
  const RankSpace& space_;
  bool missing_;
  Layout& layout_;
  double* leaf_values_ = nullptr;
  std::size_t next_leaf_ = 0;
  std::size_t children_ = 0;
};

}  // namespace

template <int kWords>
std::optional<MaskLayout<kWords>> MaskLayout<kWords>::build(const Ensemble& ensemble, const RankSpace& space,
                                                            bool missing, bool highest_first) {
  MaskLayout layout;
  layout.highest_first = highest_first;
  TreeCompiler<kWords> compiler(ensemble, space, missing, layout);
  for (std::uint32_t tree = 0; tree < ensemble.trees(); ++tree) {
    layout.tests_begin.push_back(static_cast<std::uint32_t>(layout.tests.size()));
    layout.lookups_begin.push_back(static_cast<std::uint32_t>(layout.lookups.size()));
    if (!compiler.add(tree)) return std::nullopt;
  }
  layout.tests_begin.push_back(static_cast<std::uint32_t>(layout.tests.size()));
  layout.lookups_begin.push_back(static_cast<std::uint32_t>(layout.lookups.size()));
  return layout;
}

template struct MaskLayout<1>;
template struct MaskLayout<2>;

}  // namespace scoria::model::tree
