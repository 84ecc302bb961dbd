// run_partition() of deep_layout.h, compiled once per vector target.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "model/tree/deep_walk.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/tree/partition_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace scoria::model::tree::HWY_NAMESPACE {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3

namespace hn = hwy::HWY_NAMESPACE;

using RowIndex = std::uint16_t;  // of a row in its block

// As few rows of a node walk down from it in lock step: a node costs some 20 cycles however few its rows are.
constexpr std::size_t kFewRows = DeepWalk<false, false>::kRows;

// Without a mask register a mask comes from a table of 256 entries, eight lanes each.
constexpr std::size_t kLanes = HWY_TARGET == HWY_AVX3 ? 16 : 8;

// Rows of one node: `count` of them at `rows`, and as much room elsewhere. Nodes that wait share neither.
struct Rows {
  RowIndex* rows;
  RowIndex* room;
  std::uint32_t count;
};

// Where the next rows go that are dealt out to two children: those of the left one move to the room, those of the right one move up
// where they are. Neither overtakes the rows that were read, so whole vectors may be stored.
struct Dealt {
  RowIndex* left;
  RowIndex* right;
};

// Eight ranks, put into a vector one by one: processors gather 16-bit numbers no faster.
HWY_INLINE hn::VFromD<hn::FixedTag<Rank, 8>> eight_ranks(const RowIndex* rows, const Rank* column) {
  using Eight = Rank __attribute__((vector_size(16)));
  const Eight ranks = {column[rows[0]], column[rows[1]], column[rows[2]], column[rows[3]],
                       column[rows[4]], column[rows[5]], column[rows[6]], column[rows[7]]};
  return hn::LoadU(hn::FixedTag<Rank, 8>(), reinterpret_cast<const Rank*>(&ranks));
}

template <std::size_t kCount>
HWY_INLINE hn::VFromD<hn::FixedTag<Rank, kCount>> ranks_of(const RowIndex* rows, const Rank* column) {
  if constexpr (kCount == 8) {
    return eight_ranks(rows, column);
  } else {
    static_assert(kCount == 16);
    return hn::Combine(hn::FixedTag<Rank, 16>(), eight_ranks(rows + 8, column), eight_ranks(rows, column));
  }
}

// Some lanes of a vector of rows, and what is done with them.
#if HWY_TARGET == HWY_AVX3

template <class D>
using Lanes = hn::MFromD<D>;

template <class D, class M>
HWY_INLINE Lanes<D> lanes_of(D d, M mask) {
  return hn::RebindMask(d, mask);
}
template <class D>
HWY_INLINE Lanes<D> first_lanes(D d, std::size_t count) {
  return hn::FirstN(d, count);
}
template <class D>
HWY_INLINE Lanes<D> without(D, Lanes<D> a, Lanes<D> b) {
  return hn::AndNot(b, a);
}
template <class D>
HWY_INLINE std::size_t count_of(D d, Lanes<D> lanes) {
  return hn::CountTrue(d, lanes);
}
template <class D>
HWY_INLINE hn::VFromD<D> packed(D, hn::VFromD<D> rows, Lanes<D> lanes) {
  return hn::Compress(rows, lanes);
}

#else

template <class D>
using Lanes = std::uint32_t;  // bits

template <class D, class M>
HWY_INLINE Lanes<D> lanes_of(D, M mask) {
  std::uint8_t bits[8] = {};
  hn::StoreMaskBits(hn::FixedTag<Rank, 8>(), mask, bits);
  return bits[0];
}
template <class D>
HWY_INLINE Lanes<D> first_lanes(D, std::size_t count) {
  return (1u << count) - 1;
}
template <class D>
HWY_INLINE Lanes<D> without(D, Lanes<D> a, Lanes<D> b) {
  return a & ~b;
}
template <class D>
HWY_INLINE std::size_t count_of(D, Lanes<D> lanes) {
  return static_cast<std::size_t>(std::popcount(lanes));
}

// By the bits of eight rows, the bytes of those that are set.
struct PackTable {
  constexpr PackTable() : bytes() {
    for (std::uint32_t bits = 0; bits < 256; ++bits) {
      std::uint32_t at = 0;
      for (std::uint32_t lane = 0; lane < 8; ++lane) {
        if ((bits >> lane & 1) == 0) continue;
        bytes[bits][at++] = static_cast<std::uint8_t>(2 * lane);
        bytes[bits][at++] = static_cast<std::uint8_t>(2 * lane + 1);
      }
    }
  }
  alignas(16) std::uint8_t bytes[256][16];
};
constexpr PackTable kPackTable;

// hn::Compress() of Highway 1.0 copies its table to the stack whenever it is called.
template <class D>
HWY_INLINE hn::VFromD<D> packed(D d, hn::VFromD<D> rows, Lanes<D> lanes) {
  const auto bytes = hn::Load(hn::FixedTag<std::uint8_t, 16>(), kPackTable.bytes[lanes]);
  return hn::TableLookupBytes(rows, hn::BitCast(d, bytes));
}

#endif

// Deals out as many rows as there are lanes.
template <class D>
HWY_INLINE void deal(D d, hn::VFromD<D> rows, Lanes<D> right, Dealt& to) {
  constexpr std::size_t kCount = hn::MaxLanes(D());
  const std::size_t rights = count_of(d, right);
  hn::StoreU(packed(d, rows, without(d, first_lanes(d, kCount), right)), d, to.left);
  hn::StoreU(packed(d, rows, right), d, to.right);
  to.left += kCount - rights;
  to.right += rights;
}

template <class D>
HWY_INLINE Lanes<D> right_lanes(D d, const RowIndex* rows, const Rank* column, Rank threshold) {
  constexpr std::size_t kCount = hn::MaxLanes(D());
  return lanes_of(d, hn::Gt(ranks_of<kCount>(rows, column), hn::Set(hn::FixedTag<Rank, kCount>(), threshold)));
}

template <std::size_t kCount>
HWY_INLINE void deal_next(const RowIndex* from, const Rank* column, Rank threshold, Dealt& to) {
  const hn::FixedTag<RowIndex, kCount> d;
  const auto rows = hn::LoadU(d, from);
  deal(d, rows, right_lanes(d, from, column, threshold), to);
}

// The last rows, fewer than eight: nothing behind them changes.
HWY_INLINE void deal_last(const RowIndex* from, const Rank* column, Rank threshold, std::size_t count, Dealt& to) {
  const hn::FixedTag<RowIndex, 8> d;
  // What lies behind them may be no row of the block.
  const auto rows = hn::IfThenElseZero(hn::FirstN(d, count), hn::LoadU(d, from));
  HWY_ALIGN RowIndex safe[8];
  hn::Store(rows, d, safe);
  const auto valid = first_lanes(d, count);
  const auto left = without(d, valid, right_lanes(d, safe, column, threshold));
  const auto right = without(d, valid, left);
  const std::size_t rights = count_of(d, right);
  hn::BlendedStore(packed(d, rows, left), hn::FirstN(d, count - rights), d, to.left);
  hn::BlendedStore(packed(d, rows, right), hn::FirstN(d, rights), d, to.right);
  to.left += count - rights;
  to.right += rights;
}

// The number of rows that go left.
HWY_INLINE std::uint32_t split(const Rows& node, const Rank* column, Rank threshold) {
  Dealt to{node.room, node.rows};
  std::size_t i = 0;
  for (; i + kLanes <= node.count; i += kLanes) deal_next<kLanes>(node.rows + i, column, threshold, to);
  if constexpr (kLanes > 8) {
    if (i + 8 <= node.count) {
      deal_next<8>(node.rows + i, column, threshold, to);
      i += 8;
    }
  }
  if (i < node.count) deal_last(node.rows + i, column, threshold, node.count - i, to);
  return static_cast<std::uint32_t>(to.left - node.room);
}

// The same for the rows 0, 1, 2, ... of a whole block, which are groups of kGroup.
HWY_INLINE std::uint32_t split_all(const Rows& node, const Rank* column, Rank threshold) {
  const hn::FixedTag<RowIndex, kLanes> d;
  const hn::FixedTag<Rank, kLanes> di;
  Dealt to{node.room, node.rows};
  auto rows = hn::Iota(d, 0);
  for (std::size_t i = 0; i < node.count; i += kLanes) {
    deal(d, rows, lanes_of(d, hn::Gt(hn::LoadU(di, column + i), hn::Set(di, threshold))), to);
    rows = hn::Add(rows, hn::Set(d, kLanes));
  }
  return static_cast<std::uint32_t>(to.left - node.room);
}

template <typename GoesRight>
HWY_INLINE std::uint32_t split_by(const Rows& node, GoesRight goes_right) {
  Dealt to{node.room, node.rows};
  for (std::size_t i = 0; i < node.count; ++i) {
    const RowIndex row = node.rows[i];
    const std::size_t right = goes_right(row) ? 1 : 0;
    *to.left = row;
    *to.right = row;
    to.left += 1 - right;
    to.right += right;
  }
  return static_cast<std::uint32_t>(to.left - node.room);
}

// What a leaf does to the sums of the rows that reach it.
class SumOutput {
 public:
  SumOutput(const KernelJob& job, const double* leaves, std::uint32_t tree)
      : leaves_(leaves), sums_(job.sums + (tree - job.begin) % job.outputs * job.stride) {}
  HWY_INLINE void add(std::uint32_t leaf, const RowIndex* rows, std::size_t count) const {
    const double value = leaves_[leaf];
    for (std::size_t i = 0; i < count; ++i) sums_[rows[i]] += value;
  }

 private:
  const double* leaves_;
  double* sums_;
};

class VoteOutput {
 public:
  VoteOutput(const KernelJob& job, const double* leaves, std::uint32_t) : job_(job), leaves_(leaves) {}
  HWY_INLINE void add(std::uint32_t leaf, const RowIndex* rows, std::size_t count) const {
    double* votes = job_.sums + static_cast<std::size_t>(leaves_[leaf]) * job_.stride;
    for (std::size_t i = 0; i < count; ++i) votes[rows[i]] += 1.0;
  }

 private:
  const KernelJob& job_;
  const double* leaves_;
};

class VectorOutput {
 public:
  VectorOutput(const KernelJob& job, const double* leaves, std::uint32_t) : job_(job), leaves_(leaves) {}
  // A zero is not added: no sum that started from +0 is ever -0, so it would change no bit. Most leaves of a classifier hold one
  // class only.
  HWY_INLINE void add(std::uint32_t leaf, const RowIndex* rows, std::size_t count) const {
    const std::size_t width = job_.width;
    const double* vector = job_.vectors + static_cast<std::size_t>(leaves_[leaf]) * width;
    for (std::size_t k = 0; k < width; ++k) {
      const double value = vector[k];
      if (value == 0) continue;
      double* sums = job_.sums + k;
      for (std::size_t i = 0; i < count; ++i) sums[rows[i] * width] += value;
    }
  }

 private:
  const KernelJob& job_;
  const double* leaves_;
};

template <bool kMissing, bool kCategories, typename Output>
class Partition {
 public:
  Partition(const DeepLayout& layout, const KernelJob& job)
      : layout_(layout), job_(job), count_(job.groups * kGroup), rows_(count_ + kPadding), room_(count_ + kPadding) {}

  void run(std::uint32_t tree) {
    const DeepNode* nodes = layout_.nodes.data() + layout_.roots[tree];
    const double* leaves = layout_.leaves.data() + layout_.roots[tree];
    const Walk walk(layout_, tree, job_.slot_pitch);
    const Output output(job_, leaves, tree);
    Pending at{{rows_.data(), room_.data(), static_cast<std::uint32_t>(count_)}, 0};
    bool is_root = true;
    for (;;) {
      const DeepNode node = nodes[at.node];
      prefetch(nodes + at.node, leaves + at.node);
      if (node.first_child == at.node) {
        if (is_root) number_rows();
        output.add(at.node, at.rows.rows, at.rows.count);
      } else if (at.rows.count <= kFewRows) {
        finish(walk, at.node, at.rows, output);
      } else {
        const Rank* column = job_.ranks + (node.slot & 0x7FFF) * job_.slot_pitch;
        std::uint32_t lefts = 0;
        const bool is_categorical = kCategories && (node.slot & DeepNode::kCategorical) != 0;
        const std::uint8_t* routes = nullptr;
        if (is_categorical) {
          if (is_root) number_rows();
          routes = layout_.routes.data() + layout_.routes_begin[tree] +
                   std::size_t{plain_rank(node.threshold)} * layout_.stride;
          lefts = split_by(at.rows, [=](RowIndex row) { return routes[plain_rank(column[row])] > 0; });
        } else {
          lefts = is_root ? split_all(at.rows, column, node.threshold) : split(at.rows, column, node.threshold);
        }
        is_root = false;
        const std::uint32_t count = at.rows.count;
        const std::uint32_t rights = count - lefts;
        const Rows left{at.rows.room, at.rows.rows + rights, lefts};
        Rows right{at.rows.rows, at.rows.room + lefts, rights};
        if constexpr (kMissing) {
          const std::uint32_t present =
              is_categorical ? split_by(right, [=](RowIndex row) { return routes[plain_rank(column[row])] > 1; })
                             : split(right, column, stored_rank(kMissingRank - 1));
          const std::uint32_t missing = rights - present;
          if (missing > 0) pending_.push_back({{right.rows, right.room + present, missing}, node.first_child + 2});
          right = {right.room, right.rows + missing, present};
        }
        if (lefts > 0) {
          if (right.count > 0) pending_.push_back({right, node.first_child + 1});
          at = {left, node.first_child};
          continue;
        }
        if (right.count > 0) {
          at = {right, node.first_child + 1};
          continue;
        }
      }
      if (pending_.empty()) return;
      at = pending_.back();
      pending_.pop_back();
    }
  }

 private:
  using Walk = DeepWalk<kMissing, kCategories>;
  // A node whose rows wait. At most as many wait as there are rows.
  struct Pending {
    Rows rows;
    std::uint32_t node;
  };
  static constexpr std::size_t kPadding = 16;  // vectors are read whole

  void number_rows() {
    for (std::size_t row = 0; row < count_; ++row) rows_[row] = static_cast<RowIndex>(row);
  }

  // Nodes are met nearly in the order they lie in, over the ends of trees.
  static HWY_INLINE void prefetch(const DeepNode* node, const double* leaf) {
    constexpr std::uintptr_t kAhead = 1024;
    __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(node) + kAhead));
    __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(leaf) + kAhead));
  }

  void finish(const Walk& walk, std::uint32_t node, const Rows& rows, const Output& output) const {
    for (std::size_t first = 0; first < rows.count; first += Walk::kRows) {
      const std::size_t few = std::min(rows.count - first, Walk::kRows);
      typename Walk::Rows ranks;
      typename Walk::Positions at;
      at.fill(node);
      for (std::size_t i = 0; i < Walk::kRows; ++i) ranks[i] = job_.ranks + rows.rows[first + (i < few ? i : 0)];
      walk.run(ranks, at);
      for (std::size_t i = 0; i < few; ++i) output.add(at[i], rows.rows + first + i, 1);
    }
  }

  const DeepLayout& layout_;
  const KernelJob& job_;
  std::size_t count_;
  std::vector<RowIndex> rows_;
  std::vector<RowIndex> room_;
  std::vector<Pending> pending_;
};

template <bool kMissing, bool kCategories, typename Output>
void run_with(const DeepLayout& layout, const KernelJob& job) {
  Partition<kMissing, kCategories, Output> partition(layout, job);
  for (std::uint32_t tree = job.begin; tree < job.end; ++tree) partition.run(tree);
}

template <bool kMissing, bool kCategories>
void run_as(const DeepLayout& layout, const KernelJob& job) {
  if (job.vectors != nullptr) return run_with<kMissing, kCategories, VectorOutput>(layout, job);
  if (job.votes) return run_with<kMissing, kCategories, VoteOutput>(layout, job);
  run_with<kMissing, kCategories, SumOutput>(layout, job);
}

void run(const DeepLayout& layout, const KernelJob& job) {
  // A table of categories may name the missing child for a level.
  const bool missing = layout.has_missing_children && (job.has_missing || layout.has_categories);
  if (missing) return layout.has_categories ? run_as<true, true>(layout, job) : run_as<true, false>(layout, job);
  return layout.has_categories ? run_as<false, true>(layout, job) : run_as<false, false>(layout, job);
}

#endif
}  // namespace scoria::model::tree::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace scoria::model::tree {

void run_partition(const DeepLayout& layout, const KernelJob& job, Simd simd) {
  simd == Simd::avx512 ? N_AVX3::run(layout, job) : N_AVX2::run(layout, job);
}

}  // namespace scoria::model::tree
#endif
