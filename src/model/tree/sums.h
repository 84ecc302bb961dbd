// Sums and votes of an ensemble over many rows, by the fastest kernel that this machine runs.
//
// A leaf's value is added to its row's sum tree by tree in model order, in double, so that a sum rounds exactly as the
// reference's does; every kernel gives the bits of Ensemble::walk. Small requests take the plain walk. Large ones rank
// their numbers among the model's own thresholds once (rank_space.h), then evaluate small trees by leaf masks
// (mask_layout.h) and partition a block's rows down the deep ones (deep_layout.h).
//
// Threads: immutable; calls may run concurrently. The layouts are made once, by the first request that gains from them.
#pragma once

#include <memory>
#include <span>

#include "base/executor.h"
#include "model/features.h"
#include "model/tree/ensemble.h"
#include "model/tree/simd.h"

namespace scoria::model::tree {

// Trees [begin, end) summed after what the previous segment summed, or from the start.
struct Segment {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool continues = false;
};

// Which kernels to use: as resolved for this processor (simd.h), and whether the caller insisted on them.
struct KernelChoice {
  Simd simd = Simd::none;
  bool by_name = false;
};

struct SumRequest {
  std::span<const Segment> segments;
  std::uint32_t outputs = 1;  // tree t of a segment adds to output (t - begin) % outputs
  double initial = 0;         // what each sum starts with
  KernelChoice kernels;
  // Each sum starts with what `out` holds for its row, not with `initial`. Precondition: one segment.
  bool starts_from_out = false;
};

// Leaves that stand for several numbers each: a leaf's value is the number of one of these.
struct LeafVectors {
  std::span<const double> numbers;  // `width` for each
  std::uint32_t width = 1;
};

// Of so many rows at once the kernels make the most: each tree comes into the nearest memory once for all of them.
constexpr std::size_t kRowsOfTrees = 16384;

class Sums {
 public:
  explicit Sums(Ensemble ensemble);
  Sums(Sums&&) noexcept;
  ~Sums();

  const Ensemble& ensemble() const { return *ensemble_; }

  // out[s * outputs + k] points at x.rows doubles: output k after segment s.
  // Preconditions: segments lie within trees(); x has features() columns.
  void sum(const FeatureMatrix& x, const SumRequest& request, std::span<double* const> out, Executor& executor) const;

  // Counts leaves by value: out[c][row] trees lead the row to a leaf of value c.
  // Precondition: ensemble().leaves_are_below(out.size()).
  void vote(const FeatureMatrix& x, KernelChoice kernels, std::span<double* const> out, Executor& executor) const;

  // out[k][row] = the k-th numbers of the vectors that the trees lead the row to, added up from 0 in the order of trees.
  // Preconditions: out.size() == vectors.width; ensemble().leaves_are_below(how many vectors there are).
  void sum_vectors(const FeatureMatrix& x, const LeafVectors& vectors, KernelChoice kernels,
                   std::span<double* const> out, Executor& executor) const;

  // The leaf, as a position in ensemble().layout(), that each tree leads each row to: out[tree][row]. By the plain walk.
  void leaves(const FeatureMatrix& x, std::span<std::uint32_t* const> out, Executor& executor) const;

 private:
  struct Layouts;
  struct Rows {
    std::size_t begin;
    std::size_t count;
  };
  // Calls body for blocks of so many rows, on several threads where that gains.
  template <typename Body>
  void over_blocks(const FeatureMatrix& x, std::size_t block_rows, Executor& executor, const Body& body) const;

  std::unique_ptr<const Ensemble> ensemble_;  // stays where it is when this moves: layouts refer to it
  std::unique_ptr<Layouts> layouts_;
};

}  // namespace scoria::model::tree
