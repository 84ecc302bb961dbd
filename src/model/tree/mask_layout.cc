#include "model/tree/mask_layout.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace scoria::model::tree {
namespace {

std::uint32_t twice(std::uint16_t half) { return half | static_cast<std::uint32_t>(half) << 16; }

// Turns one tree into tests. Leaves are met in order, so a subtree's leaves are a range.
template <int kWords>
class TreeCompiler {
 public:
  using Layout = MaskLayout<kWords>;

  TreeCompiler(const Ensemble& ensemble, const RankSpace& space, bool missing, Simd simd, Layout& layout)
      : ensemble_(ensemble), space_(space), missing_(missing), simd_(simd), layout_(layout) {}

  bool add(std::uint32_t tree) {
    leaves_.fill(0);
    next_leaf_ = 0;
    children_ = 0;
    for (std::vector<MaskTest>& word : tests_) word.clear();
    if (!visit(ensemble_.root(tree), 0)) return false;
    for (std::vector<MaskTest>& word : tests_) {
      // Tests of one feature together: its ranks are read while they are in the nearest cache.
      std::stable_sort(word.begin(), word.end(), [](const auto& a, const auto& b) { return a.offset < b.offset; });
      layout_.tests_begin.push_back(static_cast<std::uint32_t>(layout_.tests.size()));
      layout_.tests.insert(layout_.tests.end(), word.begin(), word.end());
    }
    append_leaves();
    return true;
  }

 private:
  bool visit(std::uint32_t position, std::size_t depth) {
    if (depth > Layout::kLeaves) return false;  // each split above this one holds at least one more leaf
    const Node& node = ensemble_.layout()[position];
    if (node.is_leaf()) {
      if (next_leaf_ == Layout::kLeaves) return false;
      leaves_[next_leaf_++] = node.value;
      return true;
    }
    const std::size_t left_begin = next_leaf_;
    if (!visit(node.first_child, depth + 1)) return false;
    const std::size_t right_begin = next_leaf_;
    if (!visit(node.first_child + 1, depth + 1)) return false;
    const std::size_t right_end = next_leaf_;
    const bool three_way = ensemble_.has_missing_children() && (missing_ || node.is_categorical());
    if (three_way && !visit(node.first_child + 2, depth + 1)) return false;

    const auto ranks = static_cast<std::uint32_t>(space_.cut(node).slot * kGroup);
    if (node.is_categorical()) {
      const auto child = static_cast<std::uint32_t>((space_.slots() + 1 + children_++) * kGroup);
      layout_.lookups.push_back({ranks, child, ensemble_.routes(node).data()});
      strike(child, 0, left_begin, right_begin);
      if (three_way) strike(child, 1, right_begin, right_end);
      return true;
    }
    strike(ranks, space_.cut(node).position, left_begin, right_begin);
    if (three_way) strike(ranks, kMissingRank - 1, right_begin, right_end);
    return true;
  }

  void strike(std::uint32_t offset, std::uint32_t threshold, std::size_t begin, std::size_t end) {
    std::uint16_t masks[kWords] = {};
    for (std::size_t leaf = begin; leaf < end; ++leaf) {
      // The first leaf left is found by counting leading zeros in AVX-512, trailing ones elsewhere.
      const std::size_t bit = simd_ == Simd::avx512 ? 15 - leaf % 16 : leaf % 16;
      masks[leaf / 16] = static_cast<std::uint16_t>(masks[leaf / 16] | 1u << bit);
    }
    for (int word = 0; word < kWords; ++word) {
      if (masks[word] == 0) continue;
      const auto stored = static_cast<std::uint16_t>(stored_rank(threshold));
      tests_[static_cast<std::size_t>(word)].push_back({twice(stored), twice(masks[word]), offset});
    }
  }

  void append_leaves() {
    if (simd_ != Simd::avx512) {
      layout_.leaves.insert(layout_.leaves.end(), leaves_.begin(), leaves_.end());
      return;
    }
    std::array<std::uint32_t, 2 * Layout::kLeaves> halves;
    for (std::size_t i = 0; i < leaves_.size(); ++i) {
      const auto bits = std::bit_cast<std::uint64_t>(leaves_[i]);
      halves[i] = static_cast<std::uint32_t>(bits);
      halves[Layout::kLeaves + i] = static_cast<std::uint32_t>(bits >> 32);
    }
    const std::size_t at = layout_.leaves.size();
    layout_.leaves.resize(at + Layout::kLeaves);
    std::memcpy(layout_.leaves.data() + at, halves.data(), sizeof halves);
  }

  const Ensemble& ensemble_;
  const RankSpace& space_;
  bool missing_;
  Simd simd_;
  Layout& layout_;
  std::array<double, Layout::kLeaves> leaves_;
  std::array<std::vector<MaskTest>, kWords> tests_;
  std::size_t next_leaf_ = 0;
  std::size_t children_ = 0;
};

}  // namespace

template <int kWords>
std::optional<MaskLayout<kWords>> MaskLayout<kWords>::build(const Ensemble& ensemble, const RankSpace& space,
                                                            bool missing, Simd simd) {
  // Tests are counted in 32 bits. Each tree takes the room of kLeaves leaves, which many trees of one leaf beside a large one
  // would multiply.
  constexpr std::size_t kMostPadding = 16u << 20;
  const std::size_t leaf_bytes = ensemble.trees() * kLeaves * sizeof(double);
  if (ensemble.nodes() >= (1u << 28) || leaf_bytes > std::max(kMostPadding, 16 * sizeof(Node) * ensemble.nodes())) {
    return std::nullopt;
  }
  MaskLayout layout;
  TreeCompiler<kWords> compiler(ensemble, space, missing, simd, layout);
  for (std::uint32_t tree = 0; tree < ensemble.trees(); ++tree) {
    layout.lookups_begin.push_back(static_cast<std::uint32_t>(layout.lookups.size()));
    if (!compiler.add(tree)) return std::nullopt;
  }
  layout.tests_begin.push_back(static_cast<std::uint32_t>(layout.tests.size()));
  layout.lookups_begin.push_back(static_cast<std::uint32_t>(layout.lookups.size()));
  return layout;
}

template struct MaskLayout<1>;
template struct MaskLayout<2>;
template struct MaskLayout<4>;

}  // namespace scoria::model::tree
