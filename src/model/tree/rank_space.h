// Numbers as their ranks among a model's own thresholds: exact, and four times smaller than the numbers.
//
// With the distinct thresholds of a feature sorted as t_0 < t_1 < ..., the rank of x counts the thresholds that x is not
// left of. Then "x goes left at t_k" is "rank <= k" for every x, NaN included, so trees may be walked on 16-bit integers.
// A categorical feature's rank is its level. Method: the quantised thresholds of RapidScorer (Ye et al., KDD 2018).
//
// Threads: immutable after build().
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/features.h"
#include "model/tree/ensemble.h"
#include "model/tree/simd.h"

namespace scoria::model::tree {

// Rows are ranked and scored in groups: enough of them that a kernel's instructions need not wait for each other, few enough
// that the ranks of all features stay in the nearest cache.
inline constexpr std::size_t kGroup = 128;

// Ranks are stored with their highest bit flipped, since processors compare signed 16-bit numbers best.
using Rank = std::int16_t;
constexpr Rank stored_rank(std::uint32_t rank) { return static_cast<Rank>(static_cast<std::uint16_t>(rank ^ 0x8000u)); }
constexpr std::uint32_t plain_rank(Rank rank) { return static_cast<std::uint16_t>(rank) ^ 0x8000u; }

// A missing number. Thresholds end below it, so that "rank > kMissingRank - 1" asks for a missing value.
inline constexpr std::uint32_t kMissingRank = 65535;
inline constexpr std::size_t kMaxCuts = 65533;

class RankSpace {
 public:
  // nullopt where a feature has more cuts or levels than 16 bits tell apart: then only the plain walk serves.
  static std::optional<RankSpace> build(const Ensemble& ensemble);

  // Features that some tree splits on have a slot; slots() is also the number of a slot that is always zero.
  std::size_t slots() const { return features_.size(); }
  std::uint32_t slot(std::uint32_t feature) const { return slot_of_feature_[feature]; }
  std::uint32_t feature(std::size_t slot) const { return features_[slot]; }

  // Position of a threshold among its feature's cuts. Precondition: the ensemble has it.
  std::uint32_t cut_position(std::uint32_t feature, double threshold) const;

  // Ranks of rows [begin, begin + rows) as out[slot * kGroup + lane], and the zero slot; lanes from `rows` on are zero.
  // rows <= kGroup; out has group_size() elements. Returns whether a number is missing (NA) in one of the rows.
  bool rank_group(const FeatureMatrix& x, std::size_t begin, std::size_t rows, Simd simd, Rank* out) const;
  std::size_t group_size() const { return (slots() + 1) * kGroup; }

 private:
  Comparison comparison_ = Comparison::less;
  std::vector<std::uint32_t> features_;
  std::vector<std::uint32_t> slot_of_feature_;
  std::vector<std::uint32_t> levels_;      // by slot; 0 for a number
  std::vector<std::vector<double>> cuts_;  // by slot
};

// Ranks of kGroup numbers by a branch-free binary search, several at a time. `cuts` is not empty.
using RankSearch = void (*)(std::span<const double> cuts, Comparison comparison, const double* values, Rank* out);
RankSearch rank_search(Simd simd);  // rank_search.cc

}  // namespace scoria::model::tree
