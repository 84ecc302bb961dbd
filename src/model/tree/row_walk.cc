// The walk of row_walk.h, compiled once per vector target.
#include "model/tree/row_walk.h"

#include <algorithm>
#include <cstddef>

#include "base/na.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/tree/row_walk.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace scoria::model::tree::HWY_NAMESPACE {
#if HWY_TARGET == HWY_AVX3

namespace hn = hwy::HWY_NAMESPACE;

enum class MissingValues : std::uint8_t { right, child, side };

constexpr hn::ScalableTag<double> kD;
constexpr hn::ScalableTag<std::int64_t> kDi;
using Doubles = hn::VFromD<hn::ScalableTag<double>>;
using Integers = hn::VFromD<hn::ScalableTag<std::int64_t>>;
constexpr std::size_t kLanes = hn::MaxLanes(kD);

// A row's numbers by column. In registers, where they fit: a gather from memory takes longer than all else that a step does.
// Where a column is none of the row's, any number is given.
template <std::size_t kRegisters>
class RowNumbers {
 public:
  // Precondition: row has kRegisters * kLanes numbers.
  explicit RowNumbers(const double* row) {
    for (std::size_t i = 0; i < kRegisters; ++i) held_[i] = hn::LoadU(kD, row + i * kLanes);
  }
  Doubles at(Integers columns) const {
    const auto lanes = hn::IndicesFromVec(kD, hn::And(columns, hn::Set(kDi, kLanes - 1)));
    Doubles numbers[kRegisters];
    for (std::size_t i = 0; i < kRegisters; ++i) numbers[i] = hn::TableLookupLanes(held_[i], lanes);
    for (std::size_t half = kRegisters / 2; half > 0; half /= 2) {
      const auto is_high = hn::RebindMask(kD, hn::TestBit(columns, hn::Set(kDi, half * kLanes)));
      for (std::size_t i = 0; i < half; ++i) numbers[i] = hn::IfThenElse(is_high, numbers[i + half], numbers[i]);
    }
    return numbers[0];
  }

 private:
  static_assert(kRegisters == 2 || kRegisters == 4);
  Doubles held_[kRegisters];
};

template <>
class RowNumbers<0> {
 public:
  explicit RowNumbers(const double* row) : row_(row) {}
  // Precondition: the row has them all.
  Doubles at(Integers columns) const { return hn::GatherIndex(kD, row_, columns); }

 private:
  const double* row_;
};

// A node is two words: a number, and below it the feature in the low half and the first child in the high half.
static_assert(sizeof(Node) == 16 && offsetof(Node, feature) == 8 && offsetof(Node, first_child) == 12);

// A leaf is its own first child: a tree that has ended stays there until the deepest of its group has ended, too.
template <std::size_t kRegisters, MissingValues kMissing, bool kLess>
class Walker {
 public:
  // So many vectors at a time hide that each step of one waits for memory.
  static constexpr std::size_t kVectors = 8;

  explicit Walker(const RowWalk& walk)
      : numbers_(&walk.nodes.data()->value),
        links_(reinterpret_cast<const std::int64_t*>(walk.nodes.data()) + 1),
        row_(walk.row.data()) {}

  // `at`: the roots of count * kLanes trees, which become their leaves. Precondition: count <= kVectors.
  void run(std::int64_t* at, std::size_t count) const {
    for (bool is_on = true; is_on;) {
      auto all_leaves = hn::FirstN(kDi, kLanes);
      for (std::size_t v = 0; v < count; ++v) {
        auto positions = hn::Load(kDi, at + v * kLanes);
        all_leaves = hn::And(all_leaves, step(positions));
        hn::Store(positions, kDi, at + v * kLanes);
      }
      is_on = !hn::AllTrue(kDi, all_leaves);
    }
  }

 private:
  // Moves each lane to its child. Which lanes were at a leaf.
  hn::MFromD<hn::ScalableTag<std::int64_t>> step(Integers& positions) const {
    const auto words = hn::ShiftLeft<1>(positions);
    const auto links = hn::GatherIndex(kDi, links_, words);
    const auto threshold = hn::GatherIndex(kD, numbers_, words);
    const auto feature = hn::And(links, hn::Set(kDi, 0xFFFF'FFFF));
    const auto is_leaf = hn::Eq(feature, hn::Set(kDi, Node::kLeaf));
    const auto one = hn::Set(kDi, 1);
    Doubles value;
    if constexpr (kRegisters > 0) {
      value = row_.at(feature);
    } else {
      const auto column = hn::And(feature, hn::Set(kDi, ~(Node::kCategorical | Node::kMissingLeft)));
      value = row_.at(hn::IfThenZeroElse(is_leaf, column));
    }
    const auto left = kLess ? hn::Lt(value, threshold) : hn::Le(value, threshold);
    auto child = hn::IfThenZeroElse(hn::RebindMask(kDi, left), one);
    if constexpr (kMissing == MissingValues::child) {
      // As is_na().
      const auto low = hn::And(hn::BitCast(kDi, value), hn::Set(kDi, 0xFFFF'FFFF));
      const auto is_na = hn::And(hn::RebindMask(kDi, hn::IsNaN(value)), hn::Eq(low, hn::Set(kDi, kNaLowWord)));
      child = hn::IfThenElse(is_na, hn::Set(kDi, 2), child);
    }
    if constexpr (kMissing == MissingValues::side) {
      const auto side = hn::IfThenZeroElse(hn::TestBit(feature, hn::Set(kDi, Node::kMissingLeft)), one);
      child = hn::IfThenElse(hn::RebindMask(kDi, hn::IsNaN(value)), side, child);
    }
    positions = hn::Add(hn::ShiftRight<32>(links), hn::IfThenZeroElse(is_leaf, child));
    return is_leaf;
  }

  const double* numbers_;
  const std::int64_t* links_;
  RowNumbers<kRegisters> row_;
};

template <std::size_t kRegisters, MissingValues kMissing, bool kLess>
void walk_all(const RowWalk& walk) {
  using Group = Walker<kRegisters, kMissing, kLess>;
  const Group group(walk);
  // Groups of like size: a small last one would wait as long as a full one.
  const std::size_t vectors = (walk.roots.size() + kLanes - 1) / kLanes;
  const std::size_t groups = (vectors + Group::kVectors - 1) / Group::kVectors;
  HWY_ALIGN std::int64_t at[Group::kVectors * kLanes];
  std::size_t tree = 0;
  for (std::size_t i = 0; i < groups; ++i) {
    const std::size_t count = vectors * (i + 1) / groups - vectors * i / groups;
    const std::size_t trees = std::min(count * kLanes, walk.roots.size() - tree);
    std::copy_n(walk.roots.data() + tree, trees, at);
    std::fill(at + trees, at + count * kLanes, at[trees - 1]);
    group.run(at, count);
    for (std::size_t k = 0; k < trees; ++k) walk.leaves[tree + k] = static_cast<std::uint32_t>(at[k]);
    tree += trees;
  }
}

template <std::size_t kRegisters, MissingValues kMissing>
void walk_missing(const RowWalk& walk) {
  walk.comparison == Comparison::less ? walk_all<kRegisters, kMissing, true>(walk)
                                      : walk_all<kRegisters, kMissing, false>(walk);
}

template <std::size_t kRegisters>
void walk_with(const RowWalk& walk) {
  if (walk.has_missing_children) return walk_missing<kRegisters, MissingValues::child>(walk);
  if (walk.has_missing_sides) return walk_missing<kRegisters, MissingValues::side>(walk);
  walk_missing<kRegisters, MissingValues::right>(walk);
}

void walk(const RowWalk& walk) {
  static_assert(kRowWalkPadding % (4 * kLanes) == 0);
  if (walk.features <= 2 * kLanes) return walk_with<2>(walk);
  if (walk.features <= 4 * kLanes) return walk_with<4>(walk);
  walk_with<0>(walk);
}

#endif
}  // namespace scoria::model::tree::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scoria::model::tree {

void walk_row(const RowWalk& walk) { N_AVX3::walk(walk); }

}  // namespace scoria::model::tree
#endif
