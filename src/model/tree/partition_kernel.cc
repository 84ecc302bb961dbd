// run_partition() of deep_layout.h, compiled once per vector target.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

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

#if 1
const std::size_t kFewRows = std::getenv("FEW") ? std::strtoul(std::getenv("FEW"), nullptr, 10) : 8;
#else
constexpr std::size_t kFewRows = 8;
#endif

// Without a mask register a mask comes from a table of 256 entries, eight lanes each.
constexpr std::size_t kLanes = HWY_TARGET == HWY_AVX3 ? 16 : 8;

// Rows of one node: `count` of them at `rows`, and as much room elsewhere. Nodes that wait share neither.
struct Rows {
  RowIndex* rows;
  RowIndex* room;
  std::uint32_t count;
};

// Deals rows out to two children: those of the left one move to the room, those of the right one stay.
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

// Splits the next kCount rows, or with kPart the first `live` of them.
template <std::size_t kCount, bool kPart>
HWY_INLINE void deal(const RowIndex* from, const Rank* column, Rank threshold, std::size_t live, Dealt& to) {
  const hn::FixedTag<RowIndex, kCount> d;
  const hn::FixedTag<Rank, kCount> di;
  const auto rows = hn::LoadU(d, from);
  const auto ranks = ranks_of<kCount>(from, column);
  auto right = hn::RebindMask(d, hn::Gt(ranks, hn::Set(di, threshold)));
  auto left = hn::Not(right);
  if constexpr (kPart) {
    const auto valid = hn::FirstN(d, live);
    left = hn::And(left, valid);
    right = hn::And(right, valid);
    const std::size_t lefts = hn::CountTrue(d, left);
    hn::BlendedStore(hn::Compress(rows, left), hn::FirstN(d, lefts), d, to.left);
    hn::BlendedStore(hn::Compress(rows, right), hn::FirstN(d, live - lefts), d, to.right);
    to.left += lefts;
    to.right += live - lefts;
  } else {
    const std::size_t rights = hn::CountTrue(d, right);
    hn::StoreU(hn::Compress(rows, left), d, to.left);
    hn::StoreU(hn::Compress(rows, right), d, to.right);
    to.left += kCount - rights;
    to.right += rights;
  }
}

// The number of rows that go left.
HWY_INLINE std::uint32_t split(const Rows& node, const Rank* column, Rank threshold) {
  Dealt to{node.room, node.rows};
  std::size_t i = 0;
  for (; i + kLanes <= node.count; i += kLanes) deal<kLanes, false>(node.rows + i, column, threshold, kLanes, to);
  if constexpr (kLanes > 8) {
    if (i + 8 <= node.count) {
      deal<8, false>(node.rows + i, column, threshold, 8, to);
      i += 8;
    }
  }
  if (i < node.count) deal<8, true>(node.rows + i, column, threshold, node.count - i, to);
  return static_cast<std::uint32_t>(to.left - node.room);
}

// The same for the rows 0, 1, 2, ... of a whole block, which are groups of kGroup.
HWY_INLINE std::uint32_t split_all(const Rows& node, const Rank* column, Rank threshold) {
  const hn::FixedTag<RowIndex, kLanes> d;
  const hn::FixedTag<Rank, kLanes> di;
  Dealt to{node.room, node.rows};
  auto rows = hn::Iota(d, 0);
  for (std::size_t i = 0; i < node.count; i += kLanes) {
    const auto right = hn::RebindMask(d, hn::Gt(hn::LoadU(di, column + i), hn::Set(di, threshold)));
    const std::size_t rights = hn::CountTrue(d, right);
    hn::StoreU(hn::Compress(rows, hn::Not(right)), d, to.left);
    hn::StoreU(hn::Compress(rows, right), d, to.right);
    to.left += kLanes - rights;
    to.right += rights;
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
          routes = layout_.routes.data() + layout_.routes_begin[tree] + std::size_t{plain_rank(node.threshold)} * layout_.stride;
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
