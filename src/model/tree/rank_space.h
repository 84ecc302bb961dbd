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
// Kernels number slots in 15 bits, and the ranks of a block of rows stay below 32 MiB.
inline constexpr std::size_t kMaxSlots = 32'766;

class RankSpace {
 public:
  // Where missing values of an ensemble with missing sides are ranked: with the numbers that go right at every cut, which serves
  // rows without any; or so that they go where each split says.
  enum class Missing : std::uint8_t { all_right, by_side };

  // nullopt where a feature has more levels than 16 bits tell apart, or there are more than kMaxSlots slots: then only the plain
  // walk serves.
  static std::optional<RankSpace> build(const Ensemble& ensemble, Missing missing = Missing::all_right);

  // Features that some tree splits on have a slot; one with more than kMaxCuts cuts has one for each kMaxCuts of them, and by_side
  // one whose splits send missing values to either side has slots for both. slots() is also the number of a slot that is always 0.
  std::size_t slots() const { return slots_.size(); }
  std::uint32_t feature(std::size_t slot) const { return slots_[slot].feature; }
  std::uint32_t levels(std::size_t slot) const { return slots_[slot].levels; }

  // Where a split of the ensemble is found: rank > position is "not left". The position of a categorical split is 0.
  struct Cut {
    std::uint32_t slot;
    std::uint32_t position;
  };
  Cut cut(const Node& split) const;

  // Ranks of rows [begin, begin + rows) as out[slot * pitch + lane], and the zero slot; lanes from `rows` on are zero.
  // rows <= kGroup; out has group_size() elements. Returns whether a number is missing in one of the rows: NA; with missing
  // sides NaN too.
  bool rank_group(const FeatureMatrix& x, std::size_t begin, std::size_t rows, Simd simd, Rank* out,
                  std::size_t pitch = kGroup) const;
  std::size_t group_size() const { return (slots() + 1) * kGroup; }

 private:
  struct Slot {
    std::uint32_t feature = 0;
    std::uint32_t levels = 0;      // 0 for a number
    bool is_missing_left = false;  // missing values are left of every cut
    std::vector<double> cuts;
  };
  // The slots of a feature and side: [begin, end).
  struct Range {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };

  std::size_t side(const Node& split) const {
    return by_side_ && !split.is_categorical() && split.is_missing_left() ? 1 : 0;
  }
  bool is_missing(double x) const;
  void rank_levels(const Slot& slot, const double* column, std::size_t rows, Rank* ranks) const;

  Comparison comparison_ = Comparison::less;
  bool has_sides_ = false;
  bool by_side_ = false;
  std::vector<Slot> slots_;
  std::vector<Range> ranges_;  // by feature and side
};

// Ranks of kGroup numbers by a branch-free binary search, several at a time. `cuts` is not empty.
using RankSearch = void (*)(std::span<const double> cuts, Comparison comparison, const double* values, Rank* out);
RankSearch rank_search(Simd simd);  // rank_search.cc

}  // namespace scoria::model::tree
